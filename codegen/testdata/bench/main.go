// Command bench runs planned frames on the jobs of a file and writes what they compute. The tests of package codegen add one file for
// each frame, with its glue, and a table of them; package and file exist in the build's overlay only.
package main

import (
	"encoding/gob"
	"fmt"
	"log"
	"math"
	"os"
	"runtime/debug"
	"strings"

	nnrt "nngen/runtime"
)

// A Job is one frame's work: the capacities it is built for, then its runs, one after the other in the same memory.
type Job struct {
	Caps []int
	Runs []Run
}

// A Run is one set of sizes and arguments, all as float64, and the number of elements of each result.
type Run struct {
	Sizes   []int
	Args    [][]float64
	Results []int
}

// An Answer holds the results of every run, or what went wrong.
type Answer struct {
	Err  string
	Runs [][][]float64
}

func main() {
	log.SetFlags(0)
	in, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var jobs []Job
	if err := gob.NewDecoder(in).Decode(&jobs); err != nil {
		log.Fatal(err)
	}
	answers := make([]Answer, len(jobs))
	for i, f := range frames {
		answers[i] = work(f, jobs[i])
	}
	out, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := gob.NewEncoder(out).Encode(answers); err != nil {
		log.Fatal(err)
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

// work does one job; a panic becomes its answer.
func work(f func(*session), job Job) (a Answer) {
	if f == nil {
		return Answer{Err: "no frame"}
	}
	s := &session{job: job, pool: nnrt.NewPool(0), at: -1}
	defer func() {
		if v := recover(); v != nil {
			a = Answer{Err: fmt.Sprintf("run %d: panic: %v", s.at, v) + place(string(debug.Stack()))}
		}
	}()
	f(s)
	return Answer{Err: s.err, Runs: s.runs}
}

// place returns the first line of a stack trace that lies in a frame.
func place(stack string) string {
	for line := range strings.Lines(stack) {
		if strings.Contains(line, "/case") {
			return "\n" + line
		}
	}
	return ""
}

// A session hands a frame's glue one run after the other.
type session struct {
	job   Job
	pool  *nnrt.Pool
	at    int
	arg   int
	res   int
	runs  [][][]float64
	check []func()
	err   string
}

func (s *session) cap(i int) int { return s.job.Caps[i] }

// next moves on to the next run, if there is one.
func (s *session) next() bool {
	s.at++
	if s.at == len(s.job.Runs) {
		return false
	}
	s.arg, s.res, s.check = 0, 0, nil
	s.runs = append(s.runs, nil)
	return true
}

func (s *session) size(i int) int { return s.job.Runs[s.at].Sizes[i] }

// number returns the next argument as a number.
func number[T float32 | float64 | int32 | uint8](s *session) T {
	s.arg++
	return T(s.job.Runs[s.at].Args[s.arg-1][0])
}

func truth(s *session) bool {
	s.arg++
	return s.job.Runs[s.at].Args[s.arg-1][0] != 0
}

// tensor returns the next argument; the frame must not change it unless the glue says so.
func tensor[T float32 | float64 | int32 | uint8](s *session, constant bool) []T {
	data := s.job.Runs[s.at].Args[s.arg]
	n := s.arg
	s.arg++
	x := nnrt.Aligned[T](len(data))
	for i, v := range data {
		x[i] = T(v)
	}
	if constant {
		s.check = append(s.check, func() {
			for i, v := range data {
				if w := float64(x[i]); math.Float64bits(w) != math.Float64bits(float64(T(v))) && v == v {
					s.err = fmt.Sprintf("run %d: element %d of argument %d changed from %g to %g", s.at, i, n, v, w)
				}
			}
		})
	}
	return x[:len(x):len(x)]
}

func truths(s *session) []bool {
	data := s.job.Runs[s.at].Args[s.arg]
	s.arg++
	x := make([]bool, len(data))
	for i, v := range data {
		x[i] = v != 0
	}
	return x
}

// fresh returns memory for the next result, filled with what no result holds.
func fresh[T float32 | float64 | int32](s *session) []T {
	x := make([]T, s.job.Runs[s.at].Results[s.res])
	s.res++
	var zero T
	for i := range x {
		x[i] = zero - 77
	}
	return x
}

func freshTruths(s *session) []bool {
	s.res++
	return make([]bool, s.job.Runs[s.at].Results[s.res-1])
}

// skip leaves out a result that lies in an argument's memory.
func skip(s *session) { s.res++ }

// put keeps a result.
func put[T float32 | float64 | int32](s *session, x []T) {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	s.runs[s.at] = append(s.runs[s.at], out)
}

func putTruths(s *session, x []bool) {
	out := make([]float64, len(x))
	for i, v := range x {
		if v {
			out[i] = 1
		}
	}
	s.runs[s.at] = append(s.runs[s.at], out)
}

// done checks what must hold after a run.
func (s *session) done() {
	for _, c := range s.check {
		c()
	}
}
