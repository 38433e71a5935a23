package main

// This file answers: how many operations is a step, and which products does it consist of? The compiler knows; its counts lie in
// operations.json, and a test compares them with `nngen stat`.

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed operations.json
var operationsJSON []byte

// A count is what `nngen stat` says of the step of one workload.
type count struct {
	Workload   string    `json:"workload"`
	Operations int64     `json:"operations"`
	InProducts int64     `json:"products"` // part of the operations
	Bytes      int64     `json:"bytes"`
	Shapes     []product `json:"shapes"` // of the products
}

// A product is C [M, N] = A B summed over K terms, with A and B as the kernel's name says: N as they are multiplied, T transposed.
type product struct {
	Kernel string `json:"kernel"` // GemmNN, GemmNT, GemmTN
	M      int    `json:"m"`
	N      int    `json:"n"`
	K      int    `json:"k"`
	Count  int    `json:"count,omitempty"` // times a step
}

// String names a product as the benchmark's lines do: NN_64x128x784.
func (p product) String() string {
	return fmt.Sprintf("%s_%dx%dx%d", p.Kernel[len("Gemm"):], p.M, p.N, p.K)
}

// counts reads operations.json.
func counts() ([]count, error) {
	var out []count
	if err := json.Unmarshal(operationsJSON, &out); err != nil {
		return nil, fmt.Errorf("operations.json: %w", err)
	}
	return out, nil
}

// square is the product whose speed is compared with the peak of the machine.
var square = product{Kernel: "GemmNN", M: 512, N: 512, K: 512}

// shapes returns the distinct products of all workloads, in order, and the square one.
func shapes(all []count) []product {
	var out []product
	seen := map[string]bool{}
	for _, c := range all {
		for _, p := range c.Shapes {
			p.Count = 0
			if !seen[p.String()] {
				seen[p.String()] = true
				out = append(out, p)
			}
		}
	}
	return append(out, square)
}
