package safetensors

// This file answers: how do the elements of a tensor become Go values?

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// Element is the set of Go types that tensors are read into and written from.
type Element interface {
	float32 | float64 | int32 | int64 | uint8 | bool
}

// Open opens a file and reads its header. The caller closes it.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &Error{File: path, Byte: -1, Got: "a folder or a device", Want: "a file"}
	}
	var f *File
	if err == nil {
		f, err = NewFile(file, info.Size(), path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f.closer = file
	return f, nil
}

// Parse reads the header of a file in memory. The name is used in errors and may be empty. What [File.Bytes] returns are views of data,
// which must not change while the File is used.
func Parse(data []byte, name string) (*File, error) {
	f, err := NewFile(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		return nil, err
	}
	f.data = data
	return f, nil
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Find returns the tensor of a name, and false if there is none.
func (f *File) Find(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Section returns a reader of the whole file, header included.
func (f *File) Section() *io.SectionReader {
	return io.NewSectionReader(f.src, 0, f.size)
}

// Bytes returns the bytes of a tensor of this file, whatever its type: a view if the file is in memory, a copy otherwise.
func (f *File) Bytes(t Tensor) ([]byte, error) {
	if f.data != nil {
		return f.data[t.Offset : t.Offset+t.Size : t.Offset+t.Size], nil
	}
	if t.Size > math.MaxInt {
		return nil, f.unfit(t, -1, fmt.Sprintf("%d bytes", t.Size), "what this machine can address")
	}
	b := make([]byte, t.Size)
	if err := f.readAt(b, t.Offset); err != nil {
		return nil, err
	}
	return b, nil
}

// chunk is how many bytes are converted at a time.
const chunk = 64 << 10

// Read fills dst with the elements of a tensor of this file, and returns an error if their number is not len(dst).
//
// Floats are read from F64, F32, F16 and BF16: exactly where T can hold the value, and rounded to the nearest, ties to even, where
// F64 is read into float32; a finite value beyond float32 is an error. Other types are read from their own dtype only. After an error
// the contents of dst are unspecified.
func Read[T Element](f *File, t Tensor, dst []T) error {
	if n := t.Len(); n != len(dst) {
		return f.unfit(t, -1, fmt.Sprintf("shape %s, %d elements", shapeText(t.Shape), n), strconv.Itoa(len(dst)))
	}
	width, decode := decoder[T](t.DType)
	if decode == nil {
		var zero T
		return f.unfit(t, -1, "dtype "+clipped(string(t.DType)), fmt.Sprintf("one that converts to %T", zero))
	}
	var buf []byte
	if f.data == nil {
		buf = make([]byte, min(chunk, t.Size))
	}
	for off, i := int64(0), 0; off < t.Size; {
		n := min(chunk, t.Size-off)
		if f.data != nil {
			buf = f.data[t.Offset+off:][:n]
		} else if err := f.readAt(buf[:n], t.Offset+off); err != nil {
			return err
		}
		part := dst[i : i+int(n)/width]
		if bad, want := decode(part, buf[:n]); want != "" {
			at := t.Offset + off + int64(bad*width)
			return f.unfit(t, at, fmt.Sprintf("element %d with bytes % x", i+bad, buf[bad*width:][:width]), want)
		}
		i += len(part)
		off += n
	}
	return nil
}

// unfit returns an error about a valid file whose tensor is not what was asked for.
func (f *File) unfit(t Tensor, at int64, got, want string) error {
	return &Error{File: f.name, Tensor: t.Name, Byte: at, Got: got, Want: want}
}

// decoder returns the bytes of an element of dtype d and the function that converts len(dst) of them, or nil. The function returns the
// first element that does not convert and what would, or an empty want.
func decoder[T Element](d DType) (width int, decode func(dst []T, src []byte) (bad int, want string)) {
	switch any((*T)(nil)).(type) {
	case *float32:
		w, f := floats[float32](d)
		return w, asDecoder[T](f)
	case *float64:
		w, f := floats[float64](d)
		return w, asDecoder[T](f)
	case *int32:
		if d == I32 {
			return 4, asDecoder[T](func(dst []int32, src []byte) (int, string) {
				for i := range dst {
					dst[i] = int32(binary.LittleEndian.Uint32(src[4*i:]))
				}
				return 0, ""
			})
		}
	case *int64:
		if d == I64 {
			return 8, asDecoder[T](func(dst []int64, src []byte) (int, string) {
				for i := range dst {
					dst[i] = int64(binary.LittleEndian.Uint64(src[8*i:]))
				}
				return 0, ""
			})
		}
	case *uint8:
		if d == U8 {
			return 1, asDecoder[T](func(dst []uint8, src []byte) (int, string) {
				copy(dst, src)
				return 0, ""
			})
		}
	case *bool:
		if d == BOOL {
			return 1, asDecoder[T](func(dst []bool, src []byte) (int, string) {
				for i, b := range src {
					if b > 1 {
						return i, "0 or 1"
					}
					dst[i] = b == 1
				}
				return 0, ""
			})
		}
	}
	return 0, nil
}

// asDecoder gives a decoder of U the type of one of T, which is the same type.
func asDecoder[T, U Element](f func([]U, []byte) (int, string)) func([]T, []byte) (int, string) {
	g, _ := any(f).(func([]T, []byte) (int, string))
	return g
}

// floats is decoder for floating-point types.
func floats[T float32 | float64](d DType) (width int, decode func(dst []T, src []byte) (int, string)) {
	switch d {
	case F32:
		return 4, func(dst []T, src []byte) (int, string) {
			for i := range dst {
				dst[i] = T(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
			}
			return 0, ""
		}
	case F64:
		return 8, func(dst []T, src []byte) (int, string) {
			for i := range dst {
				v := math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
				dst[i] = T(v)
				if math.IsInf(float64(dst[i]), 0) && !math.IsInf(v, 0) {
					return i, "a value within the range of float32"
				}
			}
			return 0, ""
		}
	case BF16:
		return 2, func(dst []T, src []byte) (int, string) {
			for i := range dst {
				dst[i] = T(math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16))
			}
			return 0, ""
		}
	case F16:
		return 2, func(dst []T, src []byte) (int, string) {
			for i := range dst {
				dst[i] = T(half(binary.LittleEndian.Uint16(src[2*i:])))
			}
			return 0, ""
		}
	}
	return 0, nil
}

// half returns the value of an IEEE 754 binary16: sign, five bits of exponent with bias 15, ten bits of fraction.
func half(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 31: // infinity and NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case 0: // zero and subnormal numbers: fraction * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*(1.0/(1<<24))))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
