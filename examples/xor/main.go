// Command xor trains a network of eight hidden units to compute the exclusive or of two bits, once by gradient descent with
// momentum and once by Adam, and prints how the loss falls.
package main

import (
	"fmt"
	"log"
)

// The whole data set: four rows of two inputs, and their exclusive or.
var (
	inputs  = []float32{0, 0, 0, 1, 1, 0, 1, 1}
	targets = []float32{0, 1, 1, 0}
)

const steps = 400

func main() {
	log.SetFlags(0)
	model, err := train(1, func(step int, m XorMetrics) {
		if step%50 == 0 {
			fmt.Printf("step %3d  loss %.6f  accuracy %.0f %%\n", step, m.Loss, 100*m.Accuracy)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	out, err := model.Predict(XorInput{X: inputs})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("\n a b | a xor b")
	for i, p := range out.P {
		fmt.Printf(" %.0f %.0f | %.4f\n", inputs[2*i], inputs[2*i+1], p)
	}

	adam, err := trainAdam(1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\nAdam reaches loss %.6f in the same %d steps\n", adam.Loss, steps)
}

// train trains a model from a seed by gradient descent with momentum and calls report after each step.
func train(seed uint64, report func(step int, m XorMetrics)) (*Xor, error) {
	model := NewXor(seed)
	trainer, err := NewXorTrainer(model, XorTrainerOptions{MaxBatch: 4})
	if err != nil {
		return nil, err
	}
	batch := XorBatch{X: inputs, Y: targets}
	for step := range steps {
		m, err := trainer.Step(batch) // forward, backward and update
		if err != nil {
			return nil, err
		}
		report(step+1, m)
	}
	return model, nil
}

// trainAdam trains the variant of the model that uses Adam and returns the metrics of the trained model.
func trainAdam(seed uint64) (XorAdamMetrics, error) {
	trainer, err := NewXorAdamTrainer(NewXorAdam(seed), XorAdamTrainerOptions{MaxBatch: 4})
	if err != nil {
		return XorAdamMetrics{}, err
	}
	for range steps {
		if _, err := trainer.Step(XorAdamBatch{X: inputs, Y: targets}); err != nil {
			return XorAdamMetrics{}, err
		}
	}
	return trainer.Evaluate(XorAdamData{X: inputs, Y: targets})
}
