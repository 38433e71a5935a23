package nnrt

// This file answers: how long does a run take, at next to no cost for a step?

import "time"

// fitClock reads the time about every millisecond, since a reading takes as long as half a step of a tiny model.
type fitClock struct {
	begun    time.Time
	earlier  time.Duration // of the run before it was resumed
	now      time.Duration // since begun, when the clock was read last
	stride   int           // steps from one reading to the next
	lastStep int           // of the last reading
	due      int           // step of the next reading

	// The window in which samples are counted: the epoch so far, or several if they are short.
	from        time.Duration
	fromSamples int
	away        time.Duration // validations and checkpoints in it
	perSecond   float64       // 0 if not known yet
	ticked      time.Duration // when tick was true last
}

const (
	clockPeriod  = time.Millisecond
	clockStrides = 4096 // the longest stride
	tickPeriod   = 100 * time.Millisecond
)

func (c *fitClock) start(step, samples int) {
	c.begun = time.Now()
	c.stride, c.lastStep, c.due = 1, step, step+1
	c.fromSamples = samples
}

// read reads the time if it is due, and at the end of an epoch that is not very short.
func (c *fitClock) read(step, samples int, epochEnd bool) {
	if step < c.due && (!epochEnd || (step-c.lastStep)*8 < c.stride) {
		return
	}
	now := time.Since(c.begun)
	switch d := now - c.now; {
	case d < clockPeriod/2:
		c.stride = min(2*c.stride, clockStrides)
	case d > 8*clockPeriod: // steps have become slow, or something else took long: it grows again soon
		c.stride = 1
	case d > 2*clockPeriod:
		c.stride = max(c.stride/2, 1)
	}
	c.now, c.lastStep, c.due = now, step, step+c.stride
	if busy := now - c.from - c.away; busy > 0 && (epochEnd || busy > tickPeriod) {
		c.perSecond = float64(samples-c.fromSamples) / busy.Seconds()
	}
	if epochEnd {
		c.from, c.fromSamples, c.away = now, samples, 0
	}
}

// leave notes that the run does something else than steps until the function that it returns is called.
func (c *fitClock) leave() (back func()) {
	left := time.Now()
	return func() { c.away += time.Since(left) }
}

// tick reports, about ten times a second, that it is time to show something.
func (c *fitClock) tick() bool {
	if c.now-c.ticked < tickPeriod {
		return false
	}
	c.ticked = c.now
	return true
}

// seconds returns the wall time of the run.
func (c *fitClock) seconds() float64 { return float64(c.earlier+c.now) * 1e-9 }
