package lane

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"nngen/internal/golden"
	nnrt "nngen/runtime"
)

// This file measures formulas against the exact functions and keeps the worst errors in testdata/accuracy.md, which docs/accuracy.md shows.

// portable holds the functions of package nnrt that are made from formulas.
var portable = map[string]func(float32) float32{
	"exp": nnrt.Exp[float32], "expm1": nnrt.Expm1[float32], "tanh": nnrt.Tanh[float32], "sigmoid": nnrt.Sigmoid[float32], "erf": nnrt.Erf[float32],
	"log": nnrt.Log[float32], "log1p": nnrt.Log1p[float32], "rsqrt": nnrt.Rsqrt[float32],
	"sin": nnrt.Sin[float32], "cos": nnrt.Cos[float32], "tan": nnrt.Tan[float32], "sinh": nnrt.Sinh[float32], "cosh": nnrt.Cosh[float32],
}

// A measured formula is a row of the golden table.
type measured struct {
	instructions    int
	fused, portable worst
	different       int // results of portable code with other bits
}

// measure runs f over every step-th float32.
func measure(t *testing.T, f Formula, step int) measured {
	want, plain := exact[f.Name], portable[f.Name]
	p, v := program(t, f.Name, 1)
	all := measured{instructions: instructions(p)}
	var mu sync.Mutex
	everyFloat(step, func(x []float32) {
		y := make([]float32, len(x))
		NewInterpreter(p).Run(y, v, [][]float32{x}, nil)
		var m measured
		for i, x := range x {
			w, z := want(float64(x)), plain(x)
			m.portable.see(ulpError(z, w), x)
			m.fused.see(ulpError(y[i], w), x)
			if math.Float32bits(y[i]) != math.Float32bits(z) && (z == z || y[i] == y[i]) {
				m.different++
			}
		}
		mu.Lock()
		all.fused.see(m.fused.ulp, m.fused.at)
		all.portable.see(m.portable.ulp, m.portable.at)
		all.different += m.different
		mu.Unlock()
	})
	return all
}

// TestAccuracy measures every formula and compares with the golden table: over some float32 no error may be above the table's, over all of them, with
// NNGEN_LONG=1, the table must be right. NNGEN_UPDATE=1 rewrites it; without NNGEN_LONG=1 it keeps the larger errors that are in it.
func TestAccuracy(t *testing.T) {
	const file, doc = "testdata/accuracy.md", "../../docs/accuracy.md"
	old, err := os.ReadFile(file)
	if err != nil && !golden.Update() {
		t.Fatal(err)
	}
	known := readTable(string(old))
	long := step() == 1
	var table strings.Builder
	table.WriteString("| function | instructions | with fma: bound | worst | portable: bound | worst |\n|---|---:|---:|---:|---:|---:|\n")
	for _, f := range Formulas() {
		if f.Bound == 0 || exact[f.Name] == nil {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			m := measure(t, f, step())
			t.Logf("%s: with fma %.3f ulp at %g, portable %.3f ulp at %g", f.Name, m.fused.ulp, m.fused.at, m.portable.ulp, m.portable.at)
			if !(m.fused.ulp <= f.Bound) {
				t.Errorf("error %.3f ulp at %g, bound %g", m.fused.ulp, m.fused.at, f.Bound)
			}
			if !(m.portable.ulp <= f.Portable) {
				t.Errorf("portable: error %.3f ulp at %g, bound %g", m.portable.ulp, m.portable.at, f.Portable)
			}
			now := [2]float64{up(m.fused.ulp), up(m.portable.ulp)}
			was := known[f.Name]
			switch {
			case exactBuild: // the table's portable column is of the default build
				now[1] = was[1]
			case !golden.Update() && (now[0] > was[0] || now[1] > was[1]):
				t.Errorf("errors %.2f and %.2f are above %.2f and %.2f in %s", now[0], now[1], was[0], was[1], file)
			}
			if !long {
				now[0], now[1] = max(now[0], was[0]), max(now[1], was[1])
			}
			fmt.Fprintf(&table, "| %s | %d | %g | %.2f | %g | %.2f |\n", f.Name, m.instructions, f.Bound, now[0], f.Portable, now[1])
		})
	}
	want := []byte(table.String())
	if golden.Update() {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(old, want) {
		t.Errorf("%s is not what was measured:\n%s", file, want)
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if golden.Update() {
		text = bytes.Replace(text, old, want, 1)
		if err := os.WriteFile(doc, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(text, want) {
		t.Errorf("%s does not show the table of %s", doc, file)
	}
}

// up rounds an error up to two decimals.
func up(x float64) float64 { return math.Ceil(x*100) / 100 }

// readTable returns the worst errors of the rows, by function: with fma and portable.
func readTable(text string) map[string][2]float64 {
	rows := map[string][2]float64{}
	for l := range strings.Lines(text) {
		cells := strings.Split(l, " | ")
		if len(cells) != 6 {
			continue
		}
		fused, err1 := strconv.ParseFloat(cells[3], 64)
		plain, err2 := strconv.ParseFloat(strings.TrimSuffix(cells[5], " |\n"), 64)
		if err1 == nil && err2 == nil {
			rows[strings.TrimPrefix(cells[0], "| ")] = [2]float64{fused, plain}
		}
	}
	return rows
}

// TestExactBuild compares the functions of package nnrt bit by bit with the formulas, where they are built with the tag nnexact. A result may differ where
// fmaOnce32 rounds twice.
func TestExactBuild(t *testing.T) {
	if !exactBuild {
		t.Skip("built without the tag nnexact")
	}
	for _, f := range Formulas() {
		if f.Bound == 0 || exact[f.Name] == nil {
			continue
		}
		m := measure(t, f, 997)
		t.Logf("%s: %d results of 4.3 million differ", f.Name, m.different)
		if m.different > 20 {
			t.Errorf("%s: %d results differ", f.Name, m.different)
		}
	}
}
