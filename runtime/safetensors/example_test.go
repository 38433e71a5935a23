package safetensors_test

import (
	"bytes"
	"fmt"

	"nngen/runtime/safetensors"
)

func Example() {
	var file bytes.Buffer
	err := safetensors.Write(&file, map[string]string{"classes": "cat dog"}, []safetensors.Entry{
		{Name: "W", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}},
		{Name: "steps", Data: []int64{1200}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.Parse(file.Bytes(), "w.safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range f.Tensors {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	w, _ := f.Find("W")
	values := make([]float64, w.Len())
	fmt.Println(safetensors.Read(f, w, values), values, f.Metadata["classes"])

	_, err = safetensors.Parse(file.Bytes()[:file.Len()-1], "w.safetensors")
	fmt.Println(err)
	// Output:
	// steps I64 []
	// W F32 [2 2]
	// <nil> [1 2 3 4] cat dog
	// w.safetensors: tensor "W": byte 183: got the end of the file, want the tensor's 16 bytes from byte 168
}
