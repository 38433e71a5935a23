package nnrt

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkFork measures what a region costs beyond its work: two tasks of nothing on one worker, on two, on two where the first task
// ends only when another worker has done the second (so that the time is that of two trips between cores), and the same when the helper
// slept before.
func BenchmarkFork(b *testing.B) {
	var sum [2]int
	nothing := func(_, task int) { sum[task]++ }
	var seen atomic.Int64
	round := int64(0)
	meet := func(_, task int) {
		if task == 1 {
			seen.Store(round)
			return
		}
		for seen.Load() != round {
			pause()
		}
	}
	b.Run("serial", func(b *testing.B) {
		p := NewPool(1)
		for b.Loop() {
			p.Run(2, nothing)
		}
	})
	if runtime.GOMAXPROCS(0) < 2 {
		return
	}
	p := NewPool(2)
	b.Run("empty", func(b *testing.B) {
		for b.Loop() {
			p.Run(2, nothing)
		}
	})
	b.Run("meet", func(b *testing.B) {
		for b.Loop() {
			round++
			p.Run(2, meet)
		}
	})
	b.Run("asleep", func(b *testing.B) {
		var times []time.Duration
		for b.Loop() {
			time.Sleep(500 * time.Microsecond)
			round++
			start := time.Now()
			p.Run(2, meet)
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "ns/median")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkForkPays compares regions on one worker and on two: each is a product of width x width weights, cut into two blocks of rows or
// (the third, as in a backward pass) into two tiles of the weights, and reads what the one before it wrote. The name says how many
// multiplications a region has; grid.go sets forkWork by where two workers are clearly faster.
func BenchmarkForkPays(b *testing.B) {
	for _, shape := range []struct{ rows, width int }{{16, 64}, {32, 64}, {64, 64}, {128, 64}, {256, 64}, {32, 128}, {64, 128}, {16, 256}, {32, 256}} {
		m, d := shape.rows, shape.width
		x, y := Aligned[float32](m*d), Aligned[float32](m*d)
		w, dw := Aligned[float32](d*d), Aligned[float32](d*d)
		for i := range w {
			w[i] = float32(i%13) * 0.001
		}
		forward := func(_, task int) {
			at := task * (m / 2) * d
			GemmNN(y[at:], d, x[at:], d, w, d, m/2, d, d, false)
		}
		back := func(_, task int) {
			at := task * (m / 2) * d
			GemmNN(x[at:], d, y[at:], d, w, d, m/2, d, d, false)
		}
		weights := func(_, task int) {
			at := task * (d / 2)
			GemmTN(dw[at*d:], d, x[at:], d, y, d, d/2, d, m, false)
		}
		for _, row := range []struct {
			name    string
			workers int
		}{{"serial", 1}, {"forked", 2}} {
			b.Run(fmt.Sprintf("%dk/%dx%d/%s", m*d*d/1000, m, d, row.name), func(b *testing.B) {
				p := NewPool(row.workers)
				for b.Loop() {
					p.Run(2, forward)
					p.Run(2, back)
					p.Run(2, weights)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(3*b.N), "ns/region")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
