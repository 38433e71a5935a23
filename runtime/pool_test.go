package nnrt

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// withProcs runs f with the given GOMAXPROCS.
func withProcs(t testing.TB, n int, f func()) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	f()
}

func TestPoolRunsEveryTaskOnce(t *testing.T) {
	withProcs(t, 4, func() {
		for _, workers := range []int{0, 1, 2, 3, 100} {
			p := NewPool(workers)
			for _, tasks := range []int{0, 1, 2, 3, 7, 64, 1000} {
				for range 50 {
					counts := make([]atomic.Int32, tasks)
					inUse := make([]atomic.Bool, p.Workers())
					p.Run(tasks, func(worker, task int) {
						if inUse[worker].Swap(true) {
							t.Errorf("worker %d runs two tasks at once", worker)
						}
						counts[task].Add(1)
						inUse[worker].Store(false)
					})
					for i := range counts {
						if n := counts[i].Load(); n != 1 {
							t.Fatalf("workers %d: task %d of %d ran %d times", workers, i, tasks, n)
						}
					}
				}
			}
		}
	})
}

// What a task wrote without synchronisation is visible to the caller and to the next run (checked by the race
// detector).
func TestPoolOrdersMemory(t *testing.T) {
	withProcs(t, 4, func() {
		p := NewPool(0)
		data := make([]int, 64)
		for round := range 500 {
			p.Run(len(data), func(_, task int) { data[len(data)-1-task]++ })
			for i, v := range data {
				if v != round+1 {
					t.Fatalf("round %d: data[%d] = %d", round, i, v)
				}
			}
		}
	})
}

func TestPoolFollowsGOMAXPROCS(t *testing.T) {
	p := NewPool(3)
	for _, procs := range []int{1, 4, 2, 8} {
		withProcs(t, procs, func() {
			var highest atomic.Int64
			for range 20 {
				p.Run(200, func(worker, _ int) {
					if int64(worker) > highest.Load() {
						highest.Store(int64(worker))
					}
					runtime.Gosched()
				})
			}
			if limit := min(procs, 3); highest.Load() >= int64(limit) {
				t.Errorf("GOMAXPROCS %d: worker index %d, want below %d", procs, highest.Load(), limit)
			}
		})
	}
}

// Two goroutines may use the workers at the same time; one of them gets no help.
func TestPoolConcurrentRuns(t *testing.T) {
	withProcs(t, 4, func() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				p := NewPool(0)
				sum := make([]int, 32)
				for range 300 {
					p.Run(len(sum), func(_, task int) { sum[task] += task })
				}
				for i, v := range sum {
					if v != 300*i {
						t.Errorf("task %d counted %d, want %d", i, v, 300*i)
					}
				}
			}()
		}
		wg.Wait()
	})
}

func TestPoolNestedRun(t *testing.T) {
	withProcs(t, 2, func() {
		p := NewPool(2)
		var n atomic.Int64
		p.Run(8, func(_, _ int) {
			p.Run(8, func(_, _ int) { n.Add(1) })
		})
		if n.Load() != 64 {
			t.Errorf("%d inner tasks ran, want 64", n.Load())
		}
	})
}

// TestPoolStorm lets several callers use the crew at once while GOMAXPROCS changes and bodies panic or start regions of their own: every task
// runs once or, in a region that panics, at most once; workers that run at the same time have different numbers; and no body runs any more
// when Run is over.
func TestPoolStorm(t *testing.T) {
	withProcs(t, 4, func() {
		var callers sync.WaitGroup
		for g := range 4 {
			callers.Add(1)
			go func() {
				defer callers.Done()
				p := NewPool(1 + g)
				rng := rand.New(rand.NewPCG(1, uint64(g)))
				for range 300 {
					stormRegion(t, p, 2+rng.IntN(40), rng.IntN(60))
				}
			}()
		}
		over := make(chan struct{})
		go func() { callers.Wait(); close(over) }()
		for n := 1; ; n = n%5 + 1 {
			runtime.GOMAXPROCS(n)
			select {
			case <-over:
				return
			case <-time.After(100 * time.Microsecond):
			}
		}
	})
}

// stormRegion runs tasks of which number bad panics, if there is one.
func stormRegion(t *testing.T, p *Pool, tasks, bad int) {
	ran := make([]atomic.Int32, tasks)
	busy := make([]atomic.Bool, p.Workers())
	var running atomic.Int32
	err := func() (err any) {
		defer func() { err = recover() }()
		p.Run(tasks, func(worker, task int) {
			running.Add(1)
			defer running.Add(-1)
			if !busy[worker].CompareAndSwap(false, true) {
				t.Errorf("two tasks ran as worker %d at the same time", worker)
			}
			defer busy[worker].Store(false)
			ran[task].Add(1)
			p.Run(3, func(_, _ int) { runtime.Gosched() })
			if task == bad {
				panic("storm")
			}
		})
		return nil
	}()
	if n := running.Load(); n != 0 {
		t.Errorf("%d bodies ran after the end of Run", n)
	}
	if e, ok := err.(*TaskPanic); (bad < tasks) != ok || ok && e.Task != bad {
		t.Errorf("%d tasks, number %d panics: Run ended with %v", tasks, bad, err)
	}
	for task := range ran {
		if n := ran[task].Load(); n > 1 || n == 0 && err == nil {
			t.Errorf("task %d of %d ran %d times", task, tasks, n)
		}
	}
}

// Helpers that are late for a region never take part in the next one if its pool has fewer workers.
func TestPoolsOfDifferentSizes(t *testing.T) {
	withProcs(t, 4, func() {
		var pools [5]*Pool
		var body [5]func(worker, task int)
		var ran [5]atomic.Int64
		for size := 1; size < len(pools); size++ {
			pools[size] = NewPool(size)
			body[size] = func(worker, _ int) {
				if worker >= size {
					t.Errorf("worker %d in a pool of %d", worker, size)
				}
				ran[size].Add(1)
			}
		}
		const rounds = 5000
		for round := range rounds {
			for size := 1; size < len(pools); size++ {
				pools[size].Run(1+(round+size)%5, body[size])
			}
		}
		for size := 1; size < len(pools); size++ {
			if n := ran[size].Load(); n != 3*rounds {
				t.Errorf("%d tasks ran in the pool of %d, want %d", n, size, 3*rounds)
			}
		}
	})
}

// The caller waits for tasks that take long, and for helpers that had to be woken.
func TestPoolLongTasks(t *testing.T) {
	withProcs(t, 3, func() {
		p := NewPool(0)
		sum := make([]int, 3)
		for round := range 30 {
			p.Run(len(sum), func(worker, task int) {
				if worker > 0 {
					time.Sleep(time.Millisecond)
				}
				sum[task]++
			})
			for i, v := range sum {
				if v != round+1 {
					t.Fatalf("round %d: task %d has run %d times", round, i, v)
				}
			}
			if round%3 == 0 {
				time.Sleep(time.Millisecond)
			}
			runtime.Gosched()
		}
	})
}

func TestPoolForks(t *testing.T) {
	for _, procs := range []int{1, 4} {
		withProcs(t, procs, func() {
			p := NewPool(0)
			for _, tasks := range []int{0, 1, 2, 5} {
				p.Run(tasks, func(_, _ int) {})
			}
			if p.Forks() != 2 {
				t.Errorf("GOMAXPROCS %d: %d forks, want 2", procs, p.Forks())
			}
		})
	}
}

func TestPoolPanic(t *testing.T) {
	cause := errors.New("the cause")
	for _, procs := range []int{1, 4} {
		withProcs(t, procs, func() {
			p := NewPool(0)
			for _, bad := range []int{0, 5, 31} {
				func() {
					defer func() {
						e, ok := recover().(*TaskPanic)
						if !ok || e.Task != bad || !errors.Is(e, cause) || !strings.Contains(e.Stack, "TestPoolPanic") {
							t.Errorf("GOMAXPROCS %d: recovered %+v, want the panic of task %d", procs, e, bad)
						}
					}()
					p.Run(32, func(_, task int) {
						if task == bad {
							panic(cause)
						}
					})
					t.Error("Run returned after a panic")
				}()
				done := 0
				p.Run(1, func(_, _ int) { done++ })
				var n atomic.Int32
				p.Run(32, func(_, _ int) { n.Add(1) })
				if n.Load() != 32 {
					t.Errorf("%d tasks ran after a panic, want 32", n.Load())
				}
			}
		})
	}
}

// A goroutine that ends inside a body, as t.FailNow does, neither hangs the caller nor loses a helper.
func TestPoolGoexit(t *testing.T) {
	withProcs(t, 4, func() {
		p := NewPool(0)
		for range 20 {
			done := make(chan any)
			go func() {
				defer func() { done <- recover() }()
				p.Run(64, func(worker, _ int) {
					if worker > 0 {
						runtime.Goexit()
					}
					runtime.Gosched()
				})
			}()
			if v := <-done; v != nil {
				if e, ok := v.(*TaskPanic); !ok || !strings.Contains(e.Error(), "Goexit") {
					t.Fatalf("recovered %v, want a note about Goexit", v)
				}
			}
		}
		caller := make(chan struct{})
		go func() {
			defer close(caller)
			p.Run(64, func(worker, _ int) {
				if worker == 0 {
					runtime.Goexit()
				}
			})
		}()
		<-caller
		var n atomic.Int32
		p.Run(64, func(_, _ int) { n.Add(1) })
		if n.Load() != 64 {
			t.Errorf("%d tasks ran, want 64", n.Load())
		}
	})
}

func TestPoolNoAllocation(t *testing.T) {
	withProcs(t, 4, func() {
		p := NewPool(0)
		sum := make([]int, 16)
		body := func(_, task int) { sum[task]++ }
		if n := testing.AllocsPerRun(200, func() { p.Run(len(sum), body) }); n != 0 {
			t.Errorf("%v allocations per Run", n)
		}
	})
}

// TestClaimEnds checks that workers of even number take tasks from the front and those of odd number from the back, that nobody gets a task twice,
// and that what is skipped is counted.
func TestClaimEnds(t *testing.T) {
	c := &crew{}
	c.word.Store(openWord(3, 1, 7)) // tasks 1 to 6 are left
	for i, step := range []struct{ worker, want int }{{0, 1}, {1, 6}, {2, 2}, {1, 5}, {0, 3}} {
		if got, ok := c.claim(step.worker); !ok || got != step.want {
			t.Errorf("claim %d, by worker %d: got task %d (%t), want %d", i, step.worker, got, ok, step.want)
		}
	}
	if _, ok := c.claim(3); ok {
		t.Error("worker 3 of 3 got a task")
	}
	if n := c.skip(); n != 1 {
		t.Errorf("%d tasks skipped, want 1", n)
	}
	if _, ok := c.claim(1); ok {
		t.Error("a task after the last")
	}
	c.word.Store(openWord(maxWorkers, 0, maxTasks))
	if task, ok := c.claim(maxWorkers - 1); !ok || task != 0 {
		t.Errorf("the largest region: got task %d (%t), want 0", task, ok)
	}
	if task, ok := c.claim(maxWorkers - 2); !ok || task != maxTasks-1 {
		t.Errorf("the largest region: got task %d (%t), want %d", task, ok, maxTasks-1)
	}
}
