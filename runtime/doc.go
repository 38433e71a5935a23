// Package nnrt is what generated code calls at run time: numeric kernels, random streams, workers, checks of
// user data, sources of batches, the training loop, and the files of models and training runs. Besides the standard library it imports its
// own package safetensors only (and may import golang.org/x/sys).
//
// A program that uses generated code needs few of its names:
//
//   - [Fit] trains, as [FitOptions] say, and returns a [History]; [Checkpoints] says where a run saves its state;
//   - [WholeSet], [MiniBatch] and [Stochastic] say which rows a step sees; [NewBatches] serves row numbers to a loop of your own;
//   - [Attach] adds values to the files of models;
//   - a [BorderError] says which field of a batch does not fit, an [OrderError] which call came too early, a [DivergenceError]
//     where numbers ceased to be finite, a [FileError] what is wrong with a file, and at which place.
//
// The rest is called by generated code. Package [nngen/runtime/data] reads data, [nngen/runtime/progress] shows progress.
//
// # The specification
//
// The portable Go code in this package is the specification of every kernel; vector assembly, where it
// exists, is an accelerated copy with the same signature and a test that compares the two. Four rules hold
// everywhere and make results independent of GOMAXPROCS, of how work is cut into blocks, and of the
// architecture:
//
//   - every product is rounded before it is used, written T(x*y), so that no compiler fuses a multiplication
//     with an addition on its own;
//   - matrix products accumulate k in order, in equal blocks of at most [KC]; workers may share the blocks, whose sums are added in order, but never one block;
//   - long reductions run over 16 virtual lanes (element i belongs to lane i&15), in chunks of fixed length,
//     and lanes and chunks are combined by fixed trees ([Sum16], [TreeSum]);
//   - NaN and infinity travel: nothing is skipped because a factor is zero, and minima and maxima are NaN when
//     an operand is NaN.
//
// # Files
//
// Models and checkpoints are safetensors files, which other programs read, with a SHA-256 over every byte. A parameter h.W is the tensor
// h.W; a checkpoint also holds state/m/h.W for the optimizer's state m of it, average/h.W for its smoothed copy, number/LR for a
// hyperparameter, and section/NAME for what a caller adds. A file appears whole or not at all, and a
// checkpoint that does not load changes nothing of the trainer.
//
// # Errors
//
// Kernels trust their arguments; a slice too short panics as any Go slice does. User data is checked at the
// border of a model by [CheckLen], [CheckIndex] and [CheckBatch], which return errors that name the field, what
// was found and what was wanted.
package nnrt

// APIVersion1 is the first version of the interface between generated code and this package. Generated files
// say `const _ = nnrt.APIVersion1`, so that a generator and a runtime that do not fit fail to compile.
const APIVersion1 = 1

// Float is the set of element types that a model can have.
type Float interface{ float32 | float64 }
