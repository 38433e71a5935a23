package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/internal/golden"
)

// TestOperations compares operations.json with what the compiler counts in bench.nn; NNGEN_UPDATE=1 rewrites it.
func TestOperations(t *testing.T) {
	const source = "bench.nn"
	src, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	pkg, list := dsl.Load(dsl.Options{}, source, src)
	if list.HasErrors() {
		t.Fatal(list)
	}
	var want []count
	for _, w := range workloads {
		c, err := counted(pkg, w, codegen.Config{Package: "main", Source: source, Fset: pkg.Fset})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, c)
	}
	if golden.Update() {
		if err := os.WriteFile("operations.json", countsText(t, want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := counts()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("operations.json is not what the compiler counts: run NNGEN_UPDATE=1 go test ./examples/bench\ngot  %v\nwant %v", got, want)
	}
	if n := len(shapes(got)); n != 31 {
		t.Errorf("got %d shapes of products, want 30 and the square one", n)
	}
}

// counted asks the compiler for the step of one workload.
func counted(pkg *dsl.Package, w workload, cfg codegen.Config) (count, error) {
	for _, m := range pkg.Models {
		if m.Name != w.model {
			continue
		}
		s, err := codegen.NewStat(m, cfg, map[string]int{"batch": w.batch})
		if err != nil {
			return count{}, err
		}
		sum := s.Total.Sum()
		c := count{Workload: w.name, Operations: sum.Operations, InProducts: sum.Products, Bytes: sum.Bytes}
		for _, p := range s.Products {
			c.Shapes = append(c.Shapes, product(p))
		}
		return c, nil
	}
	return count{}, fmt.Errorf("no model %s", w.model)
}

// countsText writes one line a workload or shape.
func countsText(t *testing.T, all []count) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, c := range all {
		shapes := c.Shapes
		c.Shapes = nil
		head, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "  %s,\"shapes\":[\n", strings.TrimSuffix(string(head), ",\"shapes\":null}"))
		for j, p := range shapes {
			text, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "    %s%s\n", text, comma(j, len(shapes)))
		}
		fmt.Fprintf(&b, "  ]}%s\n", comma(i, len(all)))
	}
	b.WriteString("]\n")
	return b.Bytes()
}

func comma(i, n int) string {
	if i == n-1 {
		return ""
	}
	return ","
}

// TestProducts checks a product on several threads against one thread, bit by bit, and that it allocates nothing.
func TestProducts(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-gemm", "-only", "_10x3x", "-seconds", "0.001"}, nil, &out, io.Discard); err == nil {
		t.Error("no error for a product that no step has")
	}
	if err := run([]string{"-gemm", "-only", "NN_64x10x128", "-seconds", "0.001", "-threads", "2"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), `"workload":"NN_64x10x128"`) {
		t.Errorf("got %s, want one line of one product", out.String())
	}
	for _, p := range []product{{Kernel: "GemmNN", M: 70, N: 40, K: 50}, {Kernel: "GemmTN", M: 70, N: 40, K: 50}, {Kernel: "GemmNT", M: 70, N: 40, K: 50}} {
		step, err := p.setup(3)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(3, func() {
			if _, err := step(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", p, n)
		}
	}
	if _, err := (product{Kernel: "GemmTT"}).setup(1); err == nil {
		t.Error("no error for an unknown kernel")
	}
}

// TestServe checks the lines that a harness exchanges with the server.
func TestServe(t *testing.T) {
	var out bytes.Buffer
	in := "xor_2_8_1_b4_sgd 0.001\nxor_2_8_1_b4_sgd 0.001\nNN_512x512x512 0.001\npeak 1\nnothing 1\nxor_2_8_1_b4_sgd\n"
	if err := run([]string{"-serve", "-threads", "2"}, strings.NewReader(in), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 {
		t.Fatalf("got %d lines, want a header and 6 answers:\n%s", len(lines), out.String())
	}
	var h header
	if err := json.Unmarshal([]byte(lines[0]), &h); err != nil {
		t.Fatal(err)
	}
	if h.Peer != "nngen" || h.Threads != 2 || len(h.Workloads) != len(workloads)+31 {
		t.Errorf("got the header %s", lines[0])
	}
	for i, want := range []string{`"workload":"xor_2_8_1_b4_sgd"`, `"workload":"xor_2_8_1_b4_sgd"`, `"workload":"NN_512x512x512"`, `"workload":"peak"`, `{"error":"unknown workload \"nothing\""}`, `{"error":"got \"xor_2_8_1_b4_sgd\", want NAME SECONDS"}`} {
		if !strings.Contains(lines[i+1], want) {
			t.Errorf("answer %d is %s, want %s in it", i+1, lines[i+1], want)
		}
	}
}
