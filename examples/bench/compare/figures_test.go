package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests the arithmetic of ratios, the tables and the picture on a run that is made up.

// sample is a run of two workloads with two numbers of threads.
func sample() *report {
	r := &report{Date: "1 May 2026", CPU: "a processor", ISA: "avx2", Cores: 2, OS: "linux/amd64", Go: "go1.26", Rounds: 3, Seconds: 0.5, Threads: []int{1, 2},
		Workloads: []string{"tiny", "large"}, Peak: map[int]float64{1: 100, 2: 200},
		Skipped: []skip{{"gomlx", 1, "no modules", "download them"}}}
	add := func(name, library string, threads int, us map[string]float64) {
		r.Contenders = append(r.Contenders, contender{Name: name, Library: library, Threads: threads})
		for _, w := range r.Workloads {
			if us[w] > 0 {
				f := figure{Name: name, Library: library, Threads: threads, Workload: w}
				f.take(line{USPerStep: us[w] * 1.5})
				f.take(line{USPerStep: us[w], GFLOPS: 40})
				f.take(line{USPerStep: us[w] * 2})
				r.Figures = append(r.Figures, f)
			}
		}
	}
	add("nngen", "nngen", 1, map[string]float64{"tiny": 0.5, "large": 200})
	add("nngen-portable", "nngen", 1, map[string]float64{"tiny": 0.25, "large": 2000})
	add("torch", "Torch", 1, map[string]float64{"tiny": 100, "large": 300})
	add("torch-fast", "Torch", 1, map[string]float64{"tiny": 80, "large": 260})
	add("c", "C", 1, map[string]float64{"tiny": 0.4})
	add("nngen", "nngen", 2, map[string]float64{"tiny": 0.5, "large": 110})
	add("torch", "Torch", 2, map[string]float64{"tiny": 120, "large": 165})
	return r
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }

func TestBestOfRounds(t *testing.T) {
	f := sample().find("c", 1, "tiny")
	if f.US != 0.4 || f.GFLOPS != 40 || len(f.Rounds) != 3 {
		t.Errorf("got %+v, want the second of three rounds", f)
	}
}

func TestRatios(t *testing.T) {
	r := sample()
	for _, c := range []struct {
		name     string
		threads  int
		workload string
		want     float64
	}{{"nngen", 1, "tiny", 1}, {"torch", 1, "large", 1.5}, {"torch", 2, "large", 1.5}, {"nngen-portable", 1, "large", 10}, {"c", 1, "tiny", 0.8}, {"c", 1, "large", 0}, {"c", 2, "tiny", 0}} {
		if got := r.ratio(r.find(c.name, c.threads, c.workload)); !near(got, c.want) {
			t.Errorf("%s, %d threads, %s: got %v, want %v", c.name, c.threads, c.workload, got, c.want)
		}
	}
	// Other levels of nngen are no rivals; the best other is the fastest setting.
	for _, c := range []struct {
		what string
		got  duel
		name string
		want float64
	}{
		{"tiny, 1 thread", r.sameThreads("tiny", 1), "c", 0.8},
		{"large, 1 thread", r.sameThreads("large", 1), "torch-fast", 1.3},
		{"large, 2 threads", r.sameThreads("large", 2), "torch", 1.5},
		{"tiny, any", r.anySetting("tiny"), "c", 0.8},
		{"large, any", r.anySetting("large"), "torch", 1.5},
	} {
		if c.got.Other == nil || c.got.Other.Name != c.name || !near(c.got.Ratio(), c.want) {
			t.Errorf("%s: got %+v with ratio %v, want %s with %v", c.what, c.got.Other, c.got.Ratio(), c.name, c.want)
		}
	}
	if got := (duel{}).Ratio(); got != 0 {
		t.Errorf("a duel of nobody has the ratio %v", got)
	}
}

func TestGeometricMean(t *testing.T) {
	if got := geometricMean([]float64{2, 0, 8}); !near(got, 4) {
		t.Errorf("got %v, want 4: what is missing does not count", got)
	}
	if got := geometricMean([]float64{0}); got != 0 {
		t.Errorf("got %v of nothing, want 0", got)
	}
}

func TestDigits(t *testing.T) {
	for x, want := range map[float64]string{0: "", 0.0994: "0.099", 0.9996: "1.00", 1.234: "1.23", 12.34: "12.3", 99.96: "100", 1234.5: "1234"} {
		if got := digits(x); got != want {
			t.Errorf("%v: got %q, want %q", x, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := sample().markdown()
	for _, want := range []string{
		"One run, 1 May 2026: a processor, 2 cores, linux/amd64, go1.26, nngen with avx2. 3 rounds",
		"Multiply-adds in registers reach 200 GFLOP/s with 2 threads.",
		"| workload | nngen, 1 | GFLOP/s | best other, 1 | ratio | nngen, 2 | GFLOP/s | best other, 2 | ratio | best other, any | ratio | speedup |\n|---|---:|",
		"| tiny | 0.500 | 40.0 (40 %) | c 0.400 | 0.800 | 0.500 | 40.0 (20 %) | torch 120 | 240 | c (1) 0.400 | 0.800 | 1.00 |",
		"| large | 200 | 40.0 (40 %) | torch-fast 260 | 1.30 | 110 | 40.0 (20 %) | torch 165 | 1.50 | torch (2) 165 | 1.50 | 1.82 |",
		"| geometric mean |  |  |  | 1.02 |  |  |  | 19.0 |  | 1.10 |  |",
		"Times nngen's time, 1 thread each:\n\n|  | tiny | large |\n|---|---:|---:|\n| nngen | 1.00 | 1.00 |\n| nngen-portable | 0.500 | 10.0 |\n| torch | 200 | 1.50 |\n",
		"| c | 0.400 |  |",
		"- gomlx, 1 thread: no modules (download them)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestProductsMarkdown(t *testing.T) {
	r := sample()
	r.Threads, r.Workloads, r.Skipped = []int{1}, []string{"NN_1x2x3", "NT_1x2x3"}, nil
	r.Contenders = []contender{{Name: "nngen", Library: "nngen", Threads: 1}, {Name: "openblas", Library: "OpenBLAS", Threads: 1}}
	r.Figures = []figure{
		{Name: "nngen", Threads: 1, Workload: "NN_1x2x3", US: 2, GFLOPS: 88}, {Name: "openblas", Threads: 1, Workload: "NN_1x2x3", US: 3, GFLOPS: 60},
		{Name: "nngen", Threads: 1, Workload: "NT_1x2x3", US: 3, GFLOPS: 50}, {Name: "openblas", Threads: 1, Workload: "NT_1x2x3", US: 2, GFLOPS: 75},
	}
	text := r.productsMarkdown()
	for _, want := range []string{
		"| product | nngen, GFLOP/s | openblas, GFLOP/s | share of peak | ratio |",
		"| NN_1x2x3 | 88.0 | 60.0 | 88 % | 1.50 |",
		"| NT_1x2x3 | 50.0 | 75.0 | 50 % | 0.667 |",
		"| geometric mean |  |  |  | 1.00 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestPicture checks what the picture shows: one bar a library, the best setting of each, slower ones longer, and all labels.
func TestPicture(t *testing.T) {
	r := sample()
	panels := r.panels()
	if len(panels) != 2 {
		t.Fatalf("got %d panels, want 2", len(panels))
	}
	tiny := panels[0].bars[0]
	if len(tiny) != 2 || tiny[0].label != "0.800×  c" || tiny[1].label != "160×  torch-fast" || tiny[0].library == tiny[1].library {
		t.Errorf("got the bars %+v of tiny", tiny)
	}
	if large := panels[1].bars[1]; len(large) != 1 || large[0].label != "1.50×  torch, 2 threads" || !near(large[0].ratio, 1.5) {
		t.Errorf("got the bars %+v of large", large)
	}
	for _, p := range panels {
		lo, hi := p.limits()
		for _, bars := range p.bars {
			for _, b := range bars {
				if b.ratio <= lo || b.ratio >= hi || lo >= 1 {
					t.Errorf("%s: the ratio %v lies outside of %v to %v", p.title, b.ratio, lo, hi)
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := writePicture(r, path); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "a processor, 2 cores", "1 May 2026", ">tiny<", ">large<", "torch-fast", "nngen with 2 threads"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the picture has no %q", want)
		}
	}
	again := filepath.Join(t.TempDir(), "b.svg")
	if err := writePicture(r, again); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(again); err != nil || string(second) != string(svg) {
		t.Errorf("the picture differs the second time (%v)", err)
	}
}

func TestRatioTicks(t *testing.T) {
	var labels []string
	for _, tick := range ratioTicks(0.15, 300) {
		if tick.Label != "" {
			labels = append(labels, tick.Label)
		}
	}
	if got := strings.Join(labels, " "); got != "1 10 100" {
		t.Errorf("got the labels %s", got)
	}
}
