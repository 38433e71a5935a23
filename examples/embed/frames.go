package main

// This file answers: which frames of a journal are whole, and is damage the end that a crash left, or corruption?

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// A frameReader reads frames in order.
type frameReader struct {
	path    string
	file    io.ReaderAt
	at, end int64  // where the next frame begins, and the file ends
	samples uint64 // in the frames so far
	in      *bufio.Reader

	payload []byte // of the last frame
	damage  string // what is wrong with the frame at at, when next has returned false
}

// newFrameReader returns a reader of the frames from byte at to the end of the file.
func newFrameReader(path string, file io.ReaderAt, at, end int64) *frameReader {
	return &frameReader{path: path, file: file, at: at, end: end, in: bufio.NewReaderSize(io.NewSectionReader(file, at, end-at), 1<<18)}
}

// A head is the header of a frame.
type head struct {
	length uint32 // bytes of the payload
	first  uint64 // number of its first sample
	crc    uint32 // of the payload
}

// parseHead reads a header; ok is false if it is not one.
func parseHead(b []byte) (h head, ok bool) {
	if binary.LittleEndian.Uint32(b) != frameMagic || binary.LittleEndian.Uint32(b[20:]) != crc32.Checksum(b[:20], castagnoli) {
		return head{}, false
	}
	return head{binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint32(b[16:])}, true
}

// next reads a frame into payload. It returns false where the rest of the file is what a crash can leave of a last frame, and an error where
// it is not.
func (r *frameReader) next() (bool, error) {
	rest := r.end - r.at
	if rest < frameHead {
		r.damage = "a frame whose header is not complete"
		return false, nil
	}
	var b [frameHead]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		return false, fmt.Errorf("%s: byte %d: %w", r.path, r.at, err)
	}
	h, ok := parseHead(b[:])
	if !ok {
		return r.damaged("a frame whose header is damaged", r.at+4)
	}
	if h.length == 0 || h.length > maxFrame || h.length%sampleBytes != 0 {
		return false, r.wrong(fmt.Sprintf("a frame of %d bytes", h.length), fmt.Sprintf("a multiple of %d up to %d", sampleBytes, maxFrame))
	}
	if h.first != r.samples {
		return false, r.wrong(fmt.Sprintf("a frame that begins with sample %d", h.first), fmt.Sprintf("sample %d", r.samples))
	}
	if int64(h.length) > rest-frameHead {
		r.damage = "a frame that is not complete"
		return false, nil
	}
	if cap(r.payload) < int(h.length) {
		r.payload = make([]byte, h.length)
	}
	r.payload = r.payload[:h.length]
	if _, err := io.ReadFull(r.in, r.payload); err != nil {
		return false, fmt.Errorf("%s: byte %d: %w", r.path, r.at, err)
	}
	if crc32.Checksum(r.payload, castagnoli) != h.crc {
		return r.damaged("a frame whose payload is not what was written", r.at+frameHead+int64(h.length))
	}
	r.at += frameHead + int64(h.length)
	r.samples += uint64(h.length) / sampleBytes
	return true, nil
}

// damaged decides about a frame that is damaged: it is the last one, if what is left is no longer than one frame and no header of another
// one is in it, from byte after on.
func (r *frameReader) damaged(what string, after int64) (bool, error) {
	if r.end-r.at > frameHead+maxFrame {
		return false, r.wrong(what, fmt.Sprintf("a whole frame, as the file goes on for %d bytes", r.end-r.at))
	}
	rest := make([]byte, r.end-after)
	if _, err := io.ReadFull(io.NewSectionReader(r.file, after, int64(len(rest))), rest); err != nil {
		return false, fmt.Errorf("%s: byte %d: %w", r.path, after, err)
	}
	for i := 0; i+frameHead <= len(rest); i += 4 {
		if _, ok := parseHead(rest[i:]); ok {
			return false, r.wrong(what, fmt.Sprintf("a whole frame, as another one follows at byte %d", after+int64(i)))
		}
	}
	r.damage = what
	return false, nil
}

// decode reads a sample from the last frame. Its checksum was right, so a value that the service never writes is of another program.
func (r *frameReader) decode(b []byte) (s sample, err error) {
	for i := range s.X {
		s.X[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if !(s.X[i] >= 0 && s.X[i] <= 1) {
			return s, r.wrong(fmt.Sprintf("a frame with the pixel %v", s.X[i]), "0 to 1 (the frame ends at this byte)")
		}
	}
	y := binary.LittleEndian.Uint32(b[4*pixels:])
	if y >= classes {
		return s, r.wrong(fmt.Sprintf("a frame with class %d", y), fmt.Sprintf("0 to %d (the frame ends at this byte)", classes-1))
	}
	s.Y = int32(y)
	return s, nil
}

// wrong makes the error for the frame at at.
func (r *frameReader) wrong(got, want string) error {
	return &JournalError{Path: r.path, Byte: r.at, Got: got, Want: want}
}
