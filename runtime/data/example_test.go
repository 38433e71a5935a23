package data_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"nngen/runtime/data"
)

// IrisData stands for the typed set that nngen generates for a model with input x [batch, 4] and target y [batch]int.
type IrisData struct {
	X []float32
	Y []int32
}

// From a file to the typed set of a model, and back from a new measurement to a row that the model takes.
func Example() {
	table, err := data.ReadFile[float32]("../../examples/regression/iris.csv", data.Options{Label: "species"})
	if err != nil {
		log.Fatal(err)
	}
	test, train, err := table.SplitStratified(0.2, 1)
	if err != nil {
		log.Fatal(err)
	}
	scaling, err := data.Standardise(train) // from the training part only
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range []*data.Table[float32]{train, test} {
		if err := scaling.Apply(part); err != nil {
			log.Fatal(err)
		}
	}
	set := IrisData{X: train.Features, Y: train.Labels}
	fmt.Println(len(set.X), "features of", len(set.Y), "flowers to learn from,", test.Rows, "to test on")
	fmt.Println("classes:", table.Classes)

	// Saved with the weights, the scaling serves later.
	saved, err := json.Marshal(scaling)
	if err != nil {
		log.Fatal(err)
	}
	var again data.Scaling[float32]
	if err := json.Unmarshal(saved, &again); err != nil {
		log.Fatal(err)
	}
	row := []float32{5.1, 3.5, 1.4, 0.2}
	if err := again.Row(row, row); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", row)
	// Output:
	// 480 features of 120 flowers to learn from, 30 to test on
	// classes: [setosa versicolor virginica]
	// [-0.96 0.99 -1.36 -1.32]
}

func ExampleReadCSV() {
	const file = "width,height,kind\n1.5,2,rose\n3,4,iris\n5,6,rose\n"
	t, err := data.ReadCSV[float32](strings.NewReader(file), data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Columns, t.Features)
	fmt.Println(t.Classes, t.Labels)

	_, err = data.ReadCSV[float32](strings.NewReader("width,kind\n1,rose\nNA,iris\n"), data.Options{})
	fmt.Println(err)
	// A second file has the same indices.
	_, err = data.ReadCSV[float32](strings.NewReader("width,height,kind\n1,2,tulip\n"), data.Options{Classes: t.Classes})
	fmt.Println(err)
	// Output:
	// [width height] [1.5 2 3 4 5 6]
	// [iris rose] [1 0 1]
	// line 3, column "width": got a missing value ("NA"), want a finite number
	// line 2, column "kind": got class "tulip", want one of "iris", "rose"
}

func ExampleTable_String() {
	t, err := data.ReadFile[float64]("../../examples/regression/iris.csv", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(t)
	// Output:
	// 150 rows of 4 features, to predict: class "species"
	//   column        least   mean  largest  deviation
	//   sepal_length    4.3  5.843      7.9     0.8253
	//   sepal_width       2  3.057      4.4     0.4344
	//   petal_length      1  3.758      6.9      1.759
	//   petal_width     0.1  1.199      2.5     0.7597
	//   class       rows
	//   setosa        50
	//   versicolor    50
	//   virginica     50
}

// Ten images of MNIST, their pixels from 0 to 1.
func ExampleReadIDXFiles() {
	t, err := data.ReadIDXFiles[float32]("testdata/ten-images-idx3-ubyte.gz", "testdata/ten-labels-idx1-ubyte.gz", data.IDXOptions{Scale: 1.0 / 255})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Rows, "images of", len(t.Columns), "pixels:", t.Labels)
	// Output:
	// 10 images of 784 pixels: [7 2 1 0 4 1 4 9 5 9]
}

// What numpy.save has written becomes a table; what WriteNPY writes, numpy.load reads.
func ExampleReadNPY() {
	var file bytes.Buffer
	if err := data.WriteNPY(&file, &data.Array[float64]{Shape: []int{3, 2}, Data: []float64{1, 2, 3, 4, 5, 6}}); err != nil {
		log.Fatal(err)
	}
	x, err := data.ReadNPY[float32](&file)
	if err != nil {
		log.Fatal(err)
	}
	t, err := data.FromArrays(x, &data.Array[int32]{Shape: []int{3}, Data: []int32{0, 1, 0}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape, t.Row(1), t.Classes)
	// Output:
	// [3 2] [3 4] [0 1]
}

func ExampleFromRows() {
	samples := func(yield func([]float32, string) bool) {
		for i := range 3 {
			kind := "even"
			if i%2 == 1 {
				kind = "odd"
			}
			if !yield([]float32{float32(i), float32(i * i)}, kind) {
				return
			}
		}
	}
	t, err := data.FromRows([]string{"n", "square"}, samples)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Features, t.Classes, t.Labels)
	// Output:
	// [0 0 1 1 2 4] [even odd] [0 1 0]
}

func ExampleTable_Folds() {
	t, err := data.FromSlices(nil, [][]float64{{0}, {1}, {2}, {3}, {4}}, []float64{0, 1, 4, 9, 16})
	if err != nil {
		log.Fatal(err)
	}
	folds, err := t.Folds(2)
	if err != nil {
		log.Fatal(err)
	}
	for i, fold := range folds {
		fmt.Println("fold", i, "train", fold.Train.Features, "test", fold.Test.Features)
	}
	// Output:
	// fold 0 train [1 3] test [0 2 4]
	// fold 1 train [0 2 4] test [1 3]
}

func ExampleTable_Split() {
	t, err := data.ReadFile[float32]("../../examples/regression/iris.csv", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	test, train := t.Split(func(i int) bool { return i%5 == 4 })
	fmt.Println(train.Rows, test.Rows)
	// Output:
	// 120 30
}

// A house's price is scaled like its features; a prediction is brought back.
func ExampleStandardiseTarget() {
	t, err := data.FromSlices([]string{"rooms"}, [][]float64{{2}, {3}, {4}}, []float64{100_000, 200_000, 300_000})
	if err != nil {
		log.Fatal(err)
	}
	price, err := data.StandardiseTarget(t)
	if err != nil {
		log.Fatal(err)
	}
	if err := price.ApplyTarget(t); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", t.Target)
	prediction := []float64{0.5}
	if err := price.InverseRow(prediction, prediction); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f\n", prediction)
	// Output:
	// [-1.225 0.000 1.225]
	// [240825]
}

// A file that need not fit into memory, in batches of four rows drawn from a buffer of ten.
func ExampleOpenCSV() {
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "numbers.csv")
	if err := os.WriteFile(path, []byte("x,y\n0,0\n1,1\n2,4\n3,9\n4,16\n5,25\n6,36\n7,49\n8,64\n9,81\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	stream, err := data.OpenCSV[float64](path, data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	scaling, err := stream.MinMax()
	if err != nil {
		log.Fatal(err)
	}
	batches, err := stream.Shuffle(data.ShuffleOptions{Batch: 4, Buffer: 10, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer batches.Close()
	for end := false; !end; {
		t, part, err := batches.NextTable(100)
		if err != nil {
			log.Fatal(err)
		}
		if err := scaling.Apply(t); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.2f %v\n", t.Features, t.Target)
		end = part.EpochEnd
	}
	// Output:
	// [0.22 0.44 1.00 0.56] [4 16 81 25]
	// [0.78 0.67 0.00 0.11] [49 36 0 1]
	// [0.33 0.89] [9 64]
}
