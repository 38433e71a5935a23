// Command descent compares six optimizers and the ways of choosing the samples of a step: it trains one network with each of them, from
// equal initial values, and sends a model of two weights over its loss surface. It prints a table and writes pictures of the learning
// curves and of the paths, a page to explore both, and all curves as CSV.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "write curves.svg, surface.svg, descent.html and curves.csv into this `folder`, which is made if need be")
	try := flag.Bool("search", false, "try all learning rates instead, and print the best of each optimizer and sampling (half a minute)")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("descent: got the argument %q, want flags only", flag.Arg(0))
	}
	if *try {
		f, err := load()
		if err != nil {
			log.Fatal(err)
		}
		if err := search(f, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	start := time.Now()
	r, err := compute()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Epochs until the loss stays at or below %g, the loss after %d epochs, and the learning rate:\n\n%s\n", goal, epochs, r.table())
	fmt.Printf("%d runs of the network and %d paths over the surface took %.1f s\n", len(r.curves), len(r.paths), time.Since(start).Seconds())
	if *out == "" {
		fmt.Println("-out FOLDER writes pictures and a page")
		return
	}
	names, err := r.write(*out)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		fmt.Println("wrote", name)
	}
}
