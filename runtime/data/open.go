package data

// This file answers: which bytes does a file hold, and how many can they be?

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
)

// inflation is the largest ratio at which deflate, the method of gzip and zip, can expand its input: 258 bytes from two bits
// (RFC 1951; zlib's documentation states the ratio as 1032:1).
const inflation = 1032

// unknown is the size of what comes from a reader that does not know it.
const unknown = math.MaxInt64

// input is the content of a file, unpacked, with what is known about its size.
type input struct {
	*bufio.Reader
	most  int64 // no more bytes than this can come in all; unknown if nothing is known
	exact bool  // exactly that many come
	at    int64 // bytes taken so far by [input.take]
}

// unpack returns the content of r. Gzip is recognised by its first two bytes, whatever the file is called.
func unpack(r io.Reader) (*input, error) {
	in := &input{most: unknown}
	if n, ok := sizeOf(r); ok {
		in.most, in.exact = n, true
	}
	in.Reader = bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(2)
	if len(magic) < 2 {
		if err == io.EOF {
			err = nil // too short for anything; the reader of the format says so
		}
		return in, err
	}
	if magic[0] != 0x1f || magic[1] != 0x8b {
		return in, nil
	}
	z, err := gzip.NewReader(in.Reader)
	if err != nil {
		return nil, short(err, "gzip header", 0, "a gzip file")
	}
	in.Reader = bufio.NewReaderSize(z, 1<<16)
	in.exact = false
	if in.most <= unknown/inflation {
		in.most *= inflation
	}
	return in, nil
}

// sizeOf returns how many bytes are left in a reader that can tell without reading: one in memory, or a regular file.
func sizeOf(r io.Reader) (int64, bool) {
	switch r := r.(type) {
	case interface{ Len() int }: // bytes.Reader, bytes.Buffer, strings.Reader
		return int64(r.Len()), true
	case *os.File:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return 0, false
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, false
		}
		return max(info.Size()-at, 0), true
	}
	return 0, false
}

// take fills dst with the next bytes of the content, which are the named part of it.
func (in *input) take(dst []byte, part string) error {
	n, err := io.ReadFull(in.Reader, dst)
	if err != nil {
		return short(err, part, in.at, fmt.Sprintf("%s, of which there are %d", counted(len(dst), "byte"), n))
	}
	in.at += int64(n)
	return nil
}

// left returns how many bytes can still come.
func (in *input) left() int64 {
	if in.most == unknown {
		return unknown
	}
	return max(in.most-in.at, 0)
}

// end returns an error unless the content ends here. For gzip this is also where its checksum is compared.
func (in *input) end() error {
	_, err := in.Reader.ReadByte()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return short(err, "end", in.at, "the rest of the packed data")
	}
	return &Error{Part: "end", Byte: in.at, Got: "more bytes", Want: "the end of the file, since the header announces no more"}
}
