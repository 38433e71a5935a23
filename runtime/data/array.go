package data

// This file answers: how do numbers of any kind become a Go slice of one kind?

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unsafe"

	"nngen/runtime"
)

// Element is what an [Array] can hold.
type Element interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// Array is a block of numbers as IDX and NPY files hold it.
type Array[T Element] struct {
	Shape []int // sizes of the axes; empty for a single number
	Data  []T   // the elements in row-major (C) order, as many as the product of Shape
}

// Check returns an error unless the array holds as many elements as its shape says.
func (a *Array[T]) Check() error {
	n, ok := volume(a.Shape)
	if !ok {
		return fmt.Errorf("array: got shape %v, want sizes from 0 whose product is an int", a.Shape)
	}
	if n != len(a.Data) {
		return fmt.Errorf("array: got %s, want %d as shape %v says", counted(len(a.Data), "element"), n, a.Shape)
	}
	return nil
}

// volume returns the product of the sizes, and false if one is negative or the product of those that are not zero does not fit an int.
func volume(shape []int) (int, bool) {
	n, zero := uint64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			zero = true
			continue
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		n = lo
	}
	if zero {
		return 0, true
	}
	return int(n), true
}

// kind is the type of the elements of a file.
type kind struct {
	name string // as messages say it
	size int    // bytes of one element
	kind byte   // 'u' unsigned, 'i' signed, 'f' floating point, 'b' bool
}

func (k kind) float() bool { return k.kind == 'f' }

// decode converts the elements of raw to dst, one for each. It returns the index of the first that T cannot hold, or len(dst).
func decode[T Element](dst []T, raw []byte, k kind, order binary.ByteOrder) int {
	if k.size == 1 && k.kind == 'u' && isFloat[T]() { // pixels: a loop without calls
		for i, v := range raw[:len(dst)] {
			dst[i] = T(v)
		}
		return len(dst)
	}
	var ok bool
	for i := range dst {
		e := raw[i*k.size : (i+1)*k.size]
		if k.kind == 'f' {
			dst[i], ok = fromFloat[T](floatOf(e, order))
		} else if u := wordOf(e, order); k.kind == 'i' {
			shift := 64 - 8*k.size
			dst[i], ok = fromInt[T](int64(u<<shift) >> shift)
		} else {
			dst[i], ok = fromUint[T](u)
			ok = ok && (k.kind == 'u' || u <= 1)
		}
		if !ok {
			return i
		}
	}
	return len(dst)
}

// textOf returns an element as messages show it.
func textOf(e []byte, k kind, order binary.ByteOrder) string {
	switch k.kind {
	case 'f':
		return strconv.FormatFloat(floatOf(e, order), 'g', -1, 64)
	case 'i':
		shift := 64 - 8*k.size
		return strconv.FormatInt(int64(wordOf(e, order)<<shift)>>shift, 10)
	}
	return strconv.FormatUint(wordOf(e, order), 10)
}

// wordOf returns the bytes of an element as an unsigned number.
func wordOf(e []byte, order binary.ByteOrder) uint64 {
	switch len(e) {
	case 1:
		return uint64(e[0])
	case 2:
		return uint64(order.Uint16(e))
	case 4:
		return uint64(order.Uint32(e))
	}
	return order.Uint64(e)
}

// floatOf returns an element of 2, 4 or 8 bytes in IEEE 754 format; nothing is rounded.
func floatOf(e []byte, order binary.ByteOrder) float64 {
	switch u := wordOf(e, order); len(e) {
	case 2:
		return half(uint16(u))
	case 4:
		return float64(math.Float32frombits(uint32(u)))
	default:
		return math.Float64frombits(u)
	}
}

// half returns the value of an IEEE 754 binary16 number: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction.
func half(h uint16) float64 {
	sign := uint64(h>>15) << 63
	exponent, fraction := int(h>>10&31), uint64(h&1023)
	switch exponent {
	case 31: // infinity or NaN, whose payload stays
		return math.Float64frombits(sign | 0x7ff<<52 | fraction<<42)
	case 0:
		return math.Copysign(math.Ldexp(float64(fraction), -24), math.Float64frombits(sign|1))
	}
	return math.Float64frombits(sign | uint64(exponent-15+1023)<<52 | fraction<<42)
}

func isFloat[T Element]() bool { return T(1)/T(2) != 0 }

func fromInt[T Element](v int64) (T, bool) {
	t := T(v)
	return t, isFloat[T]() || int64(t) == v && (t < 0) == (v < 0)
}

func fromUint[T Element](v uint64) (T, bool) {
	t := T(v)
	return t, isFloat[T]() || uint64(t) == v && t >= 0
}

// fromFloat rounds v to a float T as Go does; an integer T must hold it exactly. A finite number that overflows T does not fit.
func fromFloat[T Element](v float64) (T, bool) {
	switch {
	case isFloat[T]():
		t := T(v)
		return t, !math.IsInf(float64(t), 0) || math.IsInf(v, 0)
	case v != math.Trunc(v) || math.IsInf(v, 0): // also NaN
		return 0, false
	case v >= -1<<63 && v < 1<<63:
		return fromInt[T](int64(v))
	case v >= 1<<63 && v < 1<<64:
		return fromUint[T](uint64(v))
	}
	return 0, false
}

// fits returns an error unless the content can hold n elements of a kind, which a shape announces, after what was read. Part and at say where the
// file announces them.
func (in *input) fits(n int, shape []int, k kind, part string, at int64) error {
	hi, need := bits.Mul64(uint64(n), uint64(k.size))
	left := uint64(in.left())
	e := &Error{Part: part, Byte: at, Got: fmt.Sprintf("shape %v of %s", shape, k.name)}
	switch {
	case in.exact && (hi != 0 || need != left):
		e.Want = fmt.Sprintf("one for the %s that follow", counted(int(min(left, math.MaxInt)), "byte"))
	case hi != 0 || need > left:
		e.Want = fmt.Sprintf("one for the %s that can follow at most", counted(int(min(left, math.MaxInt)), "byte"))
	default:
		return nil
	}
	return e
}

// elements reads n elements and the end of the content. Memory grows with what really arrives, unless the size of the content is known.
func elements[T Element](in *input, n int, k kind, order binary.ByteOrder) ([]T, error) {
	const piece = 8 << 10 // elements decoded at once
	var raw [piece * 8]byte
	first := min(n, piece)
	if in.exact { // fits has compared n with it
		first = n
	}
	out := make([]T, 0, first)
	for len(out) < n {
		now := min(n-len(out), piece)
		if cap(out)-len(out) < now {
			grown := make([]T, len(out), min(n, max(2*cap(out), len(out)+now)))
			copy(grown, out)
			out = grown
		}
		bytes := raw[:now*k.size]
		if err := in.take(bytes, "data"); err != nil {
			return nil, err
		}
		have := len(out)
		out = out[:have+now]
		if bad := decode(out[have:], bytes, k, order); bad < now {
			return nil, &Error{
				Part: fmt.Sprintf("element %d", have+bad), Byte: in.at - int64(len(bytes)-bad*k.size),
				Got:  textOf(bytes[bad*k.size:][:k.size], k, order),
				Want: fitting[T](k),
			}
		}
	}
	return out, in.end()
}

// fitting says which values of a file T takes.
func fitting[T Element](k kind) string {
	if k.kind == 'b' {
		return "a bool: 0 or 1"
	}
	return fmt.Sprintf("a value that fits %T", T(0))
}

// FromArrays makes a table of features x [n, ...] and targets y: [n] or [n, k], or nil for none. Axes of x after the first become one;
// columns are called "1", "2" and so on. Targets of an integer type are class indices, as they are: Classes are "0" to the largest. Targets of
// a floating-point type are numbers to predict. The table keeps x's memory.
func FromArrays[T nnrt.Float, L Element](x *Array[T], y *Array[L]) (*Table[T], error) {
	if err := x.Check(); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	if len(x.Shape) < 2 {
		return nil, fmt.Errorf("features: got %s (shape %v), want at least two: rows, and values of a row", counted(len(x.Shape), "axis"), x.Shape)
	}
	width, ok := volume(x.Shape[1:])
	if !ok || width == 0 {
		return nil, fmt.Errorf("features: got shape %v, want at least one value in a row", x.Shape)
	}
	if len(x.Data) == 0 {
		return nil, fmt.Errorf("features: got shape %v, want at least one row", x.Shape)
	}
	t := &Table[T]{Columns: numbered(width), Rows: x.Shape[0], Features: x.Data}
	if y == nil {
		return t, t.Check()
	}
	if err := y.Check(); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if n := len(y.Shape); n < 1 || n > 2 || y.Shape[0] != t.Rows || n == 2 && y.Shape[1] < 1 {
		return nil, fmt.Errorf("target: got shape %v, want [%d], one for each row of features, or [%d, k]", y.Shape, t.Rows, t.Rows)
	}
	t.Label = "target"
	if len(y.Data) > t.Rows {
		t.Label, t.Targets = "", numbered(y.Shape[1])
	}
	return t, setNumbers(t, y.Data)
}

// numbered returns the names "1" to "n".
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}

// setNumbers fills a table's target from numbers and checks the table: integers, one a row, are class indices, everything else is a number
// to predict.
func setNumbers[T nnrt.Float, L Element](t *Table[T], y []L) error {
	if isFloat[L]() || len(t.Targets) > 0 {
		t.Target = make([]T, len(y))
		for i, v := range y {
			t.Target[i] = T(v)
		}
		return t.Check()
	}
	top := indexLimit(len(y))
	most := 0
	t.Labels = make([]int32, len(y))
	for i, v := range y {
		if v < 0 || uint64(v) > uint64(top) {
			return fmt.Errorf("target: row %d: got class index %v, want 0 to %d (numbers to predict must be of a floating-point type)", i, v, top)
		}
		t.Labels[i] = int32(v)
		most = max(most, int(v))
	}
	t.Classes = indexNames(most)
	return t.Check()
}

// indexLimit is the largest class index among n rows: the names of the classes must not need more memory than the rows do.
func indexLimit(n int) int { return min(max(n, 255), math.MaxInt32-1) }

// finite reports whether v is neither NaN nor infinite.
func finite[T nnrt.Float](v T) bool { return v-v == 0 }

// bitsOf is the size of T in bits.
func bitsOf[T nnrt.Float]() int { return int(unsafe.Sizeof(T(0))) * 8 }
