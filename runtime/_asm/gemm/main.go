// Command gemm writes the register tiles of the matrix products for one instruction set (-isa avx2 or avx512).
//
// One function a type of element walks down a strip of c, tile by tile. A tile is r rows by v vectors; its sums stay in registers while k
// runs. Elements of a are broadcast from where they lie (two strides, so that a transposed a costs nothing), vectors of b run along n.
package main

//go:generate go run . -isa avx512 -out ../../gemm_avx512_amd64.s -stubs ../../gemm_avx512_stubs_amd64.go -pkg nnrt
//go:generate go run . -isa avx2 -out ../../gemm_avx2_amd64.s -stubs ../../gemm_avx2_stubs_amd64.go -pkg nnrt

import (
	"flag"
	"fmt"
	"log"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of a product, in runtime/gemm.go. A matrix is an address, the stride of rows and that of columns.
const (
	argC = 8 * iota
	argRowC
	_
	argA
	argRowA
	argColA
	argB
	argRowB
	_
	argBias
	_ // m
	_ // n
	argK
	argAcc
	argOffC
	argOffA
	argOffB
	argOffBias
	argTiles
	argRows
	argTaller
	argMask
	argShape
	argAhead
	argLines
	argDescends
	argRate
)

// A shape is a width of tiles: v vectors, rows up to the given number. The last vector is masked, or all of them are whole.
type shape struct {
	v, rows int
	half    bool // vectors of half the length, in the encoding that has masks
	masked  bool
}

// The shapes of an instruction set; the position in the list is product.shape.
var shapes = map[string][]shape{
	// 32 registers: sums, v vectors of b, one broadcast.
	"avx512": {
		{v: 1, rows: 14, half: true, masked: true},
		{v: 1, rows: 14, masked: true},
		{v: 2, rows: 12, masked: true},
		{v: 4, rows: 6, masked: true},
		{v: 8, rows: 2, masked: true},
	},
	// 16 registers. Masks cost instructions here, so only the narrowest shape has them.
	"avx2": {
		{v: 1, rows: 12, masked: true},
		{v: 1, rows: 12},
		{v: 2, rows: 6},
		{v: 4, rows: 2},
		{v: 8, rows: 1},
	},
}

// Registers that a whole strip uses, and those of one tile.
var (
	args = R8
	rowA = R9  // bytes from a row of a to the next
	colA = R10 // bytes from an element of a row of a to the next
	rowB = R11
	row3 = R12 // 3*rowA
	c    = RDI
	a    = RSI
	b    = RBX

	bk    = RAX // row k of b
	kLeft = RCX
	ak    = []Register{RDX, R13, R14, R15} // element k of rows 0, 4, 8 and 12 of the tile of a
	ahead = R15                            // of tiles with at most 12 rows: from row k of b to a line of the next strip
)

func main() {
	isa := flag.String("isa", "avx512", "instruction set: avx2 or avx512")
	flag.Parse()
	if shapes[*isa] == nil {
		log.Fatalf("no instruction set %q", *isa)
	}
	ConstraintExpr("amd64,!purego")
	for _, t := range types {
		tiles(t, *isa)
	}
	Generate()
}

func arg(off int) operand.Mem { return operand.Mem{Base: args, Disp: off} }

// tiles writes the function that computes a strip.
func tiles(t elem, isa string) {
	p := &printer{elem: t, evex: isa == "avx512"}
	name := "tiles" + strings.ToUpper(isa) + t.name
	TEXT(name, NOSPLIT, "func(args *byte)")
	Pragma("noescape")
	Doc(name + " computes the strip of c that a product describes.")
	Load(Param("args"), args)
	MOVQ(arg(argC), c)
	MOVQ(arg(argA), a)
	MOVQ(arg(argB), b)
	ADDQ(arg(argOffC), c)
	ADDQ(arg(argOffA), a)
	ADDQ(arg(argOffB), b)
	MOVQ(arg(argRowA), rowA)
	MOVQ(arg(argColA), colA)
	MOVQ(arg(argRowB), rowB)
	LEAQ(operand.Mem{Base: rowA, Index: rowA, Scale: 2}, row3)
	if p.evex {
		KMOVW(arg(argMask), K1)
	}
	MOVQ(arg(argShape), RAX)
	list := shapes[isa]
	for i := len(list) - 1; i > 0; i-- {
		CMPQ(RAX, operand.Imm(uint64(i)))
		JEQ(operand.LabelRef(fmt.Sprintf("shape%d", i)))
	}
	for i, s := range list {
		p.shape, p.id = s, i
		p.strip()
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// printer writes the tiles of one shape.
type printer struct {
	elem
	shape
	evex bool
	id   int
}

// strip writes the loop over the tiles of a strip: the first `taller` of them have one row more than the others.
func (p *printer) strip() {
	Label(fmt.Sprintf("shape%d", p.id))
	if p.masked && !p.evex {
		MOVQ(arg(argMask), RAX)
		VMOVUPS(operand.Mem{Base: RAX}, Y15)
	}
	MOVQ(arg(argRows), RAX)
	CMPQ(arg(argTaller), operand.Imm(0))
	JEQ(operand.LabelRef(fmt.Sprintf("choose%d", p.id)))
	DECQ(arg(argTaller))
	INCQ(RAX)
	Label(fmt.Sprintf("choose%d", p.id))
	p.choose(1, p.rows)
}

// choose branches on the number of rows, in RAX, which is between lo and hi.
func (p *printer) choose(lo, hi int) {
	if lo == hi {
		p.tile(lo)
		return
	}
	mid := (lo + hi + 1) / 2
	upper := fmt.Sprintf("shape%d_from%d_to%d", p.id, mid, hi)
	CMPQ(RAX, operand.Imm(uint64(mid)))
	JGE(operand.LabelRef(upper))
	p.choose(lo, mid-1)
	Label(upper)
	p.choose(mid, hi)
}

// vec is register i, in the length of the shape.
func (p *printer) vec(i int) Register {
	switch {
	case !p.evex || p.half:
		return ymm[i]
	default:
		return zmm[i]
	}
}

func (p *printer) bytes() int {
	if !p.evex || p.half {
		return 32
	}
	return 64
}

// tile writes one tile of r rows and the step to the next.
func (p *printer) tile(r int) {
	name := fmt.Sprintf("shape%d_rows%d", p.id, r)
	v := p.v
	sum := func(i, j int) Register { return p.vec(i*v + j) }
	masked := func(j int) bool { return p.masked && j == v-1 }
	// A tile of one row uses each vector of b once, in memory but for the masked one; others keep all in registers.
	inMemory := func(j int) bool { return r == 1 && !masked(j) }
	vecB := func(j int) Register {
		if r == 1 {
			return p.vec(v + 1)
		}
		return p.vec(r*v + j)
	}
	x := p.vec(r*v + v) // the broadcast
	if r == 1 {
		x = p.vec(v)
	}

	for g := 0; 4*g < r; g++ {
		if g == 0 {
			MOVQ(a, ak[0])
		} else {
			LEAQ(operand.Mem{Base: ak[g-1], Index: rowA, Scale: 4}, ak[g])
		}
	}
	MOVQ(b, bk)
	if p.fetches() {
		MOVQ(arg(argAhead), ahead)
	}
	MOVQ(arg(argK), kLeft)
	for i := range r * v {
		p.zero(i)
	}
	Label(name)
	for j := range v {
		if !inMemory(j) {
			p.load(operand.Mem{Base: bk, Disp: j * p.bytes()}, vecB(j), masked(j))
		}
	}
	for i := range r {
		m := p.elementA(i)
		if v == 1 && p.evex {
			p.fmaBcst(m, vecB(0), sum(i, 0))
			continue
		}
		p.bcast(m, x)
		for j := range v {
			if inMemory(j) {
				p.fma(operand.Mem{Base: bk, Disp: j * p.bytes()}, x, sum(i, j))
			} else {
				p.fma(vecB(j), x, sum(i, j))
			}
		}
	}
	for g := 0; 4*g < r; g++ {
		ADDQ(colA, ak[g])
	}
	if p.fetches() {
		PREFETCHT1(operand.Mem{Base: bk, Index: ahead, Scale: 1})
	}
	ADDQ(rowB, bk)
	DECQ(kLeft)
	JNZ(operand.LabelRef(name))

	p.finish(r, name, sum, masked, vecB(0))
}

// fetches reports whether tiles of this shape ask for the lines of b that the next strip reads: in each row one line, in as many tiles as the strip
// has lines. They lie a row apart, so that no processor guesses them. A tile that asks for nothing new asks for a line that it has just read.
func (p *printer) fetches() bool { return p.evex && p.v == 4 }

// elementA is element k of row i of the tile of a.
func (p *printer) elementA(i int) operand.Mem {
	m := operand.Mem{Base: ak[i/4]}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = rowA, 1
	case 2:
		m.Index, m.Scale = rowA, 2
	case 3:
		m.Index, m.Scale = row3, 1
	}
	return m
}

// descend writes the end of a tile of a gradient by which parameters move: their rows lie like those of c, which stands behind the tile. The
// product with the rate, which is negative, and the sum are both rounded, as product and difference are in an update that follows later.
func (p *printer) descend(r int, name string, sum func(i, j int) Register, masked func(j int) bool, y Register) {
	rowC, t, rate := RDX, RCX, p.vec(r*p.v+p.v)
	if r == 1 {
		rate = p.vec(p.v)
	}
	MOVQ(arg(argDescends), t)
	TESTQ(t, t)
	JEQ(operand.LabelRef(name + "_stays"))
	ADDQ(c, t)
	SUBQ(arg(argC), t)
	p.bcast(arg(argRate), rate)
	for i := r - 1; i >= 0; i-- {
		SUBQ(rowC, t)
		for j := range p.v {
			m := operand.Mem{Base: t, Disp: j * p.bytes()}
			p.mulP(rate, sum(i, j), sum(i, j))
			p.addFrom(m, sum(i, j), y, masked(j))
			p.store(sum(i, j), m, masked(j))
		}
	}
	Label(name + "_stays")
}

// finish writes what follows the sums of a tile: c and the bias are added, the sums stored, parameters moved, and the next tile begun. The vector
// y is free.
func (p *printer) finish(r int, name string, sum func(i, j int) Register, masked func(j int) bool, y Register) {
	rowC, t := RDX, RCX // the cursors of a have done their work
	MOVQ(arg(argRowC), rowC)
	CMPQ(arg(argAcc), operand.Imm(0))
	JEQ(operand.LabelRef(name + "_bias"))
	MOVQ(c, t)
	for i := range r {
		for j := range p.v {
			p.addFrom(operand.Mem{Base: t, Disp: j * p.bytes()}, sum(i, j), y, masked(j))
		}
		if i < r-1 {
			ADDQ(rowC, t)
		}
	}
	Label(name + "_bias")
	MOVQ(arg(argBias), t)
	TESTQ(t, t)
	JEQ(operand.LabelRef(name + "_store"))
	ADDQ(arg(argOffBias), t)
	for j := range p.v {
		p.load(operand.Mem{Base: t, Disp: j * p.bytes()}, y, masked(j))
		for i := range r {
			p.addP(y, sum(i, j), sum(i, j))
		}
	}
	Label(name + "_store")
	for i := range r {
		for j := range p.v {
			p.store(sum(i, j), operand.Mem{Base: c, Disp: j * p.bytes()}, masked(j))
		}
		ADDQ(rowC, c)
	}
	p.descend(r, name, sum, masked, y)
	IMUL3Q(operand.Imm(uint64(r)), rowA, t)
	ADDQ(t, a)
	if p.fetches() {
		MOVQ(arg(argLines), t)
		TESTQ(t, t)
		JEQ(operand.LabelRef(name + "_next"))
		ADDQ(operand.I8(64), arg(argAhead))
		DECQ(arg(argLines))
		JNZ(operand.LabelRef(name + "_next"))
		MOVQ(operand.I32(0), arg(argAhead))
		Label(name + "_next")
	}
	DECQ(arg(argTiles))
	JNZ(operand.LabelRef(fmt.Sprintf("shape%d", p.id)))
	JMP(operand.LabelRef("done"))
}
