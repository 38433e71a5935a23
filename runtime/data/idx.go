package data

// This file answers: how does an IDX file, the format of MNIST, become numbers?
//
// The format is described at the end of LeCun, Cortes and Burges, "The MNIST database of handwritten digits": two zero bytes, a type code,
// the number of axes, one big-endian 32-bit size for each, then the elements in row-major order, big-endian too.

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"nngen/runtime"
)

// idxKinds are the element types of IDX by their code.
var idxKinds = map[byte]kind{
	0x08: {"uint8", 1, 'u'},
	0x09: {"int8", 1, 'i'},
	0x0b: {"int16", 2, 'i'},
	0x0c: {"int32", 4, 'i'},
	0x0d: {"float32", 4, 'f'},
	0x0e: {"float64", 8, 'f'},
}

// IDXOptions says how to read IDX files. The zero value takes the elements as they are.
type IDXOptions struct {
	// Scale is a factor for all features, such as 1.0/255 for pixels; zero means one.
	Scale float64
	// Classes are the names of the classes by index. Empty means "0" to the largest label of the file.
	Classes []string
}

// idxHeader is what an IDX file says about itself.
type idxHeader struct {
	kind  kind
	shape []int
	n     int // elements
}

// readIDXHeader reads the header and makes sure that the content can hold what it announces.
func readIDXHeader(in *input) (h idxHeader, err error) {
	var magic [4]byte
	if err := in.take(magic[:], "magic number"); err != nil {
		return h, err
	}
	k, known := idxKinds[magic[2]]
	if magic[0] != 0 || magic[1] != 0 || !known || magic[3] == 0 {
		return h, &Error{
			Part: "magic number", Got: fmt.Sprintf("% x", magic),
			Want: "00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes (from 1)",
		}
	}
	h = idxHeader{kind: k, shape: make([]int, magic[3])}
	for i := range h.shape {
		var size [4]byte
		part, at := fmt.Sprintf("dimension %d", i+1), in.at
		if err := in.take(size[:], part); err != nil {
			return h, err
		}
		d := binary.BigEndian.Uint32(size[:])
		if uint64(d) > math.MaxInt {
			return h, &Error{Part: part, Byte: at, Got: fmt.Sprint(d), Want: "a size that fits an int"}
		}
		h.shape[i] = int(d)
	}
	n, ok := volume(h.shape)
	if !ok {
		return h, &Error{Part: "dimension 1", Byte: 4, Got: fmt.Sprintf("shape %v", h.shape), Want: "sizes whose product fits an int"}
	}
	h.n = n
	return h, in.fits(n, h.shape, k, "dimension 1", 4)
}

// ReadIDXArray reads an IDX file, gzip or not, with elements of any type. An element that T cannot hold is an error; a float T takes
// every number that it can round to, NaN and infinity too.
func ReadIDXArray[T Element](r io.Reader) (*Array[T], error) {
	a, _, err := readIDX[T](r)
	return a, err
}

func readIDX[T Element](r io.Reader) (*Array[T], kind, error) {
	in, err := unpack(r)
	if err != nil {
		return nil, kind{}, err
	}
	h, err := readIDXHeader(in)
	if err != nil {
		return nil, kind{}, err
	}
	data, err := elements[T](in, h.n, h.kind, binary.BigEndian)
	if err != nil {
		return nil, kind{}, err
	}
	return &Array[T]{Shape: h.shape, Data: data}, h.kind, nil
}

// ReadIDX reads features [rows, ...], such as images, and labels [rows] into a table; labels may be nil for a table without a target. Labels of
// an integer type are class indices, labels of a floating-point type numbers to predict. Columns are called "1", "2" and so on.
func ReadIDX[T nnrt.Float](features, labels io.Reader, o IDXOptions) (*Table[T], error) {
	x, err := readIDXFeatures[T](features, o)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	if labels == nil {
		return FromArrays[T, T](x, nil)
	}
	y, err := readIDXLabels(labels)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	t, err := labelled(x, y, o)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return t, nil
}

// ReadIDXFiles reads files by [ReadIDX]; an empty path of labels means none. Errors begin with the path of the file that is wrong.
func ReadIDXFiles[T nnrt.Float](features, labels string, o IDXOptions) (*Table[T], error) {
	x, err := fromFile(features, func(r io.Reader) (*Array[T], error) { return readIDXFeatures[T](r, o) })
	if err != nil {
		return nil, err
	}
	if labels == "" {
		t, err := FromArrays[T, T](x, nil)
		return t, inFile(features, err)
	}
	y, err := fromFile(labels, readIDXLabels)
	if err != nil {
		return nil, err
	}
	t, err := labelled(x, y, o)
	return t, inFile(labels, err)
}

// fromFile opens a file and reads it; errors begin with its path.
func fromFile[V any](path string, read func(io.Reader) (V, error)) (v V, err error) {
	f, err := os.Open(path)
	if err != nil {
		return v, err
	}
	defer f.Close()
	v, err = read(f)
	return v, inFile(path, err)
}

func readIDXFeatures[T nnrt.Float](r io.Reader, o IDXOptions) (*Array[T], error) {
	x, k, err := readIDX[T](r)
	if err != nil {
		return nil, err
	}
	if err := featureShape(x.Shape); err != nil {
		return nil, err
	}
	start := int64(4 + 4*len(x.Shape))
	if k.float() {
		if err := firstNonFinite(x.Data, 0, start, k); err != nil {
			return nil, err
		}
	}
	if o.Scale != 0 {
		for i, v := range x.Data {
			x.Data[i] = T(float64(v) * o.Scale)
			if !finite(x.Data[i]) {
				return nil, elementError(i, start+int64(i)*int64(k.size), scaled(v, o.Scale), "a finite number")
			}
		}
	}
	return x, nil
}

// featureShape returns an error unless a shape is that of rows of values.
func featureShape(shape []int) error {
	switch {
	case len(shape) < 2:
		return &Error{Part: "magic number", Got: "1 axis, as files of labels have", Want: "at least two: rows, and the values of a row"}
	case shape[0] == 0:
		return &Error{Part: "dimension 1", Byte: 4, Got: "no rows", Want: "at least one"}
	}
	if n, ok := volume(shape[1:]); !ok || n == 0 {
		return &Error{Part: "dimension 2", Byte: 8, Got: fmt.Sprintf("rows of shape %v", shape[1:]), Want: "at least one value in a row"}
	}
	return nil
}

// firstNonFinite returns an error that names the first NaN or infinity of values that begin with element number first.
func firstNonFinite[T nnrt.Float](values []T, first int, start int64, k kind) error {
	for i, v := range values {
		if !finite(v) {
			n := first + i
			return elementError(n, start+int64(n)*int64(k.size), fmt.Sprint(v), "a finite number")
		}
	}
	return nil
}

// elementError says what is wrong with an element that lies at a byte.
func elementError(n int, at int64, got, want string) error {
	return &Error{Part: fmt.Sprintf("element %d", n), Byte: at, Got: got, Want: want}
}

// scaled says which product is not finite.
func scaled[T nnrt.Float](v T, scale float64) string {
	return fmt.Sprintf("%v, times the scale %g", v, scale)
}

// targets are the labels of an IDX file: float64 holds the values of all element types exactly.
type targets struct {
	values []float64
	kind   kind
}

func readIDXLabels(r io.Reader) (targets, error) {
	a, k, err := readIDX[float64](r)
	if err != nil {
		return targets{}, err
	}
	if len(a.Shape) != 1 {
		return targets{}, &Error{Part: "magic number", Got: counted(len(a.Shape), "dimension"), Want: "1, a label for each row"}
	}
	if k.float() {
		return targets{a.Data, k}, firstNonFinite(a.Data, 0, 8, k)
	}
	return targets{a.Data, k}, nil
}

// labelled makes a table of features and labels.
func labelled[T nnrt.Float](x *Array[T], y targets, o IDXOptions) (*Table[T], error) {
	if len(y.values) != x.Shape[0] {
		return nil, &Error{Part: "dimension 1", Byte: 4, Got: counted(len(y.values), "label"), Want: fmt.Sprintf("%d, one for each row of features", x.Shape[0])}
	}
	width := len(x.Data) / x.Shape[0]
	t := &Table[T]{Columns: numbered(width), Rows: x.Shape[0], Features: x.Data, Label: "target"}
	if y.kind.float() {
		if len(o.Classes) > 0 {
			return nil, errFloatClasses()
		}
		return t, setNumbers(t, y.values)
	}
	classes, err := idxClasses(y, o)
	if err != nil {
		return nil, err
	}
	t.Classes = classes
	t.Labels = make([]int32, len(y.values))
	for i, v := range y.values {
		t.Labels[i] = int32(v)
	}
	return t, nil
}

func errFloatClasses() error {
	return &Error{Part: "magic number", Got: "labels of a floating-point type", Want: "an integer type, since the options name classes"}
}

// idxClasses returns the names of the classes that labels need, or an error for one outside of what is allowed.
func idxClasses(y targets, o IDXOptions) ([]string, error) {
	limit, most := indexLimit(len(y.values)), 0
	if len(o.Classes) > 0 {
		if err := distinct(o.Classes); err != nil {
			return nil, err
		}
		limit = len(o.Classes) - 1
	}
	for i, v := range y.values {
		if err := y.kind.checkIndex(i, v, limit); err != nil {
			return nil, err
		}
		most = max(most, int(v))
	}
	if len(o.Classes) > 0 {
		return slices.Clone(o.Classes), nil
	}
	return indexNames(most), nil
}

// checkIndex returns an error unless label i of a file of labels is an index from 0 to limit.
func (k kind) checkIndex(i int, v float64, limit int) error {
	if v >= 0 && v <= float64(limit) {
		return nil
	}
	return &Error{
		Part: fmt.Sprintf("label %d", i), Byte: 8 + int64(i)*int64(k.size),
		Got: strconv.FormatFloat(v, 'f', -1, 64), Want: fmt.Sprintf("a class index from 0 to %d", limit),
	}
}

// indexNames returns the names "0" to "most".
func indexNames(most int) []string {
	names := make([]string, most+1)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}
