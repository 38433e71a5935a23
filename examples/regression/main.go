// Command regression fits a line to real measurements of flowers by gradient descent, once with the mean of the squared
// errors as its loss and once with their sum, and compares both with the closed form of least squares.
package main

import (
	"fmt"
	"log"
	"math"
)

const steps = 2000

func main() {
	log.SetFlags(0)
	x, y, err := load()
	if err != nil {
		log.Fatal(err)
	}
	exact, err := leastSquares(x, y)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("petal width from sepal length, sepal width and petal length of %d flowers\n\n", len(y))
	mean, err := fitMean(x, y, func(step int, loss float64) {
		if step&(step-1) == 0 || step == steps { // 1, 2, 4, 8, ...
			fmt.Printf("step %4d  mean squared error %.6f\n", step, loss)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	sum, err := fitSum(x, y)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\n%-14s%14s%14s%14s\n", "", "mean loss", "sum loss", "closed form")
	worst := 0.0
	for i, name := range append(features[:], "offset") {
		fmt.Printf("%-14s%14.9f%14.9f%14.9f\n", name, mean[i], sum[i], exact[i])
		worst = max(worst, math.Abs(mean[i]-exact[i]), math.Abs(sum[i]-exact[i]))
	}
	fmt.Printf("\nlargest difference from the closed form: %.1e\n", worst)
}

// fitMean descends on the mean of the squared errors, over the whole set at each step. It returns the weights and, last,
// the offset.
func fitMean(x, y []float64, report func(step int, loss float64)) ([]float64, error) {
	model := NewLineMean(1)
	trainer, err := NewLineMeanTrainer(model, LineMeanTrainerOptions{MaxBatch: len(y)})
	if err != nil {
		return nil, err
	}
	batch := LineMeanBatch{X: x, Y: y}
	for step := range steps {
		m, err := trainer.Step(batch)
		if err != nil {
			return nil, err
		}
		report(step+1, m.Loss)
	}
	return append(append([]float64{}, model.Fit.W...), model.Fit.B...), nil
}

// fitSum descends on the sum of the squared errors.
func fitSum(x, y []float64) ([]float64, error) {
	model := NewLineSum(1)
	trainer, err := NewLineSumTrainer(model, LineSumTrainerOptions{MaxBatch: len(y)})
	if err != nil {
		return nil, err
	}
	batch := LineSumBatch{X: x, Y: y}
	for range steps {
		if _, err := trainer.Step(batch); err != nil {
			return nil, err
		}
	}
	return append(append([]float64{}, model.Fit.W...), model.Fit.B...), nil
}

// leastSquares solves the normal equations A'A b = A'y, where A is x with a column of ones, by Gaussian elimination.
func leastSquares(x, y []float64) ([]float64, error) {
	const n = len(features) + 1
	var m [n][n + 1]float64 // [A'A | A'y]
	for r := range y {
		var row [n]float64
		copy(row[:], x[r*len(features):(r+1)*len(features)])
		row[n-1] = 1
		for i, a := range row {
			for j, b := range row {
				m[i][j] += a * b
			}
			m[i][n] += a * y[r]
		}
	}
	for col := range n {
		pivot := col
		for r := col + 1; r < n; r++ {
			if math.Abs(m[r][col]) > math.Abs(m[pivot][col]) {
				pivot = r
			}
		}
		if m[pivot][col] == 0 {
			return nil, fmt.Errorf("the columns depend on each other: there is no single best line")
		}
		m[col], m[pivot] = m[pivot], m[col]
		for r := range n {
			if r == col {
				continue
			}
			f := m[r][col] / m[col][col]
			for j := col; j <= n; j++ {
				m[r][j] -= f * m[col][j]
			}
		}
	}
	b := make([]float64, n)
	for i := range b {
		b[i] = m[i][n] / m[i][i]
	}
	return b, nil
}
