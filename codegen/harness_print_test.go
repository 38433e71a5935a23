// How does generated code of tests run? Plans are printed as Generate does it, joined with glue to one program, built in an overlay and
// run on a file of arguments.
package codegen

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// plan plans the case and the Funcs that it calls.
func (c *funcCase) plan(name string) (all []*Plan, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	all, err = plans(c, name)
	if err == nil && !c.blocks {
		smallBlocks(all)
	}
	return all, err
}

// plans returns the plan of a case, then those of the Funcs that it calls.
func plans(c *funcCase, name string) ([]*Plan, error) {
	f, dt := c.f, c.dt
	kept := map[*symbolic.Func]*Plan{}
	names := newNamer()
	var order []*Plan
	var callee func(f *symbolic.Func) (*Plan, error)
	callee = func(f *symbolic.Func) (*Plan, error) {
		if p := kept[f]; p != nil {
			return p, nil
		}
		p, err := newPlan(legalise(f), names.pick(name+camel(f.Name)), env{float: dt, callee: callee})
		if err != nil {
			return nil, err
		}
		kept[f] = p
		order = append(order, p)
		return p, nil
	}
	if c.algebra {
		f = optimised(f)
	} else {
		f = legalise(f)
	}
	member := map[*symbolic.Node]Member{}
	for _, a := range c.arrays {
		family := &Family{Name: a.name, Count: len(a.params) + len(a.results), Stride: a.stride}
		for i, n := range a.params {
			if n != nil {
				member[n] = Member{family, i}
			}
		}
		for i, r := range a.results {
			member[f.Results[r].Node] = Member{family, i}
		}
	}
	array := map[*symbolic.Node]bool{}
	for _, r := range c.saved {
		array[f.Results[r].Node] = true
	}
	for i, r := range f.Results {
		if _, shares := c.inPlace[i]; c.private && !shares && r.Node.Op != symbolic.OpGet {
			array[r.Node] = true
		}
	}
	for r, a := range c.inPlace {
		f.Results[r].Name = f.Params[a].Attr.Name
	}
	p, err := newPlan(f, name, env{float: dt, member: member, array: array, callee: callee})
	if err != nil {
		return nil, err
	}
	if len(c.inPlace) > 0 {
		p.inPlace()
	}
	return append([]*Plan{p}, order...), nil
}

// smallBlocks cuts every row region into blocks of 16 rows, however little work they are, so that small tests have many tasks.
func smallBlocks(all []*Plan) {
	for _, p := range all {
		for _, st := range p.Steps {
			if r, ok := st.(*Region); ok && !r.Tiles {
				r.Block = 16
			}
		}
	}
}

// frames prints plans as files of package main: one of Go, and those of its vector assembly.
func frames(all []*Plan, name string) (files map[string]string, err error) {
	vectors := newVectorFile(Config{Package: "main", Source: name + ".nn"})
	text, err := frameText(all, vectors)
	if err != nil {
		return nil, err
	}
	files = map[string]string{name + ".go": text}
	more, err := vectors.files(name)
	if err != nil {
		return nil, err
	}
	return withFiles(files, more), nil
}

// frameText prints plans as Go of package main, and their kernels to vectors.
func frameText(all []*Plan, vectors *vectorFile) (text string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	file := jen.NewFile("main")
	file.ImportAlias(runtimePath, runtimeName)
	for _, p := range all {
		e := &frameEmitter{p: p, file: file, where: func(*symbolic.Node) string { return "" }, vectors: vectors}
		e.frame()
	}
	var b bytes.Buffer
	if err := file.Render(&b); err != nil {
		return "", err
	}
	return b.String(), nil
}

// glue returns the function that runs a case's frame on a session.
func (c *funcCase) glue(i int, p *Plan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("package main\n\nimport nnrt %q\n", runtimePath)
	line("func run%d(s *session) {", i)
	line("f := new(%s)", p.Name)
	caps := ""
	for j := range p.Func.Syms {
		caps += fmt.Sprintf("s.cap(%d), ", j)
	}
	line("nnrt.Overlay(func(a *nnrt.Arena[%s]) { f.init(s.pool, %sa) })", goTypes[c.dt], caps)
	for _, k := range p.Keys {
		line("nnrt.SetKeys(f.key[%d:%d], %d, %q)", k.First, k.First+k.Count, testSeed, k.Site)
	}
	line("for s.next() {")
	for j, s := range p.Func.Syms {
		line("f.%s = s.size(%d)", symField(s), j)
	}
	inPlace := map[int]bool{}
	for _, a := range c.inPlace {
		inPlace[a] = true
	}
	known := map[*Value]bool{}
	for j, x := range p.Func.Params {
		v := p.value[x]
		source := fmt.Sprintf("tensor[%s](s, %t)", goTypes[x.DType], !inPlace[j])
		switch {
		case x.Rank() == 0 && x.DType == symbolic.Bool:
			source = "truth(s)"
		case x.Rank() == 0:
			source = fmt.Sprintf("number[%s](s)", goTypes[x.DType])
		case x.DType == symbolic.Bool:
			source = "truths(s)"
		}
		if v.Base == nil {
			line("f.%s = %s", v.Name, source)
			continue
		}
		if !known[v.Base] {
			known[v.Base] = true
			line("f.%s = make([]%s, %s)", v.Name, goTypes[x.DType], arraySize(v.Base))
		}
		line("copy(f.%s[%s:], %s)", v.Name, memberOffset(v), source)
	}
	for j, r := range p.Func.Results {
		v := p.resultOf(r.Node)
		a, shared := c.inPlace[j]
		switch {
		case shared:
			line("f.%s = f.%s", v.Name, p.value[p.Func.Params[a]].Name)
			line("skip(s)")
		case r.Node.Rank() == 0:
			line("skip(s)")
		case v.Base != nil:
			line("skip(s)")
			if !known[v.Base] {
				known[v.Base] = true
				line("f.%s = make([]%s, %s)", v.Name, goTypes[r.Node.DType], arraySize(v.Base))
			}
		case r.Node.DType == symbolic.Bool:
			line("f.%s = freshTruths(s)", v.Name)
		default:
			line("f.%s = fresh[%s](s)", v.Name, goTypes[r.Node.DType])
		}
	}
	line("f.run()")
	for _, r := range p.Func.Results {
		v := p.resultOf(r.Node)
		put, x := "put", "f."+v.Name
		if r.Node.DType == symbolic.Bool {
			put = "putTruths"
		}
		switch {
		case r.Node.Rank() == 0:
			x = fmt.Sprintf("[]%s{%s}", goTypes[r.Node.DType], x)
		case v.Base != nil:
			x = fmt.Sprintf("%s[%s:][:%s]", x, memberOffset(v), frameSize(symbolic.Size(v.Shape)))
		}
		line("%s(s, %s)", put, x)
	}
	line("s.done()\n}\n}")
	return b.String()
}

// show writes the generated code of a failed case to the folder named by NNGEN_SHOW.
func (c *funcCase) show(t *testing.T) {
	dir := os.Getenv("NNGEN_SHOW")
	if dir == "" {
		return
	}
	t.Cleanup(func() {
		if t.Failed() {
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// print writes the Go files of all cases, and one file of assembly for all of them, which takes a fraction of the time to assemble.
func (p *program) print(t *testing.T) (files map[string]string) {
	t.Helper()
	vectors := newVectorFile(Config{Package: "main", Source: "cases.nn"})
	files = map[string]string{}
	table := "package main\n\nvar frames = []func(*session){\n"
	for i, c := range p.cases {
		if c.err == "" {
			text, err := frameText(c.plans, vectors)
			if err != nil {
				c.err = "print: " + err.Error() + "\n" + c.plans[0].String()
			}
			c.files = map[string]string{fmt.Sprintf("case%d.go", i): text, fmt.Sprintf("glue%d.go", i): c.glue(i, c.plans[0])}
		}
		if c.err != "" {
			table += "nil,\n"
			continue
		}
		table += fmt.Sprintf("run%d,\n", i)
		for name, text := range c.files {
			files[name] = text
		}
	}
	files["table.go"] = table + "}\n"
	more, err := vectors.files("cases")
	if err != nil {
		t.Fatal(err)
	}
	return withFiles(files, more)
}

var inCase = regexp.MustCompile(`(?:case|glue)(\d+)\.go:(\d+)`)

// build compiles all cases. Cases that do not compile get the compiler's messages, and the others are built without them.
func (p *program) build(t *testing.T) string {
	t.Helper()
	for {
		p.files = p.print(t)
		exe, out := goBuild(t, p.files, "build")
		if exe != "" {
			return exe
		}
		known := false
		for _, line := range strings.Split(out, "\n") {
			m := inCase.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			known = true
			var i, n int
			fmt.Sscan(m[1], &i)
			fmt.Sscan(m[2], &n)
			name := m[0][:strings.Index(m[0], ":")]
			if strings.Count(p.cases[i].err, "\n") > 6 {
				continue
			}
			p.cases[i].err += line + "\n\t" + strings.Split(p.cases[i].files[name], "\n")[n-1] + "\n"
		}
		if !known {
			t.Fatalf("go build: %s", out)
		}
	}
}

// withFiles adds generated files to those of a program.
func withFiles(program map[string]string, files []File) map[string]string {
	for _, f := range files {
		program[f.Name] = string(f.Data)
	}
	return program
}

// goBuild runs a go command on the driver of testdata/bench and more files, which exist in an overlay only and may take a file's place. It
// returns the program, or what the command said.
func goBuild(t *testing.T, files map[string]string, command string, flags ...string) (exe, message string) {
	t.Helper()
	dir := t.TempDir()
	pkg, err := filepath.Abs("testdata/bench")
	if err != nil {
		t.Fatal(err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(pkg, name)] = path
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	overlayFile, exe := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program.exe")
	if err := os.WriteFile(overlayFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{command, "-overlay", overlayFile, "-tags=" + exactTag}, flags...)
	if command == "build" {
		args = append(args, "-gcflags=-e", "-o", exe)
	}
	out, err := exec.Command("go", append(args, "./testdata/bench")...).CombinedOutput()
	if err != nil {
		return "", string(out) + err.Error()
	}
	return exe, string(out)
}

// A host is what a program is run on: a number of processors, and a level of vector instructions, the best there is where it is empty.
type host struct {
	procs int
	cpu   string
}

// hosts are what every program runs on. The first three give the same bits.
var hosts = []host{{1, ""}, {2, ""}, {2, "avx2"}, {1, "portable"}}

func (h host) String() string {
	return strings.TrimSpace(fmt.Sprintf("%d processors %s", h.procs, h.cpu))
}

// env is the environment that makes a program see h.
func (h host) env() []string {
	return append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", h.procs), "NNGEN_CPU="+h.cpu)
}

// runJobs runs the program on a host.
func runJobs(t *testing.T, exe string, jobs []job, h host) []answer {
	t.Helper()
	dir := t.TempDir()
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(jobs); err != nil {
		t.Fatal(err)
	}
	inFile, outFile := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(inFile, in.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, inFile, outFile)
	cmd.Env = h.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := os.Open(outFile)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var answers []answer
	if err := gob.NewDecoder(out).Decode(&answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// frameSize is a size as the glue spells it.
func frameSize(d symbolic.Dim) string {
	return sizeExpr(d, func(s *symbolic.Sym) string { return "f." + symField(s) })
}

func memberStride(v *Value) string {
	if v.Family != nil && v.Family.Stride > 0 {
		return fmt.Sprint(v.Family.Stride)
	}
	return "(" + frameSize(symbolic.Size(v.Shape)) + ")"
}

// memberOffset is where a member of an array starts.
func memberOffset(v *Value) string { return fmt.Sprintf("%d*%s", v.Index, memberStride(v)) }

// arraySize is the length of an array.
func arraySize(base *Value) string { return fmt.Sprintf("%d*%s", base.Count, memberStride(base)) }
