package safetensors

// This file answers: which element types are there, how large are they, and in which order do files hold them?

import (
	"math/bits"
)

// DType is the name of an element type in a file. A file may hold types that this package does not know; they are listed and
// their bytes can be read.
type DType string

// The element types that this package converts. It reads all of them into Go values; it writes those that Go has.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 binary16; read only
	BF16 DType = "BF16" // the upper half of an F32; read only
	I64  DType = "I64"
	I32  DType = "I32"
	U8   DType = "U8"
	BOOL DType = "BOOL" // one byte, 0 or 1
)

// dtypes lists the types of the format in increasing alignment: files hold tensors in the opposite order, so that every tensor lies at
// a multiple of its element's size.
var dtypes = []struct {
	name DType
	bits int // of an element
}{
	{BOOL, 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {U8, 8}, {"I8", 8},
	{"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
	{"I16", 16}, {"U16", 16}, {F16, 16}, {BF16, 16},
	{I32, 32}, {"U32", 32}, {F32, 32}, {"C64", 64}, {F64, 64}, {I64, 64}, {"U64", 64},
}

// rank returns the place of d in dtypes, and -1 for an unknown type.
func (d DType) rank() int {
	for i, t := range dtypes {
		if t.name == d {
			return i
		}
	}
	return -1
}

// elements returns the product of a shape, and false if it overflows or a dimension is negative.
func elements(shape []int) (int, bool) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		hi, lo := bits.Mul(uint(n), uint(d))
		if hi != 0 || int(lo) < 0 {
			return 0, false
		}
		n = int(lo)
	}
	return n, true
}

// byteSize returns the bytes of n elements of a known type, and false if they overflow or end within a byte.
func byteSize(n int, d DType) (int64, bool) {
	hi, lo := bits.Mul64(uint64(n), uint64(dtypes[d.rank()].bits))
	if hi != 0 || lo > 1<<63-1 || lo%8 != 0 {
		return 0, false
	}
	return int64(lo / 8), true
}
