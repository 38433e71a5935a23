package nnrt

// This file answers: how do the parameters of a model and what belongs to them become a file, and how do they come back?

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"nngen/runtime/safetensors"
)

// Attachment is a value that belongs to a model and lies in its file: names of classes, the scaling of inputs.
type Attachment struct {
	name  string
	value any
}

// Attach names a value for saving or loading a model. To save, value is anything that encoding/json writes; to load, a pointer to what
// encoding/json is to fill.
func Attach(name string, value any) Attachment { return Attachment{name, value} }

// SaveModel writes a model to a safetensors file: a tensor for each parameter, named by its path; attachments as texts of JSON under
// __metadata__; a digest over all of it. flat holds the parameters as the schema says. The file appears whole or not at all: see
// [Checkpoints] for how.
func SaveModel[T Float](path, model string, schema Schema, flat []T, attachments ...Attachment) error {
	if err := checkFlat(path, schema, flat); err != nil {
		return err
	}
	metadata := describeFile(kindModel, model, schema)
	metadata[metaDType] = dtypeOf[T]()
	for _, a := range attachments {
		if _, twice := metadata[metaAttach+a.name]; twice {
			return &FileError{Path: path, Place: "attachment " + clip(a.name), Got: "two of this name", Want: "each name once"}
		}
		text, err := json.Marshal(a.value)
		if err != nil {
			return fmt.Errorf("%s: attachment %s: %w", path, clip(a.name), err)
		}
		metadata[metaAttach+a.name] = string(text)
	}
	var entries []safetensors.Entry
	schema.Each(func(name string, offset int, shape []int) {
		entries = append(entries, safetensors.Entry{Name: name, Shape: shape, Data: flat[offset:][:elements(shape)]})
	})
	return replaceFile(path, func(f *os.File) error { return writeSealed(f, metadata, entries) })
}

// LoadModel reads the parameters of a model from a file into flat, and attachments into what they point to. The file is one of
// [SaveModel], a checkpoint, of which it takes the parameters, or any safetensors file that has all parameters by name and shape, which
// is how weights come from elsewhere.
//
// Element types may differ: float32, and float16 and bfloat16 from elsewhere, become float64 exactly; float64 becomes the nearest
// float32, ties to even, and a finite value that float32 cannot hold is an error.
//
// What does not fit is a [*FileError] that names the first parameter that differs, or the attachment that is missing. After an error the
// contents of flat and of attachments are unspecified.
func LoadModel[T Float](path, model string, schema Schema, flat []T, attachments ...Attachment) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return formatError(path, err)
	}
	defer f.Close()
	return loadModel(f, path, model, schema, flat, attachments)
}

// LoadModelBytes is [LoadModel] for a file in memory, such as one that go:embed put there.
func LoadModelBytes[T Float](data []byte, model string, schema Schema, flat []T, attachments ...Attachment) error {
	f, err := safetensors.Parse(data, embedded)
	if err != nil {
		return formatError(embedded, err)
	}
	return loadModel(f, embedded, model, schema, flat, attachments)
}

// embedded stands for the path of a file in memory.
const embedded = "embedded file"

func loadModel[T Float](f *safetensors.File, path, model string, schema Schema, flat []T, attachments []Attachment) error {
	if err := checkFlat(path, schema, flat); err != nil {
		return err
	}
	var of string // says whose file it is, where it says so
	strict := false
	if sealed(f) {
		if err := checkSeal(f, path); err != nil {
			return err
		}
		if err := checkFormat(f, path, kindModel, kindCheckpoint); err != nil {
			return err
		}
		strict = f.Metadata[metaKind] == kindModel
		if m := f.Metadata[metaModel]; m != model {
			of = " in a file of model " + clip(m)
		}
	}
	if err := compareParameters(f, path, schema, of, strict); err != nil {
		return err
	}
	var err error
	schema.Each(func(name string, offset int, shape []int) {
		if err == nil {
			t, _ := f.Find(name)
			err = safetensors.Read(f, t, flat[offset:][:elements(shape)])
		}
	})
	if err != nil {
		return formatError(path, err)
	}
	for _, a := range attachments {
		if err := a.load(f, path); err != nil {
			return err
		}
	}
	return nil
}

// compareParameters returns an error that names the first parameter of the schema that the file lacks or has in another shape or type,
// or, if strict, the first tensor of the file that is no parameter.
func compareParameters(f *safetensors.File, path string, schema Schema, of string, strict bool) error {
	var err error
	known := map[string]bool{}
	schema.Each(func(name string, _ int, shape []int) {
		known[name] = true
		if err != nil {
			return
		}
		place := "parameter " + name
		t, ok := f.Find(name)
		switch {
		case !ok:
			err = mismatch(path, place, "no tensor of this name"+of, "one of shape "+shapeText(shape))
		case !slices.Equal(t.Shape, shape):
			err = mismatch(path, place, "shape "+clip(shapeText(t.Shape))+of, shapeText(shape))
		}
	})
	if err != nil || !strict {
		return err
	}
	for _, t := range f.Tensors {
		if !known[t.Name] {
			return mismatch(path, "tensor "+clip(t.Name), "shape "+clip(shapeText(t.Shape))+of, "no tensor that is not a parameter of the model")
		}
	}
	return nil
}

// load decodes the value of an attachment.
func (a Attachment) load(f *safetensors.File, path string) error {
	place := "attachment " + clip(a.name)
	if v := reflect.ValueOf(a.value); v.Kind() != reflect.Pointer || v.IsNil() {
		return &FileError{Path: path, Place: place, Got: fmt.Sprintf("a %T to load into", a.value), Want: "a pointer that is not nil"}
	}
	text, ok := f.Metadata[metaAttach+a.name]
	if !ok {
		var has []string
		for k := range f.Metadata {
			if name, ok := strings.CutPrefix(k, metaAttach); ok {
				has = append(has, clip(name))
			}
		}
		return mismatch(path, place, "none of this name", "one that was saved with the model; there "+listed(has))
	}
	if err := json.Unmarshal([]byte(text), a.value); err != nil {
		return &FileError{Path: path, Place: place, Got: clip(text) + " (" + err.Error() + ")", Want: fmt.Sprintf("JSON for a %T", a.value), Err: err}
	}
	return nil
}

// describeFile returns the texts that every file of this package has.
func describeFile(kind, model string, schema Schema) map[string]string {
	return map[string]string{
		metaFormat: formatVersion,
		metaKind:   kind,
		metaModel:  model,
		metaSchema: hashText(schema),
	}
}

// hashText writes a schema's hash as 16 hexadecimal digits.
func hashText(schema Schema) string { return fmt.Sprintf("%016x", schema.Hash()) }

// checkFlat returns an error unless a slice holds the parameters of a schema.
func checkFlat[T Float](path string, schema Schema, flat []T) error {
	if want := schema.Size(); len(flat) != want {
		return &FileError{Path: path, Got: counted(len(flat), "parameter") + " in memory", Want: strconv.Itoa(want)}
	}
	return nil
}

// dtypeOf returns the name of T in files.
func dtypeOf[T Float]() string {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return string(safetensors.F32)
	}
	return string(safetensors.F64)
}
