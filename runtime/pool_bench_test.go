package nnrt

import (
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

// BenchmarkForkPays compares regions of two equal tasks on one worker and on two: where two are faster, a fork pays. The name is the
// time that both tasks take together.
func BenchmarkForkPays(b *testing.B) {
	start := time.Now()
	const probe = 10_000_000
	b.Logf("%d additions of 1e-9 make %v", probe, grind(probe)-1)
	perMicro := float64(probe) / (float64(time.Since(start).Nanoseconds()) / 1000)
	for _, micros := range []int{1, 2, 5, 10, 20, 50} {
		n := int(perMicro*float64(micros)) / 2
		var sum [2]float64
		body := func(_, task int) { sum[task] = grind(n) }
		for _, row := range []struct {
			name    string
			workers int
		}{{"serial", 1}, {"forked", 2}} {
			b.Run(time.Duration(micros*1000).String()+"/"+row.name, func(b *testing.B) {
				p := NewPool(row.workers)
				for b.Loop() {
					p.Run(2, body)
				}
			})
		}
	}
}

// grind is n dependent additions.
//
//go:noinline
func grind(n int) float64 {
	s := 1.0
	for range n {
		s += 1e-9
	}
	return s
}
