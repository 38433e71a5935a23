// Package safetensors reads and writes the safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length
// of a header, the header as JSON (name, element type, shape and place of every tensor, and texts under __metadata__), and the bytes of
// the tensors one after the other, little-endian and row-major.
//
//	f, err := safetensors.Open("model.safetensors")
//	defer f.Close()
//	t, ok := f.Find("h.W")
//	w := make([]float32, t.Len())
//	err = safetensors.Read(f, t, w)
//
// Reading is strict: the header must fit the file, tensors must cover the data without holes and overlaps, sizes must not overflow,
// names must be unique and valid UTF-8. A header never makes the reader allocate more than a small multiple of the header's own
// length, which the size of the file bounds. Errors are of type [*Error] and name the file, the tensor, the byte, what was found and
// what was wanted.
//
// Writing is deterministic, and gives the bytes that the Python package safetensors gives (but for the order of texts under
// __metadata__, which is random there and sorted here).
package safetensors
