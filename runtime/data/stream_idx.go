package data

// This file answers: how do rows come from IDX files, one at a time?

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"

	"nngen/runtime"
)

// OpenIDX opens IDX files, gzip or not, as a stream, by the rules of [ReadIDX]; an empty path of labels means none. It reads the headers and
// the labels; features that are not finite, and packed files that are damaged, are found by the first pass.
func OpenIDX[T nnrt.Float](features, labels string, o IDXOptions) (*Stream[T], error) {
	x, err := openIDX(features)
	if err != nil {
		return nil, err
	}
	x.close()
	if err := featureShape(x.shape); err != nil {
		return nil, inFile(features, err)
	}
	width := x.n / x.shape[0]
	s := &Stream[T]{Columns: numbered(width), name: features, total: x.shape[0], rows: x.shape[0]}
	if labels != "" {
		s.Label = "target"
		if s.Classes, err = surveyLabels(labels, s.rows, o); err != nil {
			return nil, inFile(labels, err)
		}
		s.numeric = s.Classes == nil
	}
	classes := o
	classes.Classes = s.Classes
	s.open = func() (rowReader[T], error) { return newIDXReader[T](features, labels, x.shape, classes) }
	return s, nil
}

// surveyLabels reads a file of labels and returns the names of the classes, nil if the labels are numbers to predict.
func surveyLabels(path string, rows int, o IDXOptions) (classes []string, err error) {
	y, err := openIDX(path)
	if err != nil {
		return nil, err
	}
	defer y.close()
	if err := y.labels(rows); err != nil {
		return nil, err
	}
	if y.kind.float() && len(o.Classes) > 0 {
		return nil, errFloatClasses()
	}
	limit, most := indexLimit(rows), 0
	if len(o.Classes) > 0 {
		if err := distinct(o.Classes); err != nil {
			return nil, err
		}
		limit = len(o.Classes) - 1
	}
	var raw [8]byte
	var value [1]float64
	for i := range rows {
		e := raw[:y.kind.size]
		if err := y.in.take(e, "data"); err != nil {
			return nil, err
		}
		decode(value[:], e, y.kind, binary.BigEndian)
		if y.kind.float() {
			err = firstNonFinite(value[:], i, 8, y.kind)
		} else {
			err = y.kind.checkIndex(i, value[0], limit)
			most = max(most, int(value[0]))
		}
		if err != nil {
			return nil, err
		}
	}
	switch err := y.in.end(); {
	case err != nil:
		return nil, err
	case y.kind.float():
		return nil, nil
	case len(o.Classes) > 0:
		return slices.Clone(o.Classes), nil
	}
	return indexNames(most), nil
}

// idxFile is an open file behind its header.
type idxFile struct {
	idxHeader
	in   *input
	path string
	file *os.File
}

// openIDX opens a file and reads its header; errors begin with its path.
func openIDX(path string) (*idxFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := unpack(f)
	var h idxHeader
	if err == nil {
		h, err = readIDXHeader(in)
	}
	if err != nil {
		f.Close()
		return nil, inFile(path, err)
	}
	return &idxFile{idxHeader: h, in: in, path: path, file: f}, nil
}

func (f *idxFile) close() { f.file.Close() }

// labels returns an error unless the file holds a label for each row.
func (f *idxFile) labels(rows int) error {
	switch {
	case len(f.shape) != 1:
		return &Error{Part: "magic number", Got: counted(len(f.shape), "dimension"), Want: "1, a label for each row"}
	case f.n != rows:
		return &Error{Part: "dimension 1", Byte: 4, Got: counted(f.n, "label"), Want: fmt.Sprintf("%d, one for each row of features", rows)}
	}
	return nil
}

// idxReader is a [rowReader] of IDX files.
type idxReader[T nnrt.Float] struct {
	x, y    *idxFile // y is nil if there are no labels
	row     int
	scale   float64
	classes int
	raw     []byte
	label   [1]float64
}

func newIDXReader[T nnrt.Float](features, labels string, shape []int, o IDXOptions) (rowReader[T], error) {
	x, err := openIDX(features)
	if err != nil {
		return nil, err
	}
	r := &idxReader[T]{x: x, scale: o.Scale, classes: len(o.Classes)}
	if !slices.Equal(x.shape, shape) {
		r.Close()
		return nil, inFile(features, &Error{
			Part: "dimension 1", Byte: 4,
			Got: fmt.Sprintf("shape %v", x.shape), Want: fmt.Sprintf("%v, as when the stream was opened", shape),
		})
	}
	r.raw = make([]byte, max(x.n/x.shape[0]*x.kind.size, 8))
	if labels != "" {
		if r.y, err = openIDX(labels); err == nil {
			err = inFile(labels, r.y.labels(x.shape[0]))
		}
		if err != nil {
			r.Close()
			return nil, err
		}
	}
	return r, nil
}

func (r *idxReader[T]) next(features, target []T) (int32, error) {
	if r.row == r.x.shape[0] {
		if err := r.x.in.end(); err != nil {
			return 0, inFile(r.x.path, err)
		}
		if r.y != nil {
			if err := r.y.in.end(); err != nil {
				return 0, inFile(r.y.path, err)
			}
		}
		return 0, io.EOF
	}
	if err := r.nextFeatures(features); err != nil {
		return 0, inFile(r.x.path, err)
	}
	label, err := r.nextLabel(target)
	r.row++
	if err != nil {
		err = inFile(r.y.path, err)
	}
	return label, err
}

func (r *idxReader[T]) nextFeatures(features []T) error {
	k := r.x.kind
	at := r.x.in.at
	raw := r.raw[:len(features)*k.size]
	if err := r.x.in.take(raw, "data"); err != nil {
		return err
	}
	if bad := decode(features, raw, k, binary.BigEndian); bad < len(features) {
		return r.element(bad, at, textOf(raw[bad*k.size:][:k.size], k, binary.BigEndian), fitting[T](k))
	}
	for i, v := range features {
		if !finite(v) {
			return r.element(i, at, fmt.Sprint(v), "a finite number")
		}
		if r.scale != 0 {
			features[i] = T(float64(v) * r.scale)
			if !finite(features[i]) {
				return r.element(i, at, scaled(v, r.scale), "a finite number")
			}
		}
	}
	return nil
}

// element says what is wrong with a value of the row that begins at a byte.
func (r *idxReader[T]) element(column int, row int64, got, want string) error {
	return elementError(r.row*(r.x.n/r.x.shape[0])+column, row+int64(column*r.x.kind.size), got, want)
}

func (r *idxReader[T]) nextLabel(target []T) (int32, error) {
	if r.y == nil {
		return 0, nil
	}
	raw := r.raw[:r.y.kind.size]
	if err := r.y.in.take(raw, "data"); err != nil {
		return 0, err
	}
	decode(r.label[:], raw, r.y.kind, binary.BigEndian)
	if len(target) > 0 {
		target[0] = T(r.label[0])
		return 0, firstNonFinite(target[:1], r.row, 8, r.y.kind)
	}
	return int32(r.label[0]), r.y.kind.checkIndex(r.row, r.label[0], r.classes-1)
}

func (r *idxReader[T]) Close() error {
	if r.y != nil {
		r.y.close()
	}
	r.x.close()
	return nil
}
