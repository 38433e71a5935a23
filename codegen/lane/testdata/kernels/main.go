// Command kernels runs kernels of vector assembly on every instruction set that the machine has, and compares what they leave in memory, bit
// by bit, with an interpreter of kernels, which is the specification of the printer. The tests add the assembly and a table of its functions;
// both exist in the build's overlay only.
package main

import (
	"encoding/gob"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"

	"nngen/codegen/lane"
	nnrt "nngen/runtime"
)

// levels are the instruction sets by the names of package lane.
var levels = map[string]nnrt.CPU{"AVX2": nnrt.AVX2, "AVX512": nnrt.AVX512}

// A report is what became of one kernel.
type report struct {
	err             string
	compared, plain int // elements that stages wrote, and those among them that are ordinary numbers
}

func main() {
	log.SetFlags(0)
	in, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var kernels []*lane.Kernel
	if err := gob.NewDecoder(in).Decode(&kernels); err != nil {
		log.Fatal(err)
	}
	var machines []string
	for _, m := range lane.Machines {
		if levels[m] <= nnrt.BestCPU() {
			machines = append(machines, m)
		}
	}
	reports := make([]report, len(kernels))
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			c := &checker{machines: machines}
			for i := w; i < len(kernels); i += workers {
				reports[i] = c.check(i, kernels[i])
			}
		})
	}
	wait.Wait()
	var sum report
	failed := 0
	for i, r := range reports {
		sum.compared += r.compared
		sum.plain += r.plain
		if r.err != "" {
			failed++
			fmt.Printf("%s: %s\n", kernels[i].Name, r.err)
		}
	}
	fmt.Printf("%d kernels on %v, %d failed, %d elements, %d plain\n", len(kernels), machines, failed, sum.compared, sum.plain)
}
