package data

// This file answers: what does the header of an NPY file say?

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// npyHeader is what an NPY file says about itself.
type npyHeader struct {
	kind    kind
	order   binary.ByteOrder
	fortran bool
	shape   []int
	n       int // elements
}

// readNPYHeader reads everything up to the data and makes sure that the content can hold what is announced.
func readNPYHeader(in *input) (h npyHeader, err error) {
	var start [8]byte
	if err := in.take(start[:], "magic string"); err != nil {
		return h, err
	}
	if string(start[:6]) != npyMagic {
		return h, &Error{Part: "magic string", Got: fmt.Sprintf("%q", start[:6]), Want: fmt.Sprintf("%q", npyMagic)}
	}
	width := 4 // of the length
	switch start[6] {
	case 1:
		width = 2
	case 2, 3:
	default:
		return h, &Error{Part: "version", Byte: 6, Got: fmt.Sprintf("%d.%d", start[6], start[7]), Want: "1.0, 2.0 or 3.0"}
	}
	var size [4]byte
	if err := in.take(size[:width], "length of the header"); err != nil {
		return h, err
	}
	length := binary.LittleEndian.Uint32(size[:])
	if length > npyMost {
		return h, &Error{Part: "length of the header", Byte: 8, Got: fmt.Sprint(length), Want: fmt.Sprintf("at most %d", npyMost)}
	}
	at := in.at
	text := make([]byte, length)
	if err := in.take(text, "header"); err != nil {
		return h, err
	}
	p := &npyParser{text: string(text), start: at}
	p.dictionary(&h)
	if p.err != nil {
		return h, p.err
	}
	return h, in.fits(h.n, h.shape, h.kind, "shape", p.shapeAt)
}

// npyParser reads the dictionary of a header. After the first error it reads on in vain, and keeps that error.
type npyParser struct {
	text    string
	at      int
	start   int64 // where the text begins in the file
	shapeAt int64 // where the shape stands in the file
	err     error
}

func (p *npyParser) fail(part string, at int, got, want string) {
	if p.err == nil {
		p.err = &Error{Part: part, Byte: p.start + int64(at), Got: got, Want: want}
	}
}

// space skips white space.
func (p *npyParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// found skips white space and takes a text if it is next.
func (p *npyParser) found(s string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// want takes a text that must be next.
func (p *npyParser) want(s string) {
	if p.err == nil && !p.found(s) {
		p.fail("header", p.at, p.next(), strconv.Quote(s))
	}
}

// next shows what stands at the present place.
func (p *npyParser) next() string {
	if p.at >= len(p.text) {
		return "the end of the header"
	}
	return strconv.Quote(p.text[p.at:min(p.at+20, len(p.text))])
}

// quoted takes a Python string without escapes.
func (p *npyParser) quoted() string {
	p.space()
	if p.at >= len(p.text) || p.text[p.at] != '\'' && p.text[p.at] != '"' {
		p.fail("header", p.at, p.next(), "a text in quotes")
		return ""
	}
	rest := p.text[p.at+1:]
	end := strings.IndexByte(rest, p.text[p.at])
	if end < 0 {
		p.fail("header", p.at, p.next(), "a text that ends with its quote")
		return ""
	}
	p.at += end + 2
	return rest[:end]
}

func (p *npyParser) dictionary(h *npyHeader) {
	seen := map[string]bool{}
	p.want("{")
	for p.err == nil && !p.found("}") {
		p.space()
		at := p.at
		key := p.quoted()
		p.want(":")
		if seen[key] {
			p.fail("header", at, fmt.Sprintf("the key %q twice", key), "it once")
		}
		seen[key] = true
		switch key {
		case "descr":
			p.descr(h)
		case "fortran_order":
			if h.fortran = p.found("True"); !h.fortran && !p.found("False") {
				p.fail("fortran_order", p.at, p.next(), "True or False")
			}
		case "shape":
			p.shape(h)
		default:
			p.fail("header", at, fmt.Sprintf("the key %q", key), "descr, fortran_order or shape")
		}
		if !p.found(",") {
			p.want("}")
			break
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			p.fail("header", p.at, "no key "+strconv.Quote(key), "descr, fortran_order and shape")
		}
	}
	if p.space(); p.at < len(p.text) {
		p.fail("header", p.at, p.next(), "the end of the header")
	}
}

func (p *npyParser) descr(h *npyHeader) {
	const want = "bool, an integer or a floating-point number, such as '<f4'"
	p.space()
	at := p.at
	if p.found("[") {
		p.fail("descr", at, "a structured type", want)
		return
	}
	s := p.quoted()
	if p.err != nil {
		return
	}
	if s != "" {
		if k, ok := npyKinds[s[1:]]; ok && (s[0] == '<' || s[0] == '>' || s[0] == '|' && k.size == 1) {
			h.kind, h.order = k, binary.LittleEndian
			if s[0] == '>' {
				h.order = binary.BigEndian
			}
			return
		}
	}
	p.fail("descr", at, clipped(s), want)
}

func (p *npyParser) shape(h *npyHeader) {
	p.space()
	at := p.at
	p.shapeAt = p.start + int64(at)
	p.want("(")
	for p.err == nil && !p.found(")") {
		p.space()
		first := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		d, err := strconv.ParseInt(p.text[first:p.at], 10, strconv.IntSize)
		if err != nil {
			if p.at == first {
				p.fail("shape", first, p.next(), "a size")
			} else {
				p.fail("shape", first, clipped(p.text[first:p.at]), "a size that fits an int")
			}
			return
		}
		p.found("L") // Python 2 wrote long integers so
		h.shape = append(h.shape, int(d))
		if !p.found(",") {
			p.want(")")
			break
		}
	}
	n, ok := volume(h.shape)
	if !ok {
		p.fail("shape", at, fmt.Sprint(h.shape), "sizes whose product fits an int")
	}
	h.n = n
}
