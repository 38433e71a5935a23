// Which files hold the vector assembly of a package? The assembly, the Go functions that choose an instruction set, and their twins for
// builds without assembly.
package codegen

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/codegen/lane"
)

// The build constraints of the assembly and of its absence.
const (
	withAssembly    = "amd64 && !purego"
	withoutAssembly = "!amd64 || purego"
)

// vectorFile collects the kernels of one source file. Equal loops are one kernel.
type vectorFile struct {
	cfg     Config
	asm     *lane.File
	kernels []*lane.Kernel
	known   map[string]string // name by what it does
}

func newVectorFile(cfg Config) *vectorFile {
	return &vectorFile{cfg: cfg, asm: lane.NewFile(), known: map[string]string{}}
}

// add takes in k and returns the name of its function: an equal one's, or the one proposed.
func (f *vectorFile) add(k *lane.Kernel, name string) string {
	key := k.Key()
	if n, ok := f.known[key]; ok {
		return n
	}
	f.known[key] = name
	k.Name = name
	f.kernels = append(f.kernels, k)
	f.asm.Add(k)
	return name
}

// files returns digits_nn_amd64.go, digits_nn_amd64.s and digits_nn_noasm.go; nothing where no loop became assembly.
func (f *vectorFile) files(base string) ([]File, error) {
	if len(f.kernels) == 0 {
		return nil, nil
	}
	header := header(f.cfg)
	chosen := f.goFile(header, withAssembly, f.choose)
	absent := f.goFile(header, withoutAssembly, f.absent)
	out := []File{{Name: base + "_nn_amd64.go"}, {Name: base + "_nn_amd64.s", Data: []byte(f.asm.Assembly("// "+header, withAssembly))}, {Name: base + "_nn_noasm.go"}}
	for i, file := range []*jen.File{0: chosen, 2: absent} {
		if file == nil {
			continue
		}
		var b bytes.Buffer
		if err := file.Render(&b); err != nil {
			return nil, fmt.Errorf("codegen: generated Go does not parse: %w", err)
		}
		out[i].Data = b.Bytes()
	}
	return out, nil
}

func (f *vectorFile) goFile(header, constraint string, each func(file *jen.File, k *lane.Kernel)) *jen.File {
	file := jen.NewFile(f.cfg.Package)
	file.HeaderComment(header)
	file.HeaderComment("//go:build " + constraint)
	file.ImportAlias(runtimePath, runtimeName)
	for _, k := range f.kernels {
		each(file, k)
	}
	return file
}

// params are the parameters of the Go function: slices where the assembly takes addresses.
func params(k *lane.Kernel, slices bool) string {
	args := k.Arguments()
	if slices && k.Frame == "" {
		for i, a := range args {
			args[i] = strings.Replace(a, " *", " []", 1)
		}
	}
	return strings.Join(args, ", ")
}

// choose writes the function that picks an instruction set and the declarations of the assembly.
func (f *vectorFile) choose(file *jen.File, k *lane.Kernel) {
	var args []jen.Code
	for _, a := range k.Arguments() {
		name, typ, _ := strings.Cut(a, " ")
		if strings.HasPrefix(typ, "*") && k.Frame == "" {
			args = append(args, jen.Qual("unsafe", "SliceData").Call(jen.Id(name)))
		} else {
			args = append(args, jen.Id(name))
		}
	}
	file.Commentf("%s computes", k.Name)
	file.Comment("")
	for _, d := range k.Doc {
		file.Comment("\t" + d)
	}
	file.Comment("")
	file.Comment("in assembly, or reports false where that is turned off.")
	file.Add(raw("func %s(%s) bool", k.Name, params(k, true)).Block(
		jen.Switch(jen.Qual(runtimePath, "ActiveCPU").Call()).Block(
			jen.Case(jen.Qual(runtimePath, "AVX512")).Block(jen.Id(k.Name+"AVX512").Call(args...)),
			jen.Case(jen.Qual(runtimePath, "AVX2")).Block(jen.Id(k.Name+"AVX2").Call(args...)),
			jen.Default().Block(jen.Return(jen.False()))),
		jen.Return(jen.True())))
	for _, m := range lane.Machines {
		file.Line()
		file.Comment("//go:noescape")
		file.Add(raw("func %s%s(%s)", k.Name, m, params(k, false)))
	}
	file.Line()
}

// absent writes the twin that leaves the loop to Go.
func (f *vectorFile) absent(file *jen.File, k *lane.Kernel) {
	file.Add(raw("func %s(%s) bool { return false }", k.Name, params(k, true)))
	file.Line()
}
