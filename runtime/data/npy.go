package data

// This file answers: how does an NPY file, the format of numpy.save, become numbers?
//
// The format is that of NumPy enhancement proposal 1, versions 1.0 to 3.0: a magic string, a version, the length of a header, and the header
// itself, which is a Python dictionary in text form with the keys descr, fortran_order and shape.

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// npyMagic begins every NPY file.
const npyMagic = "\x93NUMPY"

// npyMost is the longest header that is read; NumPy itself refuses more than 10 000 characters.
const npyMost = 1 << 16

// npyKinds are the element types of NPY by their code without the byte order.
var npyKinds = map[string]kind{
	"b1": {"bool", 1, 'b'},
	"i1": {"int8", 1, 'i'}, "i2": {"int16", 2, 'i'}, "i4": {"int32", 4, 'i'}, "i8": {"int64", 8, 'i'},
	"u1": {"uint8", 1, 'u'}, "u2": {"uint16", 2, 'u'}, "u4": {"uint32", 4, 'u'}, "u8": {"uint64", 8, 'u'},
	"f2": {"float16", 2, 'f'}, "f4": {"float32", 4, 'f'}, "f8": {"float64", 8, 'f'},
}

// ReadNPY reads an array as numpy.save writes it: versions 1 to 3, either byte order, bool, integers, and floating-point numbers of 2, 4 and 8
// bytes, in C or Fortran order; the result is in C order. An element that T cannot hold is an error; a float T takes every number that it
// can round to, NaN and infinity too.
func ReadNPY[T Element](r io.Reader) (*Array[T], error) {
	in, err := unpack(r)
	if err != nil {
		return nil, err
	}
	return readNPY[T](in)
}

// ReadNPYFile reads a file by [ReadNPY]; errors begin with its path.
func ReadNPYFile[T Element](path string) (*Array[T], error) { return fromFile(path, ReadNPY[T]) }

// ReadNPZFile reads one array of an archive as numpy.savez and savez_compressed write it. The name is that of the array, without ".npy".
func ReadNPZFile[T Element](path, name string) (*Array[T], error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, inFile(path, err)
	}
	var names []string
	for _, part := range z.File {
		if part.Name != name+".npy" {
			names = append(names, strings.TrimSuffix(part.Name, ".npy"))
			continue
		}
		r, err := part.Open()
		if err != nil {
			return nil, inFile(path+", "+part.Name, err)
		}
		defer r.Close()
		in, err := unpack(r)
		if err != nil {
			return nil, inFile(path+", "+part.Name, err)
		}
		if n := min(part.CompressedSize64, uint64(info.Size())); n < unknown/inflation {
			in.most = int64(n) * inflation
		}
		a, err := readNPY[T](in)
		return a, inFile(path+", "+part.Name, err)
	}
	return nil, inFile(path, &Error{Got: "arrays " + quoted(names), Want: fmt.Sprintf("one called %q", name)})
}

func readNPY[T Element](in *input) (*Array[T], error) {
	h, err := readNPYHeader(in)
	if err != nil {
		return nil, err
	}
	data, err := elements[T](in, h.n, h.kind, h.order)
	if err != nil {
		return nil, err
	}
	if h.fortran && len(h.shape) > 1 {
		data = fromFortran(data, h.shape)
	}
	return &Array[T]{Shape: h.shape, Data: data}, nil
}

// fromFortran returns the elements in C order: the first axis of src changes fastest.
func fromFortran[T Element](src []T, shape []int) []T {
	dst := make([]T, len(src))
	strides := make([]int, len(shape)) // of src
	stride := 1
	for i, d := range shape {
		strides[i] = stride
		stride *= d
	}
	index := make([]int, len(shape))
	at := 0
	for i := range dst {
		dst[i] = src[at]
		for axis := len(shape) - 1; axis >= 0; axis-- {
			index[axis]++
			at += strides[axis]
			if index[axis] < shape[axis] {
				break
			}
			at -= strides[axis] * shape[axis]
			index[axis] = 0
		}
	}
	return dst
}

// WriteNPY writes an array in version 1.0, little-endian, C order: what numpy.load reads into the same type.
func WriteNPY[T Element](w io.Writer, a *Array[T]) error {
	if err := a.Check(); err != nil {
		return err
	}
	var shape strings.Builder
	for _, d := range a.Shape {
		fmt.Fprintf(&shape, "%d, ", d)
	}
	tuple := strings.TrimSuffix(shape.String(), " ")
	if len(a.Shape) != 1 { // (3,) keeps its comma, (3, 4) ends without
		tuple = strings.TrimSuffix(tuple, ",")
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", npyType[T](), tuple)
	if len(a.Shape) > 0 { // NumPy leaves room for a first size of 21 digits, so that it can grow; so the bytes are those of numpy.save
		header += strings.Repeat(" ", 21-len(strconv.Itoa(a.Shape[0])))
	}
	const fixed = len(npyMagic) + 4
	header += strings.Repeat(" ", 63-(fixed+len(header))%64) + "\n" // data begin at a multiple of 64 bytes
	if len(header) > 1<<16-1 {
		return fmt.Errorf("array: got %d axes, want few enough for a header of 65535 bytes", len(a.Shape))
	}
	out := append([]byte(npyMagic), 1, 0, byte(len(header)), byte(len(header)>>8))
	if _, err := w.Write(append(out, header...)); err != nil {
		return err
	}
	const piece = 8 << 10
	buf := make([]byte, 0, min(len(a.Data), piece)*8)
	for rest := a.Data; len(rest) > 0; {
		now := rest[:min(len(rest), piece)]
		rest = rest[len(now):]
		buf, _ = binary.Append(buf[:0], binary.LittleEndian, now) // cannot fail: the elements have a fixed size
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// npyType is the code of T.
func npyType[T Element]() string {
	switch any(T(0)).(type) {
	case int8:
		return "|i1"
	case uint8:
		return "|u1"
	case int16:
		return "<i2"
	case uint16:
		return "<u2"
	case int32:
		return "<i4"
	case uint32:
		return "<u4"
	case int64:
		return "<i8"
	case uint64:
		return "<u8"
	case float32:
		return "<f4"
	}
	return "<f8"
}
