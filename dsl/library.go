// Where does the library come from? Text files embedded into the compiler.
package dsl

import (
	"embed"
	"io/fs"
)

//go:embed std/*.nn
var libraryFiles embed.FS

// loadLibrary parses the library. Its declarations share one scope, outside that of every file.
func (p *loader) loadLibrary() {
	p.std = map[string]*decl{}
	names, err := fs.Glob(libraryFiles, "std/*.nn")
	if err != nil {
		panic("dsl: " + err.Error())
	}
	for _, name := range names {
		src, err := libraryFiles.ReadFile(name)
		if err != nil {
			panic("dsl: " + err.Error())
		}
		f := p.add(name, src, true)
		p.library = append(p.library, f)
		for _, d := range f.order {
			if old := p.std[d.name.Name]; old != nil {
				p.list.Errorf(declaredTwice, d.name.Pos(), d.name.End(), "%s is declared twice in the library", d.name.Name).
					Notef(old.name.Pos(), old.name.End(), "first declared here")
				continue
			}
			p.std[d.name.Name] = d
		}
	}
}

// Library returns the library's files by name, such as "std/layers.nn".
func Library() map[string][]byte {
	out := map[string][]byte{}
	names, err := fs.Glob(libraryFiles, "std/*.nn")
	if err != nil {
		panic("dsl: " + err.Error())
	}
	for _, name := range names {
		src, err := libraryFiles.ReadFile(name)
		if err != nil {
			panic("dsl: " + err.Error())
		}
		out[name] = src
	}
	return out
}
