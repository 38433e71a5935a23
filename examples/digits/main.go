// Command digits trains a network to read handwritten digits, from five seeds, and prints how the loss falls and how many
// of the digits it has not seen it reads right.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	nnrt "nngen/runtime"
)

const (
	epochs    = 25
	batchSize = 32
)

func main() {
	log.SetFlags(0)
	train, test, err := load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d images to learn from, %d to be tested on\n", train.Len(), test.Len())
	var last *Digits
	mean := 0.0
	for seed := uint64(1); seed <= 5; seed++ {
		fmt.Printf("\nseed %d\n", seed)
		model, err := fit(train, seed, func(e *nnrt.FitEvent) error {
			if e.Epoch == 1 || e.Epoch%5 == 0 {
				fmt.Printf("  epoch %2d  loss %.4f  accuracy %5.1f %%\n", e.Epoch, e.Value("loss"), 100*e.Value("accuracy"))
			}
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
		m, err := evaluate(model, test)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("  unseen    loss %.4f  accuracy %5.1f %%\n", m.Loss, 100*m.Accuracy)
		mean += m.Accuracy / 5
		last = model
	}
	fmt.Printf("\nmean accuracy on unseen images: %.2f %%\n", 100*mean)
	if err := showMistake(last, test); err != nil {
		log.Fatal(err)
	}
}

// fit trains a model from a seed on shuffled mini-batches and calls report after each epoch.
func fit(train DigitsData, seed uint64, report func(*nnrt.FitEvent) error) (*Digits, error) {
	model := NewDigits(seed)
	trainer, err := NewDigitsTrainer(model, DigitsTrainerOptions{MaxBatch: batchSize, Seed: seed})
	if err != nil {
		return nil, err
	}
	batches := nnrt.MiniBatch(&train, batchSize, seed)
	_, err = nnrt.Fit(context.Background(), trainer, batches, nnrt.FitOptions{Epochs: epochs, OnEpoch: report})
	return model, err
}

// evaluate measures a model on data of any size.
func evaluate(model *Digits, data DigitsData) (DigitsMetrics, error) {
	trainer, err := NewDigitsTrainer(model, DigitsTrainerOptions{MaxBatch: batchSize})
	if err != nil {
		return DigitsMetrics{}, err
	}
	return trainer.Evaluate(data)
}

// showMistake draws the first image that the model reads wrong.
func showMistake(model *Digits, test DigitsData) error {
	out, err := model.Predict(DigitsInput{X: test.X})
	if err != nil {
		return err
	}
	for i, want := range test.Y {
		probs := out.Probs[i*classes : (i+1)*classes]
		got := 0
		for c, p := range probs {
			if p > probs[got] {
				got = c
			}
		}
		if got == int(want) {
			continue
		}
		fmt.Printf("\nThis is a %d; the last model takes it for a %d, with probability %.2f:\n\n%s", want, got, probs[got], draw(test.X[i*pixels:(i+1)*pixels]))
		return nil
	}
	fmt.Println("the last model makes no mistake")
	return nil
}

// draw renders an image of 8 x 8 grey values with characters.
func draw(image []float32) string {
	const shades = " .:-=+*#%@"
	var b strings.Builder
	for row := range 8 {
		b.WriteString("    ")
		for _, v := range image[8*row : 8*row+8] {
			shade := shades[min(int(v*float32(len(shades))), len(shades)-1)]
			b.WriteString(strings.Repeat(string(shade), 2))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
