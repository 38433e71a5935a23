package safetensors

// This file answers: which bytes is a file, given its tensors?

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Entry is a tensor to be written.
type Entry struct {
	Name  string
	Shape []int // empty for a scalar
	Data  any   // a slice of an [Element] type with as many elements as the shape says; read when the file is written
}

// Layout is a file about to be written.
type Layout struct {
	Header  []byte   // the first bytes of the file, up to the first tensor; a caller may change characters within texts
	Tensors []Tensor // in the order of the file

	data []any
}

// Plan lays out a file: tensors in order of decreasing alignment of their elements, then by name, texts in order of their names. It
// copies no data. An error names the entry that a file cannot hold.
func Plan(metadata map[string]string, entries []Entry) (*Layout, error) {
	l := &Layout{Tensors: make([]Tensor, len(entries)), data: make([]any, len(entries))}
	order := make([]int, len(entries))
	dtype := make([]DType, len(entries))
	for i, e := range entries {
		d, n := describe(e.Data)
		want, ok := elements(e.Shape)
		refuse := func(got, want string) error { return &Error{Tensor: e.Name, Byte: -1, Got: got, Want: want} }
		switch {
		case d == "":
			return nil, refuse(fmt.Sprintf("data of type %T", e.Data), "a slice of float32, float64, int32, int64, uint8 or bool")
		case !utf8.ValidString(e.Name):
			return nil, refuse("a name that is not valid UTF-8", "one that is")
		case e.Name == metadataKey:
			return nil, refuse("a reserved name", "another")
		case !ok || n != want:
			return nil, refuse(fmt.Sprintf("shape %s for %d elements", shapeText(e.Shape), n), "as many elements as the shape says")
		}
		order[i], dtype[i] = i, d
	}
	slices.SortFunc(order, func(a, b int) int {
		if ra, rb := dtype[a].rank(), dtype[b].rank(); ra != rb {
			return rb - ra
		}
		return strings.Compare(entries[a].Name, entries[b].Name)
	})
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		if seen[e.Name] {
			return nil, &Error{Tensor: e.Name, Byte: -1, Got: "two tensors of this name", Want: "each name once"}
		}
		seen[e.Name] = true
	}
	tooLong := func(n int) error {
		return &Error{Byte: -1, Got: fmt.Sprintf("a header of %d bytes or more", n), Want: fmt.Sprintf("at most %d", MaxHeader)}
	}
	texts := 0
	for k, v := range metadata {
		texts += len(k) + len(v)
	}
	if texts > MaxHeader { // said before it is built
		return nil, tooLong(texts)
	}
	h := make([]byte, headerAt, 256)
	h = append(h, '{')
	if len(metadata) > 0 {
		h = append(quoted(h, metadataKey), ":{"...)
		for i, k := range slices.Sorted(maps.Keys(metadata)) {
			if !utf8.ValidString(k) || !utf8.ValidString(metadata[k]) {
				return nil, &Error{Byte: -1, Got: "text " + clipped(k) + " in " + metadataKey + " that is not valid UTF-8", Want: "one that is"}
			}
			if i > 0 {
				h = append(h, ',')
			}
			h = quoted(append(quoted(h, k), ':'), metadata[k])
		}
		h = append(h, '}')
	}
	end := int64(0)
	for i, o := range order {
		e := entries[o]
		n, _ := elements(e.Shape)
		size, _ := byteSize(n, dtype[o]) // the elements are in memory, so their bytes do not overflow
		l.Tensors[i] = Tensor{Name: e.Name, DType: dtype[o], Shape: e.Shape, Offset: end, Size: size}
		l.data[i] = e.Data
		if i > 0 || len(metadata) > 0 {
			h = append(h, ',')
		}
		h = append(quoted(h, e.Name), `:{"dtype":"`+string(dtype[o])+`","shape":[`...)
		for j, d := range e.Shape {
			if j > 0 {
				h = append(h, ',')
			}
			h = strconv.AppendInt(h, int64(d), 10)
		}
		h = append(h, fmt.Sprintf(`],"data_offsets":[%d,%d]}`, end, end+size)...)
		end += size
	}
	h = append(h, '}')
	for len(h)%8 != 0 {
		h = append(h, ' ')
	}
	if len(h)-headerAt > MaxHeader {
		return nil, tooLong(len(h) - headerAt)
	}
	binary.LittleEndian.PutUint64(h, uint64(len(h)-headerAt))
	for i := range l.Tensors {
		l.Tensors[i].Offset += int64(len(h))
	}
	l.Header = h
	return l, nil
}

// Write writes a file of texts and tensors. See [Plan] for the order of its parts and its errors.
func Write(w io.Writer, metadata map[string]string, entries []Entry) error {
	l, err := Plan(metadata, entries)
	if err != nil {
		return err
	}
	if _, err := w.Write(l.Header); err != nil {
		return err
	}
	for i := range l.Tensors {
		if err := l.WriteTensor(w, i); err != nil {
			return err
		}
	}
	return nil
}

// describe returns the dtype and the length of a slice that a file can hold, and "" for anything else.
func describe(data any) (DType, int) {
	switch s := data.(type) {
	case []float32:
		return F32, len(s)
	case []float64:
		return F64, len(s)
	case []int32:
		return I32, len(s)
	case []int64:
		return I64, len(s)
	case []uint8:
		return U8, len(s)
	case []bool:
		return BOOL, len(s)
	}
	return "", 0
}

// WriteTensor writes the bytes of l.Tensors[i], in pieces of at most 64 KiB.
func (l *Layout) WriteTensor(w io.Writer, i int) error {
	switch s := l.data[i].(type) {
	case []uint8:
		_, err := w.Write(s)
		return err
	case []float32:
		return encode(w, s, 4, func(b []byte, v float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(v)) })
	case []float64:
		return encode(w, s, 8, func(b []byte, v float64) { binary.LittleEndian.PutUint64(b, math.Float64bits(v)) })
	case []int32:
		return encode(w, s, 4, func(b []byte, v int32) { binary.LittleEndian.PutUint32(b, uint32(v)) })
	case []int64:
		return encode(w, s, 8, func(b []byte, v int64) { binary.LittleEndian.PutUint64(b, uint64(v)) })
	case []bool:
		return encode(w, s, 1, func(b []byte, v bool) {
			b[0] = 0
			if v {
				b[0] = 1
			}
		})
	}
	return nil
}

// encode writes the elements of s, width bytes each, through a buffer of one chunk.
func encode[T Element](w io.Writer, s []T, width int, put func([]byte, T)) error {
	buf := make([]byte, min(chunk, len(s)*width))
	for len(s) > 0 {
		n := min(len(s), len(buf)/width)
		for i, v := range s[:n] {
			put(buf[i*width:], v)
		}
		if _, err := w.Write(buf[:n*width]); err != nil {
			return err
		}
		s = s[n:]
	}
	return nil
}

// quoted appends s as JSON does it at least: quotes, backslashes and control characters are escaped, everything else stands as it is.
func quoted(h []byte, s string) []byte {
	const hex = "0123456789abcdef"
	h = append(h, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			h = append(h, '\\', c)
		case '\b':
			h = append(h, `\b`...)
		case '\f':
			h = append(h, `\f`...)
		case '\n':
			h = append(h, `\n`...)
		case '\r':
			h = append(h, `\r`...)
		case '\t':
			h = append(h, `\t`...)
		default:
			if c < ' ' {
				h = append(h, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				h = append(h, c)
			}
		}
	}
	return append(h, '"')
}
