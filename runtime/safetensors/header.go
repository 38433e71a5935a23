package safetensors

// This file answers: what does a header say, and is it true of a file of this size?

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxHeader is the longest header of the format, in bytes.
const MaxHeader = 100_000_000

// metadataKey is the name in a header under which texts are kept.
const metadataKey = "__metadata__"

// Tensor describes one tensor of a file.
type Tensor struct {
	Name   string
	DType  DType
	Shape  []int // empty for a scalar
	Offset int64 // first byte in the file
	Size   int64 // bytes
}

// Len returns the number of elements: the product of the shape.
func (t Tensor) Len() int {
	n, _ := elements(t.Shape)
	return n
}

// File is a safetensors file whose header has been read and checked.
type File struct {
	Tensors    []Tensor          // in the order of their bytes
	Metadata   map[string]string // the texts under __metadata__; nil if there are none
	HeaderSize int64             // bytes before those of the first tensor

	name   string
	src    io.ReaderAt
	size   int64
	data   []byte // the whole file, if it is in memory
	index  map[string]int
	closer io.Closer
}

// NewFile reads and checks the header of the size bytes of r. The name is used in errors and may be empty.
func NewFile(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, src: r, size: size, index: map[string]int{}}
	if size < headerAt {
		return nil, f.broken(0, fmt.Sprintf("a file of %d bytes", size), "at least 8, the length of the header")
	}
	var length [headerAt]byte
	if err := f.readAt(length[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > MaxHeader {
		return nil, f.broken(0, fmt.Sprintf("a header of %d bytes", n), fmt.Sprintf("at most %d; this is no safetensors file", MaxHeader))
	}
	if int64(n) > size-headerAt {
		return nil, f.broken(0, fmt.Sprintf("a header of %d bytes in a file of %d", n, size), fmt.Sprintf("at most %d", size-headerAt))
	}
	f.HeaderSize = headerAt + int64(n)
	header := make([]byte, n)
	if err := f.readAt(header, headerAt); err != nil {
		return nil, err
	}
	s := &scanner{file: name, buf: header}
	if err := f.parse(s); err != nil {
		return nil, err
	}
	if err := f.place(); err != nil {
		return nil, err
	}
	return f, nil
}

// broken returns an error about bytes that are no safetensors file.
func (f *File) broken(at int64, got, want string) error {
	return &Error{File: f.name, Byte: at, Got: got, Want: want, Err: ErrFormat}
}

// readAt fills b with the bytes of the file from off.
func (f *File) readAt(b []byte, off int64) error {
	n, err := f.src.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{File: f.name, Byte: off + int64(n), Got: err.Error(), Want: fmt.Sprintf("%d more bytes", len(b)-n), Err: err}
}

// parse reads all entries of the header.
func (f *File) parse(s *scanner) error {
	for at := 0; at < len(s.buf); {
		r, n := utf8.DecodeRune(s.buf[at:])
		if r == utf8.RuneError && n == 1 {
			return s.fail(at, "", fmt.Sprintf("byte 0x%02x", s.buf[at]), "valid UTF-8")
		}
		at += n
	}
	if len(s.buf) == 0 || s.buf[0] != '{' {
		return s.unexpected("'{', the start of a header")
	}
	err := s.object(func(key string, at int) error {
		if key == metadataKey {
			return f.texts(s, at)
		}
		if _, twice := f.index[key]; twice {
			return s.fail(at, key, "a second tensor of this name", "each name once")
		}
		f.index[key] = len(f.Tensors)
		return f.tensor(s, key, at)
	})
	if err != nil {
		return err
	}
	for ; s.pos < len(s.buf); s.pos++ {
		if s.buf[s.pos] != ' ' {
			return s.unexpected("spaces up to the end of the header")
		}
	}
	return nil
}

// texts reads what stands under __metadata__.
func (f *File) texts(s *scanner, at int) error {
	if f.Metadata != nil {
		return s.fail(at, "", "a second "+metadataKey, "one")
	}
	f.Metadata = map[string]string{}
	return s.object(func(key string, at int) error {
		if _, twice := f.Metadata[key]; twice {
			return s.fail(at, "", "a second text "+clipped(key)+" in "+metadataKey, "each name once")
		}
		v, err := s.text()
		f.Metadata[key] = v
		return err
	})
}

// tensor reads one entry. Its offsets are still those of the header, from the end of the header.
func (f *File) tensor(s *scanner, name string, at int) error {
	t := Tensor{Name: name}
	var ends []int64
	var hasDType, hasShape bool
	err := s.object(func(key string, keyAt int) error {
		twice := false
		var err error
		switch key {
		case "dtype":
			twice, hasDType = hasDType, true
			var d string
			d, err = s.text()
			t.DType = DType(d)
		case "shape":
			twice, hasShape = hasShape, true
			err = s.list('[', ']', func() error {
				d, err := s.count(math.MaxInt)
				t.Shape = append(t.Shape, int(d))
				return err
			})
		case "data_offsets":
			twice = ends != nil
			ends = make([]int64, 0, 2)
			err = s.list('[', ']', func() error {
				if len(ends) == 2 {
					return s.fail(s.pos, "", "more than two data_offsets", "two")
				}
				e, err := s.count(math.MaxInt64)
				ends = append(ends, int64(e))
				return err
			})
		default:
			return s.fail(keyAt, "", clipped(key), "dtype, shape or data_offsets")
		}
		if err == nil && twice {
			return s.fail(keyAt, "", "a second "+key, "one")
		}
		return err
	})
	var e *Error
	if errors.As(err, &e) {
		e.Tensor = name
		return e
	}
	switch {
	case !hasDType:
		return s.fail(at, name, "no dtype", "one")
	case !hasShape:
		return s.fail(at, name, "no shape", "one")
	case len(ends) != 2:
		return s.fail(at, name, strconv.Itoa(len(ends))+" data_offsets", "two")
	case ends[0] > ends[1]:
		return s.fail(at, name, fmt.Sprintf("data_offsets [%d, %d]", ends[0], ends[1]), "the begin before the end")
	}
	t.Offset, t.Size = ends[0], ends[1]-ends[0]
	if n, ok := elements(t.Shape); !ok {
		return s.fail(at, name, "shape "+shapeText(t.Shape), "a number of elements that does not overflow")
	} else if t.DType.rank() >= 0 {
		if want, ok := byteSize(n, t.DType); !ok {
			return s.fail(at, name, fmt.Sprintf("%s of shape %s", t.DType, shapeText(t.Shape)), "a whole number of bytes that does not overflow")
		} else if t.Size != want {
			return s.fail(at, name, fmt.Sprintf("%d bytes for %s of shape %s", t.Size, t.DType, shapeText(t.Shape)), strconv.FormatInt(want, 10))
		}
	}
	f.Tensors = append(f.Tensors, t)
	return nil
}

// place sorts the tensors by their bytes, checks that these cover the file to its end, each byte once, and makes the offsets those of
// the file.
func (f *File) place() error {
	slices.SortFunc(f.Tensors, func(a, b Tensor) int {
		if a.Offset != b.Offset {
			if a.Offset < b.Offset {
				return -1
			}
			return 1
		}
		if a.Size != b.Size { // an empty tensor comes before the one that begins where it does
			if a.Size < b.Size {
				return -1
			}
			return 1
		}
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	end := int64(0)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if t.Offset != end {
			what := "a hole"
			if t.Offset < end {
				what = "an overlap"
			}
			return &Error{File: f.name, Tensor: t.Name, Byte: -1, Err: ErrFormat, Got: fmt.Sprintf("%s: data_offsets begin at %d", what, t.Offset), Want: strconv.FormatInt(end, 10)}
		}
		if t.Size > f.size-f.HeaderSize-end {
			return &Error{
				File: f.name, Tensor: t.Name, Byte: f.size, Err: ErrFormat, Got: "the end of the file",
				Want: fmt.Sprintf("the tensor's %d bytes from byte %d", t.Size, f.HeaderSize+end),
			}
		}
		end += t.Size
		t.Offset += f.HeaderSize
		f.index[t.Name] = i
	}
	if rest := f.size - f.HeaderSize - end; rest != 0 {
		return f.broken(f.HeaderSize+end, fmt.Sprintf("%d bytes behind the last tensor", rest), "the end of the file")
	}
	return nil
}
