// Package nncheck checks a generated model: its gradients, its memory, and that results depend on nothing but the model, its data and the
// seed. `nngen gen --tests` writes a test file beside a model's code that calls it with data of the model's shapes; only tests import it.
//
// [Training] is a trainer with a batch, [Prediction] a predictor with an input. [TestTraining] and [TestPrediction] run all checks of one, each in a
// subtest of its own, so that `go test -run 'TestDigitsNNTraining/gradients'` runs one of them. What a check needs fresh it makes by the function it is given,
// which makes the same every time.
package nncheck
