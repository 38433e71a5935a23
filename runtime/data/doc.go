// Package data reads data sets for training into flat slices, the form in which generated models take them: CSV, IDX (the format of MNIST), NPY
// and NPZ (NumPy's), Go slices and iterators. It divides them, scales them, and streams those that are larger than memory.
//
// # From a file to a model
//
// A [Table] holds features, row after row, and a class, a number or several numbers to predict for each row:
//
//	table, err := data.ReadFile[float32]("iris.csv", data.Options{Label: "species"})
//	fmt.Print(table)                                       // rows, ranges, classes
//	test, train, err := table.SplitStratified(0.2, seed)   // a fifth of each class is held out
//	scaling, err := data.Standardise(train)                // from the training part only
//	err = scaling.Apply(train)
//	err = scaling.Apply(test)
//	set := IrisData{X: train.Features, Y: train.Labels}    // the typed set that nngen generates for model Iris
//	err = set.Check()                                      // whether it fits the model
//
// When serving, the same [Scaling], saved as JSON with the weights, scales each row by [Scaling.Row] without allocation, and the table's Classes
// name what the model answers. A second file that is to have the same indices is read with [Options.Classes].
//
// Other beginnings: [ReadIDXFiles] for images and labels, [ReadNPYFile], [ReadNPZFile] and [FromArrays] for NumPy's arrays, [FromSlices] and
// [FromRows] for values that a program has. Other divisions: [Table.Split] by a rule, [Table.SplitSeed] at random, [Table.Folds],
// [Table.FoldsSeed] and [Table.FoldsStratified] for cross-validation.
//
// # Larger than memory
//
// [OpenCSV] and [OpenIDX] make a [Stream], which reads the file again in every epoch. [Stream.Shuffle] serves it in batches whose rows are
// drawn from a buffer, in an order that a seed fixes; [Shuffle.Seek] resumes at any batch.
//
// # Errors
//
// Files are not trusted. An [Error] names the place (line and column of a text, part and byte of a binary file), what was found and what was
// wanted, after the path of the file. No size in a header is believed before it is compared with the size of the file: memory is taken for
// what is there, not for what is announced. Gzip is recognised by its content and read like any other file; where the size of its content is not
// known, memory grows as the content arrives.
package data
