package nnrt

// This file answers: how does a file tell that its bytes are those that were written, and if not, where they differ?

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"

	"nngen/runtime/safetensors"
)

// Texts in the header of every file of this package.
const (
	metaPrefix = "nngen."
	metaFormat = "nngen.format" // version of all of this
	metaKind   = "nngen.kind"   // kindModel or kindCheckpoint
	metaModel  = "nngen.model"  // name of the model
	metaSchema = "nngen.schema" // Schema.Hash, 16 hexadecimal digits
	metaDType  = "nngen.dtype"  // of the parameters
	metaSteps  = "nngen.steps"  // of a checkpoint
	metaSeed   = "nngen.seed"   // of a checkpoint
	metaAttach = "nngen.attach."

	// metaSHA holds the SHA-256, as 64 hexadecimal digits, of the bytes of all tensors followed by the header with zeros in place of
	// these digits. The header comes last because it is complete only when the tensors have been written.
	metaSHA = "nngen.sha256"
	// metaCRC holds the CRC-32C of each tensor's bytes, eight hexadecimal digits each, in the order of the file. It tells where a file
	// is damaged when the digest has told that it is.
	metaCRC = "nngen.crc32c"
)

// formatVersion is the version of files that this package writes, and the only one that it reads.
const formatVersion = "1"

// Kinds of files.
const (
	kindModel      = "model"
	kindCheckpoint = "checkpoint"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeSealed writes a file of tensors with its digests. It reads the tensors piece by piece and copies none. metadata must hold no
// digests yet.
func writeSealed(w interface {
	io.Writer
	io.WriterAt
}, metadata map[string]string, entries []safetensors.Entry,
) error {
	metadata = maps.Clone(metadata)
	metadata[metaSHA] = strings.Repeat("0", 2*sha256.Size)
	metadata[metaCRC] = strings.Repeat("0", 8*len(entries))
	layout, err := safetensors.Plan(metadata, entries)
	if err != nil {
		return err
	}
	header := layout.Header
	if _, err := w.Write(header); err != nil {
		return err
	}
	digest := sha256.New()
	crcs := headerText(header, metaCRC, 8*len(entries))
	for i := range layout.Tensors {
		crc := crc32.New(castagnoli)
		if err := layout.WriteTensor(io.MultiWriter(w, digest, crc), i); err != nil {
			return err
		}
		hex.Encode(crcs[8*i:], crc.Sum(nil))
	}
	digest.Write(header)
	hex.Encode(headerText(header, metaSHA, 2*sha256.Size), digest.Sum(nil))
	_, err = w.WriteAt(header, 0)
	return err
}

// headerText returns the n characters of a text within the bytes of a header, or nil if they are not where writeSealed puts them. A
// text that contains the same characters is not taken for it, since quotes within texts stand behind a backslash.
func headerText(header []byte, key string, n int) []byte {
	_, after, ok := bytes.Cut(header, []byte(`"`+key+`":"`))
	if !ok || len(after) <= n || after[n] != '"' {
		return nil
	}
	return after[:n]
}

// checkSeal returns an error unless the bytes of a file are those that writeSealed wrote. It reads the whole file once.
func checkSeal(f *safetensors.File, path string) error {
	place := "metadata " + metaSHA
	header := make([]byte, f.HeaderSize)
	all := f.Section()
	if _, err := io.ReadFull(all, header); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := headerText(header, metaSHA, 2*sha256.Size)
	if text == nil {
		return damaged(path, place, "none", "a digest of the file")
	}
	got := string(text)
	for i := range text {
		text[i] = '0'
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, all); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	digest.Write(header)
	want := hex.EncodeToString(digest.Sum(nil))
	if got == want {
		return nil
	}
	if where := damagedTensor(f); where != nil {
		return damaged(path, "tensor "+clip(where.Name), fmt.Sprintf("bytes %d to %d that do not match their checksum", where.Offset, where.Offset+where.Size-1),
			"those that were written; the file was altered since")
	}
	return damaged(path, place, clip(got[:16])+"...", want[:16]+"...; the file was altered since it was written, somewhere in its header (bytes 0 to "+fmt.Sprint(f.HeaderSize-1)+")")
}

// damagedTensor returns the first tensor whose bytes are not those that were written, or nil if the header does not tell.
func damagedTensor(f *safetensors.File) *safetensors.Tensor {
	crcs := f.Metadata[metaCRC]
	if len(crcs) != 8*len(f.Tensors) {
		return nil
	}
	for i, t := range f.Tensors {
		var crc hash.Hash32 = crc32.New(castagnoli)
		if _, err := io.Copy(crc, io.NewSectionReader(f.Section(), t.Offset, t.Size)); err != nil {
			return nil
		}
		if hex.EncodeToString(crc.Sum(nil)) != crcs[8*i:][:8] {
			return &f.Tensors[i]
		}
	}
	return nil
}

// checkFormat returns an error unless the texts of a sealed file say that it is of a version and a kind that this package reads.
func checkFormat(f *safetensors.File, path string, kinds ...string) error {
	if v := f.Metadata[metaFormat]; v != formatVersion {
		return mismatch(path, "metadata "+metaFormat, clip(v), formatVersion+"; the file is of another version of nngen")
	}
	if k := f.Metadata[metaKind]; !slices.Contains(kinds, k) {
		return mismatch(path, "metadata "+metaKind, clip(k), strings.Join(kinds, " or "))
	}
	return nil
}

// sealed reports whether a file says that this package wrote it. Damage that hides one of the texts does not hide all.
func sealed(f *safetensors.File) bool {
	for k := range f.Metadata {
		if strings.HasPrefix(k, metaPrefix) {
			return true
		}
	}
	return false
}
