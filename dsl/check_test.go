package dsl

import (
	"fmt"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// check loads a source that must be right and returns its models.
func check(t *testing.T, opts Options, src string) []*Model {
	t.Helper()
	pkg, list := Load(opts, "in.nn", []byte(src))
	if list.HasErrors() {
		t.Fatalf("%s\n%s", src, render(t, pkg, list))
	}
	return pkg.Models
}

// TestLibraryResolves reads every body of the library as it reads a user's: nothing undefined, nothing unused.
func TestLibraryResolves(t *testing.T) {
	p, _ := newLoader(Options{}, "in.nn", []byte("const n = 1\n"))
	for _, f := range p.library {
		for _, d := range f.order {
			p.resolveDecl(f, d)
		}
	}
	if len(p.list) > 0 {
		t.Error(render(t, &Package{Fset: p.fset, Sources: p.sources}, p.list))
	}
}

// TestLibraryIsFormattedAndDocumented checks the form of the library's text.
func TestLibraryIsFormattedAndDocumented(t *testing.T) {
	p, _ := newLoader(Options{}, "in.nn", []byte("const n = 1\n"))
	for name, src := range Library() {
		if formatted, _ := syntax.Format(token.NewFileSet(), name, src); string(formatted) != string(src) {
			t.Errorf("%s is not formatted", name)
		}
	}
	for _, f := range p.library {
		for _, d := range f.order {
			if p.doc(f, d.node) == "" && !strings.Contains(d.name.Name, "_") {
				t.Errorf("%s: %s has no comment", f.name, d.name.Name)
			}
		}
	}
}

// TestEqualLayersAreOneFunc checks that a model with many equal layers has as many Funcs as one with few.
func TestEqualLayersAreOneFunc(t *testing.T) {
	funcs := func(depth int) int {
		m := check(t, Options{Define: map[string]string{"depth": fmt.Sprint(depth)}}, `
layer block(x [...s, n]) [...s, n] { return x + dense(relu(layer_norm(x) as ln), n) }
model M {
    const depth = 2
    input x [batch, 8]
    for i in 0..depth { x2 := x }
    h := x
    for i in 0..depth { h = block(h) as blk[i] }
    output p = h
}`)[0]
		if want := 4*depth + 0; len(m.Params) != want {
			t.Errorf("depth %d: %d parameters, want %d", depth, len(m.Params), want)
		}
		return strings.Count(DumpModel(m), "\nfunc ")
	}
	if few, many := funcs(4), funcs(48); few != many {
		t.Errorf("%d Funcs with 4 layers, %d with 48", few, many)
	}
}

// TestSharingIsUpToNamesOfSizes checks that batch and time are the same to a layer, and that bounds are kept apart.
func TestSharingIsUpToNamesOfSizes(t *testing.T) {
	m := check(t, Options{}, `
model M {
    input x [batch, 4]
    input y [rows <= 9, 4]
    input z [lines <= 9, 4]
    output p = dense(x, 2)
    output q = dense(y, 2)
    output r = dense(z, 2)
}`)[0]
	if got := strings.Count(DumpModel(m), "\nfunc dense"); got != 2 {
		t.Errorf("%d Funcs for dense, want 2: one for batch, one for both sizes up to 9", got)
	}
}

func TestDefine(t *testing.T) {
	src := `
const deep = 1
model M {
    const n = 2, act = "relu"
    input x [batch, n*deep]
    output p = x
}
model N = M { const n = 5 }`
	cases := []struct {
		define map[string]string
		want   string
	}{
		{nil, "[batch, 2] [batch, 5]"},
		{map[string]string{"n": "7"}, "[batch, 7] [batch, 7]"},
		{map[string]string{"deep": "3"}, "[batch, 6] [batch, 15]"},
		{map[string]string{"n": "0x10", "deep": "2"}, "[batch, 32] [batch, 32]"},
	}
	for _, c := range cases {
		var got []string
		for _, m := range check(t, Options{Define: c.define}, src) {
			got = append(got, typeText(m.Inputs[0].Shape, m.Float))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v gives %v, want %s", c.define, got, c.want)
		}
	}
}

func TestModelOption(t *testing.T) {
	src := "model A {\n input x [batch]\n output p = x\n}\nmodel B = A { }\n"
	if ms := check(t, Options{Model: "B"}, src); len(ms) != 1 || ms[0].Name != "B" {
		t.Errorf("Model: B gives %d models", len(ms))
	}
	if _, list := Load(Options{Model: "C"}, "in.nn", []byte(src)); len(list) != 1 || list[0].Code != badOverride {
		t.Errorf("Model: C gives %v", list)
	}
}

// TestStatic evaluates expressions at generate time; an empty want is an error.
func TestStatic(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"1 + 2*3", "7"}, {"7 / 7", "1"}, {"7 / 2", ""}, {"7.0 / 2", "3.5"}, {"7 % 4", "3"}, {"7 / 0", ""}, {"7 % 0", ""}, {"1 / 3.0", "0.3333333333333333"},
		{"2^10", "1024"}, {"2^-1", "0.5"}, {"2^0.5", "1.4142135623730951"}, {"(-2)^3", "-8"}, {"-2^2", "-4"}, {"10^500", ""}, {"(-1)^1000001", "-1"}, {"0^0", "1"},
		{"(-8)^(1.0/3)", ""}, {"0.1 + 0.2", "0.3"}, {"1e308*10", "+Inf"}, {"1e400", ""}, {"3 - 3.0", "0"}, {"floor_div(7, 2)", "3"}, {"floor_div(7, 0)", ""},
		{"floor_div(-7, 2)", "-4"}, {"max(2, 3.5)", "3.5"}, {"min(2, 3)", "2"}, {"sqrt(2)", "1.4142135623730951"}, {"sqrt(-1)", ""}, {"abs(-3)", "3"}, {"floor(2.5)", "2"}, {"int(-2.5)", "-2"},
		{"float(3)/2", "1.5"}, {"1 < 2", "true"}, {"1 == 1.0", "true"}, {"not (1 < 2)", "false"}, {"true and 1 < 0", "false"}, {"true or false", "true"}, {"true + 1", ""},
		{"[1, 2] + [3]", "[1, 2, 3]"}, {"size([2, 3])", "6"}, {"rank([2, 3])", "2"}, {"[5, 6][-1]", "6"}, {"[5, 6, 7][1:]", "[6, 7]"}, {"[5][1]", ""}, {"[1] == [1]", "true"},
		{"[1] + 1", ""}, {`"a" == "a"`, "true"}, {`"a" + "b"`, ""}, {"none == none", "true"}, {"1 == none", "false"}, {"0x10 + 1_000", "1016"}, {"where(true, 1, 2)", "1"},
		{"pi > 3.14159 and pi < 3.1416", "true"}, {"inf > 1", "true"}, {"-inf < 1e300", "true"},
		{"sqrt", "sqrt"}, {"9007199254740993 - 9007199254740992", "1"}, {"sign(-2)", "-1"}, {"bool(2)", "true"}, {"int(true)", "1"},
	} {
		p, main := newLoader(Options{}, "in.nn", []byte("const v = "+c.expr+"\n"))
		d := main.decls["v"]
		e := newElaborator(p, &modelBuilder{decl: d, consts: map[*decl]value{}})
		got := ""
		if v := e.constant(d, d.node.(*syntax.ConstDecl), d.name); !isPoison(v) {
			got = valueText(v)
		}
		if got != c.want {
			t.Errorf("%s is %q, want %q %v", c.expr, got, c.want, diagText(e.list))
		}
		if got == "" && !e.list.HasErrors() && !p.list.HasErrors() {
			t.Errorf("%s has no value and no error", c.expr)
		}
	}
}

func diagText(list diag.List) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Code+": "+d.Message)
	}
	return out
}

// TestSizes compares sizes known at run time only, by their bounds.
func TestSizes(t *testing.T) {
	for _, c := range []struct{ cond, want string }{
		{"time <= 8", "true"}, {"time < 9", "true"}, {"time < 8", "unknown"}, {"time >= 1", "true"}, {"time > 8", "false"}, {"time == batch", "unknown"},
		{"2*time - time == time", "true"}, {"(2*time) % 2 == 0", "true"}, {"2*time/2 == time", "true"}, {"time + 1 > time", "true"}, {"batch >= 1", "true"},
		{"batch*time >= time", "unknown"}, {"floor_div(time, 2) <= 4", "true"}, {"time/2 == 1", "unknown"},
	} {
		src := "model M {\n input x [batch, time <= 8]\n require " + c.cond + "\n output p = x\n}"
		_, list := Load(Options{}, "in.nn", []byte(src))
		got := "true"
		for _, d := range list {
			switch d.Code {
			case requireFailed:
				got = "false"
			case notStatic, badArithmetic:
				got = "unknown"
			default:
				t.Errorf("%s: %s %s", c.cond, d.Code, d.Message)
			}
		}
		if got != c.want {
			t.Errorf("%s is %s, want %s", c.cond, got, c.want)
		}
	}
}

// TestLoadsRunAtOnce loads concurrently; the race detector watches the shared library.
func TestLoadsRunAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, list := Load(Options{}, "in.nn", []byte("model M {\n input x [batch, 4]\n output p = dense(dropout(x, 0.1), 2, act: softplus)\n}\n"))
			if len(list) > 0 {
				t.Error(diagText(list))
			}
		})
	}
	wg.Wait()
}

func TestMatchPath(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"h.W", "h.W", true}, {"h.W", "h.Wx", false}, {"*", "h.W", true}, {"*.b", "blk.3.up.b", true}, {"*.b", "b", false}, {"blk.*.W", "blk.3.up.W", true},
		{"blk.*.W", "blk.W", false}, {"*up*", "blk.3.up.b", true}, {"*.up.*.b", "x.up.b", false}, {"a*a", "a", false}, {"a*a", "aa", true}, {"", "h", false},
	} {
		if got := matchPath(c.pattern, c.path); got != c.want {
			t.Errorf("matchPath(%q, %q) = %v", c.pattern, c.path, got)
		}
	}
}

// seeds returns the .nn sections of all golden files of this package.
func seeds(t testing.TB) []string {
	var out []string
	for _, root := range []string{"testdata", "errors"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".txtar") {
				return err
			}
			archive, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				if strings.HasSuffix(f.Name, ".nn") {
					out = append(out, string(f.Data))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// FuzzCheck feeds the checker anything: it must end without a panic, and models without errors must dump.
func FuzzCheck(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, src := range Library() {
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		pkg, list := Load(Options{}, "in.nn", []byte(src))
		for _, m := range pkg.Models {
			if list.HasErrors() {
				t.Error("models beside errors")
			}
			DumpModel(m)
		}
		render(t, pkg, list)
	})
}

// TestMangledModels deletes words of all models: whatever it is, it is a diagnostic.
func TestMangledModels(t *testing.T) {
	for _, src := range seeds(t) {
		words := strings.SplitAfter(src, " ")
		for i := 0; i < len(words); i += 1 + len(words)/12 {
			less := strings.Join(words[:i], "") + strings.Join(words[i+1:], "")
			Load(Options{}, "in.nn", []byte(less))
		}
	}
}
