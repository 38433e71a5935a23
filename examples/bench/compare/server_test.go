package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// This file tests the exchange with contenders, on recorded lines and with this test program as the contender.

// TestMain lets the test program play a contender: FAKE says which.
func TestMain(m *testing.M) {
	if kind := os.Getenv("FAKE"); kind != "" {
		fake(kind)
		return
	}
	os.Exit(m.Run())
}

// fake answers as a contender that is fast or slow, has broken, or says nothing of use.
func fake(kind string) {
	switch kind {
	case "mute":
		fmt.Println("hello")
		fmt.Fprintln(os.Stderr, "ImportError: no such thing")
		return
	case "wrong":
		fmt.Println(`{"peer": ""}`)
		return
	}
	fmt.Printf(`{"peer": "%s-1.0", "threads": 1, "workloads": ["a", "b"], "cpu": "a processor", "isa": "%s"}`+"\n", kind, strings.TrimPrefix(kind, "nngen-"))
	us := map[string]float64{"fast": 2, "slow": 6}[kind]
	if us == 0 {
		us = 4
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), " ")
		switch {
		case name == "b" && kind == "slow":
			fmt.Println(`{"error": "the loss did not fall: 1 to 2"}`)
		case kind == "dies":
			fmt.Fprintln(os.Stderr, "panic: out of memory")
			os.Exit(3)
		default:
			fmt.Println("some library says something")
			fmt.Printf(`{"peer": "x", "workload": "%s", "threads": 1, "us_per_step": %g, "gflops": 7, "final_loss": 0.5}`+"\n", name, us)
			us *= 0.9 // later rounds are better
		}
	}
}

// faker is the contender that the test program plays.
func faker(name, library, kind string) contender {
	return contender{Name: name, Library: library, Threads: 1, install: "install it", prepare: func(*workshop, int) ([]string, []string, error) {
		return []string{os.Args[0]}, []string{"FAKE=" + kind}, nil
	}}
}

// TestRecordedLines reads lines that the contenders printed.
func TestRecordedLines(t *testing.T) {
	for _, c := range []struct {
		text, workload string
		us             float64
		wrong          string
	}{
		{`{"peer":"nngen","workload":"xor_2_8_1_b4_sgd","threads":1,"us_per_step":0.4388,"gflops":2.61,"peak_share":0.0221,"first_step_s":0.000042704,"final_loss":6.271094754595197e-13,"cpu":"AMD EPYC","isa":"avx512"}`, "xor_2_8_1_b4_sgd", 0.4388, ""},
		{`{"peer": "c-gcc12", "workload": "iris_4_16_3_b16_adam", "threads": 1, "us_per_step": 0.4980, "final_loss": 7.45058e-09}`, "iris_4_16_3_b16_adam", 0.498, ""},
		{`{"peer": "pytorch-2.15.0-compile", "workload": "xor_2_8_1_b4_sgd", "threads": 1, "us_per_step": 271.2795, "first_step_s": 39.517, "final_loss": 8.12390680948738e-07}`, "xor_2_8_1_b4_sgd", 271.2795, ""},
		{`{"final_loss":0.00026388466358184814,"peer":"gorgonia","threads":1,"us_per_step":60.53315083798883,"workload":"xor_2_8_1_b4_sgd"}`, "xor_2_8_1_b4_sgd", 60.53315083798883, ""},
		{`{"peer": "openblas", "workload": "NN_512x512x512", "threads": 1, "us_per_step": 2665.7931, "gflops": 100.70}`, "NN_512x512x512", 2665.7931, ""},
		{`{"peer":"gorgonia","workload":"a","us_per_step":1}`, "b", 0, `got an answer about "a", asked for b`},
		{`{"error":"unknown workload \"x\""}`, "x", 0, `unknown workload "x"`},
		{`{"workload":"a"}`, "a", 0, "got no time"},
		{`{"workload":`, "a", 0, "got the answer"},
	} {
		l, err := parseLine([]byte(c.text), c.workload)
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: got the error %v, want %q", c.text, err, c.wrong)
		case l.USPerStep != c.us && c.wrong == "":
			t.Errorf("%s: got %v us, want %v", c.text, l.USPerStep, c.us)
		}
	}
	h, err := parseHeader([]byte(`{"peer": "c-gcc12-openblas", "threads": 2, "workloads": ["mnist_784_128_10_b64_sgd"]}`))
	if err != nil || h.Peer != "c-gcc12-openblas" || h.Threads != 2 || len(h.Workloads) != 1 {
		t.Errorf("got the header %+v (%v)", h, err)
	}
}

// TestRounds lets contenders take turns: the best counts, who fails is left out, who is missing is skipped, and both are said.
func TestRounds(t *testing.T) {
	var log bytes.Buffer
	w := &workshop{ctx: context.Background(), log: &log}
	missing := contender{Name: "absent", Library: "Absent", Threads: 1, install: "pip install absent", prepare: func(*workshop, int) ([]string, []string, error) {
		return nil, nil, errors.New("no module named absent")
	}}
	all := []contender{faker("nngen", nngenLib, "fast"), faker("nngen-avx2", nngenLib, "nngen-avx2"), faker("nngen-portable", nngenLib, "nngen-avx2"),
		faker("slow", "Slow", "slow"), faker("dies", "Dies", "dies"), faker("mute", "Mute", "mute"), faker("wrong", "Wrong", "wrong"), missing, faker("unwanted", "Unwanted", "fast")}
	servers, skipped, err := open(w, all, []string{"slow", "die", "mute", "wrong", "absent"})
	defer closeAll(servers)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range servers {
		names = append(names, s.Name)
	}
	if want := []string{"nngen", "nngen-avx2", "slow", "dies"}; !slices.Equal(names, want) {
		t.Fatalf("%v take part, want %v", names, want)
	}
	for i, want := range []skip{
		{"nngen-portable", 1, "this machine has no portable", "install it"},
		{"mute", 1, "it ended: ImportError: no such thing", "install it"},
		{"wrong", 1, `got the header "{\"peer\": \"\"}"`, "install it"},
		{"absent", 1, "no module named absent", "pip install absent"},
	} {
		if i >= len(skipped) || skipped[i] != want {
			t.Errorf("skip %d of %+v is not %+v", i, skipped, want)
		}
	}
	for _, want := range []string{"SKIPPED absent, 1 thread: no module named absent\n        to compare with it: pip install absent\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	o := options{rounds: 3, seconds: 0.1, threads: []int{1}}
	r := newReport(o, []string{"a", "b"}, servers, skipped)
	if err := measure(w.ctx, servers, r.Workloads, o, r, &log); err != nil {
		t.Fatal(err)
	}
	if r.CPU != "a processor" || r.Peak[1] != 7 {
		t.Errorf("got the processor %q with a peak of %v", r.CPU, r.Peak)
	}
	// slow measured a three times, beginning with 6 us and improving by a tenth each.
	if f := r.find("slow", 1, "a"); f == nil || len(f.Rounds) != 3 || !near(f.US, 6*0.9*0.9) || f.Version != "slow-1.0" {
		t.Errorf("got %+v", f)
	}
	if f := r.find("slow", 1, "b"); f != nil {
		t.Errorf("a workload that failed has the figure %+v", f)
	}
	if f := r.find("dies", 1, "a"); f != nil {
		t.Errorf("a contender that died has the figure %+v", f)
	}
	for _, want := range []string{"LEFT OUT slow, 1 thread, b: the loss did not fall: 1 to 2\n", "LEFT OUT dies, 1 thread, a: it ended: panic: out of memory\n"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log does not say once %q:\n%s", want, log.String())
		}
	}
	if text := r.markdown(); !strings.Contains(text, "- dies, 1 thread: a: it ended: panic: out of memory") {
		t.Errorf("the table does not say who died:\n%s", text)
	}
}

// TestWithoutNNGEN checks that nothing is compared with a missing nngen.
func TestWithoutNNGEN(t *testing.T) {
	c := faker("nngen", nngenLib, "mute")
	if _, _, err := open(&workshop{ctx: context.Background(), log: &bytes.Buffer{}}, []contender{c}, nil); err == nil {
		t.Error("no error without nngen")
	}
}

// TestContenders checks the table of contenders: nngen first, names unique, and what to install said for all that may be missing.
func TestContenders(t *testing.T) {
	for _, all := range [][]contender{steps([]int{1, 2}), products([]int{1, 2})} {
		seen := map[string]bool{}
		for i, c := range all {
			key := fmt.Sprint(c.Name, c.Threads)
			if seen[key] {
				t.Errorf("%s takes part twice", key)
			}
			seen[key] = true
			if (i == 0) != (c.Name == nngenName && c.Threads == 1) {
				t.Errorf("place %d is %s with %d threads", i, c.Name, c.Threads)
			}
			if c.install == "" && c.Library != nngenLib {
				t.Errorf("%s does not say what it needs", c.Name)
			}
		}
	}
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-workloads", "xor,iris", "-threads", "2,1", "-rounds", "2"}, &bytes.Buffer{})
	if err != nil || !slices.Equal(o.workloads, []string{"xor", "iris"}) || !slices.Equal(o.threads, []int{1, 2}) || o.rounds != 2 {
		t.Errorf("got %+v (%v)", o, err)
	}
	for _, args := range [][]string{{"-threads", "0"}, {"-threads", "1,1"}, {"-threads", ""}, {"-rounds", "0"}, {"-seconds", "0"}, {"-gemm", "-svg", "x"}, {"more"}, {"-unknown"}} {
		if _, err := parse(args, &bytes.Buffer{}); err == nil {
			t.Errorf("compare %v: no error", args)
		}
	}
	servers := []*server{{header: header{Workloads: []string{"xor_2", "iris_4", "NN_2x3x4"}}}}
	for _, c := range []struct {
		o    options
		want []string
	}{{options{}, []string{"xor_2", "iris_4"}}, {options{workloads: []string{"ir"}}, []string{"iris_4"}}, {options{gemm: true}, []string{"NN_2x3x4"}}} {
		if got, err := chosen(servers, c.o); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v (%v), want %v", c.o, got, err, c.want)
		}
	}
	if _, err := chosen(servers, options{workloads: []string{"none"}}); err == nil {
		t.Error("no error for a workload that does not exist")
	}
}
