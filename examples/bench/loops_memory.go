package main

// This file answers: how long does an update take whose arithmetic is free? Memory moves in lines of the cache, so a probe reads, and writes where the
// update writes, one element of each line of the same arrays: all of the traffic and hardly an instruction.

// lineElements is the number of elements in a cache line of 64 bytes.
const lineElements = 16

// probeBlocks are numbers of elements that a probe visits of one array before it goes on to the next array. Which is fastest depends on how a processor
// fetches ahead.
var probeBlocks = []int{256, 1024, 4096, 16384}

// memoryProbes returns a function for each size of block that reads all arrays and writes the first of them; their numbers stay what they are.
func memoryProbes(arrays [][]float32, writes int) []func() error {
	var out []func() error
	for _, block := range probeBlocks {
		out = append(out, func() error {
			n := len(arrays[0])
			for lo := 0; lo < n; lo += block {
				hi := min(lo+block, n)
				for i, a := range arrays {
					if i < writes {
						rewrite(a[lo:hi])
					} else {
						sink += read(a[lo:hi])
					}
				}
			}
			return nil
		})
	}
	return out
}

var (
	sink float32     // keeps what was read alive
	one  float32 = 1 // a variable, so that the compiler keeps the multiplication
)

// read returns the sum of the first elements of all lines.
func read(a []float32) float32 {
	sum := float32(0)
	for j := 0; j < len(a); j += lineElements {
		sum += a[j]
	}
	return sum
}

// rewrite multiplies the first element of each line by one.
func rewrite(a []float32) {
	for j := 0; j < len(a); j += lineElements {
		a[j] *= one
	}
}
