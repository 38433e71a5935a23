package main

// This file answers: how do samples lie on disk, so that none that was acknowledged is ever lost or changed unnoticed?
//
// A journal is one file: a header that says what its samples look like, then frames. A frame holds the samples of one group commit; all
// numbers are little-endian:
//
//	magic uint32 | bytes of the payload uint32 | number of its first sample uint64 | CRC-32C of the payload | CRC-32C of the 20 bytes before
//	payload: for each sample 64 float32 (what the model reads) and its class as uint32
//
// A frame is written only when the one before it is synced. So only the last frame can be incomplete after a crash, and none of its samples
// was acknowledged.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
)

const (
	journalName  = "journal"
	frameMagic   = 0xff4a4e4e // "NNJ" and a byte that no sample has at a multiple of four, where all headers and values lie
	frameHead    = 24
	sampleBytes  = 4*pixels + 4
	maxFrame     = 4096 * sampleBytes // bytes of the largest payload: a megabyte
	headerMagic  = "nngen journal 1\n"
	headerLength = len(headerMagic) + 12
)

// Headers and samples lie at multiples of four, which this does not compile without.
const _ = -uint(headerLength%4 + frameHead%4 + sampleBytes%4)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A sample is an image as the model reads it, and its class.
type sample struct {
	X [pixels]float32
	Y int32
}

// A Journal is the file, open for appending. It is for one goroutine at a time.
type Journal struct {
	file    *os.File
	size    int64  // bytes that are whole and synced
	samples uint64 // in them
	broken  error  // why nothing can be appended any more
	buf     []byte
}

// JournalError says where a journal is damaged.
type JournalError struct {
	Path      string
	Byte      int64 // where the frame or header begins that is damaged, from 0
	Got, Want string
}

// Error returns, for example, "data/journal: byte 8452: got a frame whose payload has another checksum, want ...".
func (e *JournalError) Error() string {
	return fmt.Sprintf("%s: byte %d: got %s, want %s", e.Path, e.Byte, e.Got, e.Want)
}

// journalHeader returns the first bytes of every journal of this program.
func journalHeader() []byte {
	b := append([]byte(nil), headerMagic...)
	b = binary.LittleEndian.AppendUint32(b, pixels)
	b = binary.LittleEndian.AppendUint32(b, classes)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// OpenJournal opens the journal of a folder, or begins one, and hands every sample to each, in order. What a crash left of a last frame is
// cut off: note is called with a line that says so, and the bytes are kept in a file beside. Bytes before durable were synced once, as a
// checkpoint says; damage there is always an error.
func OpenJournal(dir string, durable int64, each func(s *sample) error, note func(line string)) (*Journal, error) {
	path := filepath.Join(dir, journalName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: file}
	if !tryLock(file) {
		return nil, errors.Join(fmt.Errorf("%s: another process serves from this folder", path), file.Close())
	}
	if err := j.recover(path, dir, durable, each, note); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// recover reads the whole file, cuts off an incomplete end and sets size and samples.
func (j *Journal) recover(path, dir string, durable int64, each func(s *sample) error, note func(line string)) error {
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	begun, err := j.readHeader(path, end)
	if err != nil {
		return err
	}
	if !begun {
		if durable > 0 {
			return &JournalError{Path: path, Got: "no samples", Want: fmt.Sprintf("the %d bytes that the checkpoint continues", durable)}
		}
		return j.begin(path, dir)
	}
	r := newFrameReader(path, j.file, int64(headerLength), end)
	for r.at < end {
		ok, err := r.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		for b := r.payload; len(b) > 0; b = b[sampleBytes:] {
			s, err := r.decode(b[:sampleBytes])
			if err != nil {
				return err
			}
			if err := each(&s); err != nil {
				return err
			}
		}
	}
	if r.at < durable {
		got := fmt.Sprintf("the end after %d samples", r.samples)
		if r.damage != "" {
			got = r.damage
		}
		return &JournalError{Path: path, Byte: r.at, Got: got, Want: fmt.Sprintf("whole frames up to byte %d, which the checkpoint continues", durable)}
	}
	j.size, j.samples = r.at, r.samples
	if r.at == end {
		return nil
	}
	kept, err := j.cut(dir, end)
	if err != nil {
		return fmt.Errorf("%s: byte %d: %s, which cannot be cut off: %w", path, r.at, r.damage, err)
	}
	note(fmt.Sprintf("%s: byte %d: cut off %d bytes, %s: they were not acknowledged, and are kept in %s", path, r.at, end-r.at, r.damage, kept))
	return nil
}

// readHeader reports whether the file has a header; a file that ends within it is one whose first write was cut short.
func (j *Journal) readHeader(path string, end int64) (begun bool, err error) {
	want := journalHeader()
	got := make([]byte, min(end, int64(len(want))))
	if _, err := io.ReadFull(j.file, got); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if string(got) != string(want[:len(got)]) {
		return false, &JournalError{Path: path, Got: fmt.Sprintf("the header %q", got), Want: fmt.Sprintf("%q: a journal of %d pixels and %d classes", want, pixels, classes)}
	}
	return len(got) == len(want), nil
}

// begin writes the header of a new journal.
func (j *Journal) begin(path, dir string) error {
	head := journalHeader()
	_, err := j.file.WriteAt(head, 0)
	if err == nil {
		err = j.file.Sync()
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return fmt.Errorf("%s: not begun: %w", path, err)
	}
	j.size = int64(len(head))
	return nil
}

// cut moves the bytes from size to end into a file of their own.
func (j *Journal) cut(dir string, end int64) (kept string, err error) {
	out, err := os.CreateTemp(dir, fmt.Sprintf("%s-cut-%d-*", journalName, j.size))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, io.NewSectionReader(j.file, j.size, end-j.size))
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return "", err
	}
	if err := syncFolder(dir); err != nil {
		return "", err
	}
	if err := j.file.Truncate(j.size); err != nil {
		return "", err
	}
	return filepath.Base(out.Name()), j.file.Sync()
}

// Append writes samples as one frame, all or none, and returns when they are on disk. Where the disk is full, what was written is taken
// back, and a later Append may succeed. After an error of syncing nobody knows what is on disk, so that every later Append fails, too.
func (j *Journal) Append(groups ...[]sample) error {
	if j.broken != nil {
		return j.broken
	}
	b := append(j.buf[:0], make([]byte, frameHead)...)
	count := 0
	for _, g := range groups {
		count += len(g)
		for i := range g {
			for _, x := range g[i].X {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
			}
			b = binary.LittleEndian.AppendUint32(b, uint32(g[i].Y))
		}
	}
	j.buf = b
	if count == 0 || len(b)-frameHead > maxFrame {
		return fmt.Errorf("journal: got a frame of %d samples, want 1 to %d", count, maxFrame/sampleBytes)
	}
	binary.LittleEndian.PutUint32(b, frameMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-frameHead))
	binary.LittleEndian.PutUint64(b[8:], j.samples)
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[frameHead:], castagnoli))
	binary.LittleEndian.PutUint32(b[20:], crc32.Checksum(b[:20], castagnoli))
	if _, err := j.file.WriteAt(b, j.size); err != nil {
		if back := j.file.Truncate(j.size); back != nil {
			j.broken = fmt.Errorf("the journal takes no more samples: %w", errors.Join(err, back))
		}
		return err
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("the journal takes no more samples: %w", err)
		return j.broken
	}
	j.size += int64(len(b))
	j.samples += uint64(count)
	return nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }
