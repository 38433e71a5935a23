package lane

// This file answers: which lane primitives are there, what do they mean, and which instructions are they?

import "math"

// A Type is what the lanes of a value hold.
type Type uint8

const (
	None  Type = iota
	Float      // float32 or float64, as the program says
	Int        // int32; float32 programs only
	Mask       // true or false
)

// An Op is a lane primitive.
type Op uint8

const (
	OpConst Op = iota // Imm: bits of a float32, float64 or int32
	OpInput           // a number the same in all lanes, or what an earlier stage left (Index)
	OpLoad            // the element of operand Index
	OpLane            // int: position along the inner loop
	OpAcc             // accumulator Index of the loop

	OpAdd
	OpSub
	OpMul
	OpDiv
	OpFMA
	OpFNMA
	OpSqrt
	OpMin
	OpMax
	OpRound
	OpFloor
	OpCeil
	OpTrunc

	OpAnd
	OpOr
	OpXor
	OpAndNot

	OpLT
	OpLE
	OpEQ
	OpNE
	OpNLT
	OpNLE
	OpUnord
	OpIEQ
	OpIGT

	OpMAnd
	OpMOr
	OpMXor
	OpSelect
	OpISelect

	OpIAdd
	OpISub
	OpIAnd
	OpIOr
	OpShl
	OpShr
	OpSar
	OpFromInt
	OpToInt
	OpTruncInt
	OpBits
	OpUnbits

	numOps
)

// form says how a primitive is printed, where a mnemonic alone does not.
type form uint8

const (
	formPlain   form = iota // mnemonic b, a, d; the last source may be memory
	formLeaf                // no instruction of its own
	formFMA                 // one of three encodings, by which operand dies
	formUnary               // mnemonic a, d
	formImm                 // mnemonic $imm, a, d
	formRound               // VROUNDPS or VRNDSCALEPS with Imm
	formCompare             // VCMPPS with Imm, into a vector or a mask register
	formIntCmp              // VPCMPEQD, VPCMPGTD, or VPCMPD with Imm
	formMask                // and, or, xor of masks
	formSelect              // blend
	formFree                // another view of the same bits
)

// An opInfo is one row of the table.
type opInfo struct {
	name     string
	args     []Type
	result   Type
	form     form
	vector   string // mnemonic without the suffix PS or PD, or whole where ints are meant
	imm      int    // of comparisons and rounding
	commutes bool
	text     string // Go, on float32, int32 and bool
	doc      string
}

// ops is THE TABLE of lane primitives: meaning and instructions.
var ops = [numOps]opInfo{
	OpConst: {name: "const", form: formLeaf, result: Float},
	OpInput: {name: "input", form: formLeaf, result: Float},
	OpLoad:  {name: "load", form: formLeaf, result: Float},
	OpLane:  {name: "lane", form: formLeaf, result: Int},
	OpAcc:   {name: "acc", form: formLeaf, result: Float},

	OpAdd:   {name: "add", args: []Type{Float, Float}, result: Float, vector: "VADD", commutes: true, text: "%s + %s", doc: "a + b"},
	OpSub:   {name: "sub", args: []Type{Float, Float}, result: Float, vector: "VSUB", text: "%s - %s", doc: "a - b"},
	OpMul:   {name: "mul", args: []Type{Float, Float}, result: Float, vector: "VMUL", commutes: true, text: "float32(%s * %s)", doc: "a * b, rounded"},
	OpDiv:   {name: "div", args: []Type{Float, Float}, result: Float, vector: "VDIV", text: "%s / %s", doc: "a / b"},
	OpFMA:   {name: "fma", args: []Type{Float, Float, Float}, result: Float, form: formFMA, vector: "VFMADD", text: "fma32(%s, %s, %s)", doc: "a*b + c with one rounding"},
	OpFNMA:  {name: "fnma", args: []Type{Float, Float, Float}, result: Float, form: formFMA, vector: "VFNMADD", text: "fma32(-%s, %s, %s)", doc: "c - a*b with one rounding"},
	OpSqrt:  {name: "sqrt", args: []Type{Float}, result: Float, form: formUnary, vector: "VSQRT", text: "sqrt32(%s)", doc: "square root"},
	OpMin:   {name: "min", args: []Type{Float, Float}, result: Float, vector: "VMIN", text: "min32(%s, %s)", doc: "a if a < b, else b: b too where one is NaN or both are zero"},
	OpMax:   {name: "max", args: []Type{Float, Float}, result: Float, vector: "VMAX", text: "max32(%s, %s)", doc: "a if a > b, else b: b too where one is NaN or both are zero"},
	OpRound: {name: "round", args: []Type{Float}, result: Float, form: formRound, imm: 8, text: "round32(%s)", doc: "nearest integer, halves to even"},
	OpFloor: {name: "floor", args: []Type{Float}, result: Float, form: formRound, imm: 9, text: "floor32(%s)", doc: "largest integer not above a"},
	OpCeil:  {name: "ceil", args: []Type{Float}, result: Float, form: formRound, imm: 10, text: "ceil32(%s)", doc: "smallest integer not below a"},
	OpTrunc: {name: "trunc", args: []Type{Float}, result: Float, form: formRound, imm: 11, text: "trunc32(%s)", doc: "a without its fraction"},

	OpAnd:    {name: "and", args: []Type{Float, Float}, result: Float, vector: "VAND", commutes: true, text: "and32(%s, %s)", doc: "bits of both"},
	OpOr:     {name: "or", args: []Type{Float, Float}, result: Float, vector: "VOR", commutes: true, text: "or32(%s, %s)", doc: "bits of either"},
	OpXor:    {name: "xor", args: []Type{Float, Float}, result: Float, vector: "VXOR", commutes: true, text: "xor32(%s, %s)", doc: "bits of one of them"},
	OpAndNot: {name: "andn", args: []Type{Float, Float}, result: Float, vector: "VANDN", text: "andn32(%s, %s)", doc: "bits of b that a does not have"},

	OpLT:    {name: "lt", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 17, text: "%s < %s", doc: "a < b"},
	OpLE:    {name: "le", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 18, text: "%s <= %s", doc: "a <= b"},
	OpEQ:    {name: "eq", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 0, commutes: true, text: "%s == %s", doc: "a == b"},
	OpNE:    {name: "ne", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 4, commutes: true, text: "%s != %s", doc: "a != b, also where one is NaN"},
	OpNLT:   {name: "nlt", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 21, text: "!(%s < %s)", doc: "not a < b: true where one is NaN"},
	OpNLE:   {name: "nle", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 22, text: "!(%s <= %s)", doc: "not a <= b: true where one is NaN"},
	OpUnord: {name: "unord", args: []Type{Float, Float}, result: Mask, form: formCompare, imm: 3, commutes: true, text: "unord32(%s, %s)", doc: "one of them is NaN"},
	OpIEQ:   {name: "ieq", args: []Type{Int, Int}, result: Mask, form: formIntCmp, imm: 0, vector: "VPCMPEQD", commutes: true, text: "%s == %s", doc: "a == b"},
	OpIGT:   {name: "igt", args: []Type{Int, Int}, result: Mask, form: formIntCmp, imm: 6, vector: "VPCMPGTD", text: "%s > %s", doc: "a > b"},

	OpMAnd:    {name: "mand", args: []Type{Mask, Mask}, result: Mask, form: formMask, vector: "AND", commutes: true, text: "%s && %s", doc: "both"},
	OpMOr:     {name: "mor", args: []Type{Mask, Mask}, result: Mask, form: formMask, vector: "OR", commutes: true, text: "%s || %s", doc: "either"},
	OpMXor:    {name: "mxor", args: []Type{Mask, Mask}, result: Mask, form: formMask, vector: "XOR", commutes: true, text: "%s != %s", doc: "one of them"},
	OpSelect:  {name: "select", args: []Type{Mask, Float, Float}, result: Float, form: formSelect, vector: "VBLEND", text: "select32(%s, %s, %s)", doc: "a where m, else b"},
	OpISelect: {name: "iselect", args: []Type{Mask, Int, Int}, result: Int, form: formSelect, vector: "VBLEND", text: "iselect(%s, %s, %s)", doc: "a where m, else b"},

	OpIAdd:     {name: "iadd", args: []Type{Int, Int}, result: Int, vector: "VPADDD", commutes: true, text: "%s + %s", doc: "a + b, wrapping"},
	OpISub:     {name: "isub", args: []Type{Int, Int}, result: Int, vector: "VPSUBD", text: "%s - %s", doc: "a - b, wrapping"},
	OpIAnd:     {name: "iand", args: []Type{Int, Int}, result: Int, vector: "VAND", commutes: true, text: "%s & %s", doc: "bits of both"},
	OpIOr:      {name: "ior", args: []Type{Int, Int}, result: Int, vector: "VOR", commutes: true, text: "%s | %s", doc: "bits of either"},
	OpShl:      {name: "shl", args: []Type{Int}, result: Int, form: formImm, vector: "VPSLLD", text: "%s << %d", doc: "a shifted left by a constant"},
	OpShr:      {name: "shr", args: []Type{Int}, result: Int, form: formImm, vector: "VPSRLD", text: "int32(uint32(%s) >> %d)", doc: "a shifted right by a constant, zeros coming in"},
	OpSar:      {name: "sar", args: []Type{Int}, result: Int, form: formImm, vector: "VPSRAD", text: "%s >> %d", doc: "a shifted right by a constant, copies of the sign coming in"},
	OpFromInt:  {name: "fromint", args: []Type{Int}, result: Float, form: formUnary, vector: "VCVTDQ2PS", text: "float32(%s)", doc: "an int as a float, rounded"},
	OpToInt:    {name: "toint", args: []Type{Float}, result: Int, form: formUnary, vector: "VCVTPS2DQ", text: "toInt32(%s)", doc: "nearest int, halves to even; -1<<31 where there is none"},
	OpTruncInt: {name: "truncint", args: []Type{Float}, result: Int, form: formUnary, vector: "VCVTTPS2DQ", text: "truncInt32(%s)", doc: "a without its fraction as an int; -1<<31 where there is none"},
	OpBits:     {name: "bits", args: []Type{Float}, result: Int, form: formFree, text: "int32(math.Float32bits(%s))", doc: "the bits of a float as an int"},
	OpUnbits:   {name: "unbits", args: []Type{Int}, result: Float, form: formFree, text: "math.Float32frombits(uint32(%s))", doc: "the float with these bits"},
}

// String returns the primitive's name in formulas.
func (op Op) String() string { return ops[op].name }

// opByName finds a primitive by its name in formulas.
func opByName(name string) (Op, bool) {
	for op := OpAdd; op < numOps; op++ {
		if ops[op].name == name {
			return op, true
		}
	}
	return 0, false
}

// floatBits returns the bits of a constant for a program on elements of size bytes.
func floatBits(x float64, size int) uint64 {
	if size == 4 {
		return uint64(math.Float32bits(float32(x)))
	}
	return math.Float64bits(x)
}
