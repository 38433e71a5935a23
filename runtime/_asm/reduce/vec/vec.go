// Package vec is what the generators of reductions, copies and random streams share: vectors of one width and element type, and how the
// first lanes of a vector are named.
package vec

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A Level is an instruction set and an element type for which a kernel is written.
type Level struct {
	Wide bool // AVX-512 in place of AVX2
	Size int  // bytes of an element, 4 or 8
}

// Levels are all of them.
var Levels = []Level{{false, 4}, {true, 4}, {false, 8}, {true, 8}}

// Name returns the name of a kernel on this level, as in sumRows32AVX2.
func (l Level) Name(kernel string) string {
	return fmt.Sprintf("%s%d%s", kernel, 8*l.Size, l.Set())
}

// Set returns the name of the instruction set.
func (l Level) Set() string {
	if l.Wide {
		return "AVX512"
	}
	return "AVX2"
}

// Float returns the Go name of the element type.
func (l Level) Float() string { return fmt.Sprintf("float%d", 8*l.Size) }

// Bytes returns the width of a vector, and Lanes its elements.
func (l Level) Bytes() int {
	if l.Wide {
		return 64
	}
	return 32
}

func (l Level) Lanes() int { return l.Bytes() / l.Size }

// Vec returns a fresh vector register.
func (l Level) Vec() VecVirtual {
	if l.Wide {
		return ZMM()
	}
	return YMM()
}

// Vecs returns n fresh vector registers.
func (l Level) Vecs(n int) []VecVirtual {
	out := make([]VecVirtual, n)
	for i := range out {
		out[i] = l.Vec()
	}
	return out
}

// Instructions on floats of the level's size.
func (l Level) pick(single, double func(...Op)) func(...Op) {
	if l.Size == 4 {
		return single
	}
	return double
}

func (l Level) Add(ops ...Op) { l.pick(VADDPS, VADDPD)(ops...) }
func (l Level) Mul(ops ...Op) { l.pick(VMULPS, VMULPD)(ops...) }
func (l Level) Max(ops ...Op) { l.pick(VMAXPS, VMAXPD)(ops...) }
func (l Level) And(ops ...Op) { l.pick(VANDPS, VANDPD)(ops...) }
func (l Level) Cmp(ops ...Op) { l.pick(VCMPPS, VCMPPD)(ops...) }

// Range is the maximum that knows +0 from -0, of AVX-512.
func (l Level) Range(ops ...Op) { l.pick(VRANGEPS, VRANGEPD)(ops...) }

// StoreScalar stores lane 0.
func (l Level) StoreScalar(from Op, to Mem) { l.pick(VMOVSS, VMOVSD)(from, to) }

// Broadcast fills every lane with the value in memory or in lane 0.
func (l Level) Broadcast(ops ...Op) {
	l.pick(VBROADCASTSS, VBROADCASTSD)(ops...)
}

// Scale multiplies a count of elements by their size.
func (l Level) Scale(n Register) {
	if l.Size == 4 {
		SHLQ(U8(2), n)
	} else {
		SHLQ(U8(3), n)
	}
}

// Constant writes a value of the level's type, as bits, since the assembler knows no infinity.
func (l Level) Constant(name string, x float64) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	if l.Size == 4 {
		DATA(0, U32(math.Float32bits(float32(x))))
	} else {
		DATA(0, U64(math.Float64bits(x)))
	}
	return m
}

// Zero clears registers.
func Zero(vs ...VecVirtual) {
	for _, v := range vs {
		if v.Size() == 64 {
			VPXORD(v, v, v)
		} else {
			VPXOR(v, v, v)
		}
	}
}

// Text begins a function that keeps no pointer.
func Text(name, signature, doc string) {
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + " " + doc)
}

// Arg loads a parameter into a register.
func Arg(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// Masks name the first n of 16 lanes, of one vector after the other.
type Masks struct {
	l    Level
	at   GPVirtual       // AVX2: where the words of the first vector's mask lie
	bits []OpmaskVirtual // AVX-512
}

var table Mem

// Table writes the data from which AVX2 masks are loaded: sixteen quadwords of ones, then sixteen of zeros.
func Table() {
	table = GLOBL("ones", attr.RODATA|attr.NOPTR)
	for i := range 32 {
		v := U64(0xFFFFFFFFFFFFFFFF)
		if i >= 16 {
			v = 0
		}
		DATA(8*i, v)
	}
}

// First returns the masks of the first n lanes, n from 0 to 16.
func (l Level) First(n GPVirtual) Masks {
	m := Masks{l: l}
	if l.Wide {
		ones := GP32()
		MOVQ(n, RCX) // the count of a shift lives in CX
		MOVL(I32(-1), ones)
		SHLL(CL, ones)
		NOTL(ones)
		m.bits = append(m.bits, K())
		KMOVW(ones, m.bits[0])
		if l.Size == 8 {
			m.bits = append(m.bits, K())
			KSHIFTRW(U8(8), m.bits[0], m.bits[1])
		}
		return m
	}
	m.at = GP64()
	less := GP64()
	LEAQ(table.Offset(128), m.at)
	MOVQ(n, less)
	l.Scale(less)
	SUBQ(less, m.at)
	return m
}

// Vector returns the mask of vector v.
func (m Masks) Vector(v int) Mask {
	if m.l.Wide {
		return Mask{l: m.l, bits: m.bits[v]}
	}
	words := YMM()
	VMOVUPS(Mem{Base: m.at, Disp: 32 * v}, words)
	return Mask{l: m.l, words: words}
}

// A Mask names lanes of one vector.
type Mask struct {
	l     Level
	words VecVirtual
	bits  OpmaskVirtual
}

// Load loads the lanes of the mask and clears the others.
func (m Mask) Load(from Mem, to VecVirtual) {
	switch {
	case m.l.Wide && m.l.Size == 4:
		VMOVUPS_Z(from, m.bits, to)
	case m.l.Wide:
		VMOVUPD_Z(from, m.bits, to)
	case m.l.Size == 4:
		VMASKMOVPS(from, m.words, to)
	default:
		VMASKMOVPD(from, m.words, to)
	}
}

// Store stores the lanes of the mask.
func (m Mask) Store(from VecVirtual, to Mem) {
	switch {
	case m.l.Wide && m.l.Size == 4:
		VMOVUPS(from, m.bits, to)
	case m.l.Wide:
		VMOVUPD(from, m.bits, to)
	case m.l.Size == 4:
		VMASKMOVPS(from, m.words, to)
	default:
		VMASKMOVPD(from, m.words, to)
	}
}

// Merge copies the lanes of the mask and leaves the others.
func (m Mask) Merge(from, to VecVirtual) {
	switch {
	case m.l.Wide && m.l.Size == 4:
		VMOVAPS(from, m.bits, to)
	case m.l.Wide:
		VMOVAPD(from, m.bits, to)
	default:
		VBLENDVPS(m.words, from, to, to)
	}
}

// Like returns a fresh register as wide as v.
func Like(v VecVirtual) VecVirtual {
	switch v.Size() {
	case 64:
		return ZMM()
	case 32:
		return YMM()
	}
	return XMM()
}

// Marks remember in which lanes a NaN was seen.
type Marks struct {
	l     Level
	words VecVirtual
	bits  OpmaskVirtual
}

// Marks returns marks with none set.
func (l Level) Marks() Marks {
	m := Marks{l: l}
	if l.Wide {
		m.bits = K()
		KXORW(m.bits, m.bits, m.bits)
	} else {
		m.words = YMM()
		Zero(m.words)
	}
	return m
}

// NaN marks the lanes of x that are NaN.
func (m Marks) NaN(x VecVirtual) {
	if m.l.Wide {
		k := K()
		m.l.Cmp(U8(3), x, x, k)
		KORW(k, m.bits, m.bits)
		return
	}
	t := YMM()
	m.l.Cmp(U8(3), x, x, t)
	VORPS(t, m.words, m.words)
}

// Spread sets all bits of the marked lanes of x, which makes them NaN.
func (m Marks) Spread(x VecVirtual) {
	if m.l.Wide {
		t := ZMM()
		if m.l.Size == 4 {
			VPMOVM2D(m.bits, t)
		} else {
			VPMOVM2Q(m.bits, t)
		}
		VPORD(t, x, x)
		return
	}
	VORPS(m.words, x, x)
}

// Test clears the zero flag if any lane is marked.
func (m Marks) Test() {
	if m.l.Wide {
		KORTESTW(m.bits, m.bits)
	} else {
		VPTEST(m.words, m.words)
	}
}
