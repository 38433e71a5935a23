// Where does the library come from? Text files embedded into the compiler, parsed once.
package dsl

import (
	"embed"
	"go/token"
	"io/fs"
	"sync"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

//go:embed std/*.nn
var libraryFiles embed.FS

// A library is the parsed text of std/*.nn. Nothing in it changes after parseLibrary, so that loads may run at once.
type library struct {
	files   []*file
	decls   map[string]*decl // all declarations share one scope, outside that of every file
	tokens  []*token.File
	sources diag.Sources
	list    diag.List // empty: a test sees to it
}

// libraryBase is above the position of any user's file, so that the library's files fit into every file set.
const libraryBase = 1 << 29

var theLibrary = sync.OnceValue(parseLibrary)

func parseLibrary() *library {
	fset := token.NewFileSet()
	fset.AddFile("", fset.Base(), libraryBase)
	p := &loader{fset: fset, sources: diag.Sources{}, files: map[string]*file{}, std: map[string]*decl{}, nextID: 1 << 20}
	lib := &library{decls: p.std, sources: p.sources}
	for _, name := range libraryNames() {
		f := p.add(name, p.libraryText(name), true)
		lib.files = append(lib.files, f)
		for _, d := range f.order {
			if old := p.std[d.name.Name]; old != nil {
				p.list.Errorf(declaredTwice, d.name.Pos(), d.name.End(), "%s is declared twice in the library", d.name.Name).
					Notef(old.name.Pos(), old.name.End(), "first declared here")
				continue
			}
			p.std[d.name.Name] = d
		}
	}
	for _, f := range lib.files {
		lib.tokens = append(lib.tokens, fset.File(f.syntax.Pos()))
		for _, d := range f.order {
			if fn, ok := d.node.(*syntax.FuncDecl); ok {
				d.signature()
				if fn.Kind == syntax.Layer {
					d.isStateless(p.std)
				}
			}
		}
	}
	lib.list = p.list
	return lib
}

func libraryNames() []string {
	names, err := fs.Glob(libraryFiles, "std/*.nn")
	if err != nil {
		panic("dsl: " + err.Error())
	}
	return names
}

func (p *loader) libraryText(name string) []byte {
	src, err := libraryFiles.ReadFile(name)
	if err != nil {
		panic("dsl: " + err.Error())
	}
	return src
}

// addLibrary makes the library visible to the files of p.
func (p *loader) addLibrary() {
	lib := theLibrary()
	p.std, p.library = lib.decls, lib.files
	p.fset.AddExistingFiles(lib.tokens...)
	for _, f := range lib.files {
		p.files[f.name] = f
		p.sources[f.name] = lib.sources[f.name]
	}
	p.list = append(p.list, lib.list...)
}

// Library returns the library's files by name, such as "std/layers.nn".
func Library() map[string][]byte {
	out := map[string][]byte{}
	for _, f := range theLibrary().files {
		out[f.name] = theLibrary().sources[f.name]
	}
	return out
}
