package lane

// This file answers: what does an assembly file consist of? Functions for each machine, the constants they read, and their Go declarations.

import (
	"fmt"
	"slices"
	"strings"
)

// A File collects the kernels of one package.
type File struct {
	kernels []*Kernel
	text    []string
	consts  map[string][]uint64 // symbol: its words
	words   map[string]int      // symbol: bytes of a word
}

// NewFile returns an empty file.
func NewFile() *File { return &File{consts: map[string][]uint64{}, words: map[string]int{}} }

// Add prints k for every machine.
func (f *File) Add(k *Kernel) {
	f.kernels = append(f.kernels, k)
	for _, m := range []*machine{avx2, avx512} {
		fn := &function{file: f, k: k, m: m}
		f.text = append(f.text, "")
		f.text = append(f.text, fn.print()...)
	}
}

// Empty reports whether there is nothing in the file.
func (f *File) Empty() bool { return len(f.kernels) == 0 }

// Assembly returns the Go assembly of all kernels, for the build constraint that says where it is used.
func (f *File) Assembly(header, constraint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n//go:build %s\n\n#include \"textflag.h\"\n", header, constraint)
	if slices.ContainsFunc(f.kernels, func(k *Kernel) bool { return k.Frame != "" }) {
		b.WriteString("#include \"go_asm.h\" // offsets of fields\n")
	}
	b.WriteString(strings.Join(f.text, "\n"))
	b.WriteString("\n")
	var names []string
	for n := range f.consts {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		size := f.words[n]
		b.WriteString("\n")
		for i, w := range f.consts[n] {
			fmt.Fprintf(&b, "DATA %s<>+%d(SB)/%d, $%#x\n", n, i*size, size, w)
		}
		fmt.Fprintf(&b, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", n, len(f.consts[n])*size)
	}
	return b.String()
}

// constant returns the memory operand of a constant: 32 bytes of it, of which broadcasts read the first.
func (f *function) constant(bits uint64) string {
	size := f.k.Size
	name := fmt.Sprintf("f%d_%0*x", size*8, size*2, bits)
	return f.file.table(name, size, slices.Repeat([]uint64{bits}, 32/size))
}

// lanes returns the memory operand of the numbers base, base+1, ... base+15 as int32.
func (f *function) lanes(base int) string {
	return f.file.series(fmt.Sprintf("lanes_%d", base), base, 1)
}

// series returns the memory operand of first, first+step, ... as 16 int32.
func (f *File) series(name string, first, step int) string {
	words := make([]uint64, 16)
	for i := range words {
		words[i] = uint64(first + i*step)
	}
	return f.table(name, 4, words)
}

// table returns the memory operand of a constant that is so many bytes an element.
func (f *File) table(name string, size int, words []uint64) string {
	if f.consts[name] == nil {
		f.consts[name], f.words[name] = words, size
	}
	return name + "<>(SB)"
}

// tail returns the memory operand of a vector mask of the first left of 16 elements. Masks of fewer elements lie behind it.
func (f *File) tail(size, left int) string {
	name := fmt.Sprintf("tail%d", size*8)
	if f.consts[name] == nil {
		ones := uint64(1)<<(8*size-1)<<1 - 1
		f.consts[name] = append(slices.Repeat([]uint64{ones}, 16), make([]uint64, 32)...)
		f.words[name] = size
	}
	return fmt.Sprintf("%s<>+%d(SB)", name, (16-left)*size)
}

// oneLane returns the memory operand of a vector mask of element 15 of 31. Masks of earlier elements lie behind it.
func (f *File) oneLane(size int) string {
	name := fmt.Sprintf("lane%d", size*8)
	if f.consts[name] == nil {
		f.consts[name] = make([]uint64, 32)
		f.consts[name][15] = uint64(1)<<(8*size-1)<<1 - 1
		f.words[name] = size
	}
	return name + "<>(SB)"
}
