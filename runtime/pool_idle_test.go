//go:build unix

package nnrt

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime returns the processor time that this process has used.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A program that waits between its steps leaves the processor alone meanwhile: helpers park.
func TestPoolIdle(t *testing.T) {
	withProcs(t, 4, func() {
		p := NewPool(0)
		body := func(_, _ int) {}
		start, used := time.Now(), cpuTime(t)
		for range 10 {
			p.Run(16, body)
			time.Sleep(20 * time.Millisecond)
		}
		wall, spent := time.Since(start), cpuTime(t)-used
		if spent > wall/10 {
			t.Errorf("used %v of processor time in %v, in which there was nothing to do", spent, wall)
		}
		t.Logf("%v of processor time in %v", spent, wall)
	})
}
