package nnrt

// This file answers: how does the whole state of a training run become one file, and how does it come back, all of it or nothing?

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"nngen/runtime/safetensors"
)

// Sections are parts of a checkpoint that belong to others than the trainer, each a text of JSON by name: the position of a source, the
// history, the counters of a loop.
type Sections map[string]json.RawMessage

// Put stores a value as JSON under a name. float64 values come back with the same bits; NaN and infinity are an error of encoding/json.
func (s Sections) Put(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("section %s: %w", clip(name), err)
	}
	s[name] = text
	return nil
}

// Get decodes the value of a name into what the pointer points to. A missing section is an error that names it.
func (s Sections) Get(name string, into any) error {
	text, ok := s[name]
	if !ok {
		var has []string
		for k := range s {
			has = append(has, clip(k))
		}
		return fmt.Errorf("section %s: got none in the checkpoint, want it; there %s", clip(name), listed(has))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("section %s: %w", clip(name), err)
	}
	return nil
}

// Prefixes of tensors in a checkpoint that are no tensors of the trainer.
const (
	numberPrefix  = "number/"  // F64 of shape []: a StateNumber
	sectionPrefix = "section/" // U8: the JSON of a section
)

// SaveCheckpoint writes the state of a trainer and the caller's sections to one file: a safetensors file that any reader of the format
// reads, with a digest over all of it. The state is read piece by piece, not copied. The file appears whole or not at all; after an
// error, such as a full disk, what was at path before is untouched.
func SaveCheckpoint(path string, s State, sections Sections) error {
	metadata, entries, err := checkpointEntries(s, sections)
	if err != nil {
		return fmt.Errorf("%s: not written: %w", path, err)
	}
	return replaceFile(path, func(f *os.File) error { return writeSealed(f, metadata, entries) })
}

// checkpointEntries lists the texts and the tensors of a checkpoint.
func checkpointEntries(s State, sections Sections) (map[string]string, []safetensors.Entry, error) {
	tensors, err := s.tensors()
	if err != nil {
		return nil, nil, err
	}
	metadata := describeFile(kindCheckpoint, s.Model, s.Schema)
	metadata[metaSteps] = strconv.Itoa(*s.Steps)
	metadata[metaSeed] = strconv.FormatUint(*s.Seed, 10)
	entries := make([]safetensors.Entry, 0, len(tensors)+len(s.Numbers)+len(sections))
	for _, t := range tensors {
		e := safetensors.Entry{Name: t.name, Shape: t.shape, Data: t.f64}
		if t.f32 != nil {
			e.Data = t.f32
		}
		entries = append(entries, e)
	}
	for _, n := range s.Numbers {
		entries = append(entries, safetensors.Entry{Name: numberPrefix + n.Name, Data: []float64{*n.Value}})
	}
	for name, text := range sections {
		if !json.Valid(text) {
			return nil, nil, fmt.Errorf("section %s: got %s, want JSON", clip(name), clip(string(text)))
		}
		entries = append(entries, safetensors.Entry{Name: sectionPrefix + name, Shape: []int{len(text)}, Data: []byte(text)})
	}
	return metadata, entries, nil
}

// LoadCheckpoint reads a file of [SaveCheckpoint] into a trainer's state and returns the sections. Everything is checked before anything
// is written: after an error the trainer is as it was. The file must hold exactly the tensors and numbers of the state, in its types, so
// that training goes on bit for bit. It is held in memory while it loads.
//
// A [*FileError] that is [ErrDamaged] says that the bytes are not those of a checkpoint as it was written, one that is [ErrMismatch] that
// it is of another model; it names what differs first.
func LoadCheckpoint(path string, s State) (Sections, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	return loadCheckpoint(data, path, s)
}

func loadCheckpoint(data []byte, path string, s State) (Sections, error) {
	tensors, err := s.tensors()
	if err != nil {
		return nil, err
	}
	f, err := openCheckpoint(bytes.NewReader(data), int64(len(data)), path)
	if err != nil {
		return nil, err
	}
	sections, err := s.compare(f, path, tensors)
	if err != nil {
		return nil, err
	}
	steps, err := strconv.Atoi(f.Metadata[metaSteps])
	if err != nil || steps < 0 {
		return nil, damaged(path, "metadata "+metaSteps, clip(f.Metadata[metaSteps]), "a number of steps")
	}
	seed, err := strconv.ParseUint(f.Metadata[metaSeed], 10, 64)
	if err != nil {
		return nil, damaged(path, "metadata "+metaSeed, clip(f.Metadata[metaSeed]), "a seed of 64 bits")
	}
	numbers := make([]float64, len(s.Numbers))
	for i, n := range s.Numbers {
		if err := readTensor(f, numberPrefix+n.Name, numbers[i:i+1]); err != nil {
			return nil, formatError(path, err)
		}
	}
	// Nothing below fails: the bytes are in memory, and shapes and types have been compared.
	for _, t := range tensors {
		if t.f32 != nil {
			err = errors.Join(err, readTensor(f, t.name, t.f32))
		} else {
			err = errors.Join(err, readTensor(f, t.name, t.f64))
		}
	}
	for i, n := range s.Numbers {
		*n.Value = numbers[i]
	}
	*s.Steps, *s.Seed = steps, seed
	if s.Restored != nil {
		s.Restored()
	}
	return sections, err
}

// openCheckpoint reads the header of a checkpoint and checks the digest over all of its bytes.
func openCheckpoint(r io.ReaderAt, size int64, path string) (*safetensors.File, error) {
	f, err := safetensors.NewFile(r, size, path)
	if err != nil {
		return nil, formatError(path, err)
	}
	if !sealed(f) {
		return nil, damaged(path, "", "a safetensors file that nngen has not written", "a checkpoint")
	}
	if err := checkSeal(f, path); err != nil {
		return nil, err
	}
	return f, checkFormat(f, path, kindCheckpoint)
}

// compare returns an error that names the first thing in which a whole checkpoint differs from what the state would write, and its
// sections if nothing does.
func (s State) compare(f *safetensors.File, path string, tensors []stateTensor) (Sections, error) {
	if m := f.Metadata[metaModel]; m != s.Model {
		return nil, mismatch(path, "", "a checkpoint of model "+clip(m), s.Model)
	}
	if err := compareParameters(f, path, s.Schema, "", false); err != nil {
		return nil, err
	}
	if h := f.Metadata[metaSchema]; h != hashText(s.Schema) {
		return nil, mismatch(path, "metadata "+metaSchema, clip(h), hashText(s.Schema)+"; the parameters are equal, but were declared in another order or beside others")
	}
	known := map[string]bool{}
	want := func(name, dtype string, shape []int) error {
		known[name] = true
		t, ok := f.Find(name)
		switch {
		case !ok:
			return mismatch(path, "tensor "+name, "none of this name", "one of shape "+shapeText(shape)+"; was the optimizer changed?")
		case !slices.Equal(t.Shape, shape):
			return mismatch(path, "tensor "+name, "shape "+clip(shapeText(t.Shape)), shapeText(shape))
		case string(t.DType) != dtype:
			return mismatch(path, "tensor "+name, clip(string(t.DType)), dtype)
		}
		return nil
	}
	for _, t := range tensors {
		dtype := safetensors.F64
		if t.f32 != nil {
			dtype = safetensors.F32
		}
		if err := want(t.name, string(dtype), t.shape); err != nil {
			return nil, err
		}
	}
	for _, n := range s.Numbers {
		if err := want(numberPrefix+n.Name, string(safetensors.F64), nil); err != nil {
			return nil, err
		}
	}
	sections := Sections{}
	for _, t := range f.Tensors {
		name, isSection := strings.CutPrefix(t.Name, sectionPrefix)
		switch {
		case known[t.Name]:
		case isSection:
			text, err := f.Bytes(t)
			if err != nil {
				return nil, formatError(path, err)
			}
			if !json.Valid(text) {
				return nil, damaged(path, "section "+clip(name), clip(string(text)), "JSON")
			}
			sections[name] = bytes.Clone(text)
		default:
			return nil, mismatch(path, "tensor "+clip(t.Name), "shape "+clip(shapeText(t.Shape)), "no tensor that the trainer does not have; was the optimizer changed?")
		}
	}
	return sections, nil
}

// readTensor reads a tensor by name.
func readTensor[T Float](f *safetensors.File, name string, dst []T) error {
	t, _ := f.Find(name)
	return safetensors.Read(f, t, dst)
}

// readRegular reads a file, but no folder and no device, whose bytes might never end.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: got a folder or a device, want a file", path)
	}
	return os.ReadFile(path)
}

// listed says what there is instead of what was sought.
func listed(names []string) string {
	if len(names) == 0 {
		return "is none"
	}
	slices.Sort(names)
	return "is " + strings.Join(names[:min(len(names), 8)], ", ")
}
