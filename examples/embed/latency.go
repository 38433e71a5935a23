package main

// This file answers: how long do predictions take, measured without a lock and in memory that does not grow?

import (
	"math"
	"sync/atomic"
	"time"
)

// latency counts durations in buckets that grow by the eighth root of two, from one microsecond to more than a minute. So a quantile is at
// most a tenth above what it is. Many goroutines may use it at once.
type latency struct {
	buckets [8 * 26]atomic.Uint64
}

// note counts a duration.
func (l *latency) note(d time.Duration) {
	at := math.Ceil(8 * math.Log2(float64(d)/float64(time.Microsecond)))
	l.buckets[int(max(0, min(at, float64(len(l.buckets)-1))))].Add(1)
}

// quantiles returns the number of durations and, for each share, an upper bound of the duration that so many do not exceed, in microseconds.
func (l *latency) quantiles(shares ...float64) (count uint64, micros []float64) {
	var counts [len(l.buckets)]uint64
	for i := range l.buckets {
		counts[i] = l.buckets[i].Load()
		count += counts[i]
	}
	for _, share := range shares {
		left := uint64(math.Ceil(share * float64(count)))
		at := 0
		for at < len(counts)-1 && counts[at] < left {
			left -= counts[at]
			at++
		}
		micros = append(micros, math.Round(10*math.Exp2(float64(at)/8))/10)
	}
	return count, micros
}
