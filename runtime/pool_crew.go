package nnrt

// This file answers: how do the workers of a process share the tasks of one region?
//
// A region is open when the word says that tasks are left. A worker claims the next task by counting the word down; nothing else makes a
// helper part of a region, so the caller never waits for a helper that was slow to wake up or lost its processor before it began. It
// takes what they leave, and waits only for tasks that have begun.
//
// Workers of even number take tasks from the front, those of odd number from the back, and they meet somewhere in the middle. So with two
// cores the same rows, and the same part of a parameter, go to the same core in every region of every step, and its cache holds them already: moving a
// cache line to the other core takes as long as a hundred multiply-adds on it (see docs/performance.md).
//
// Fork and join move two cache lines between two cores: the word, which says that there is work, and the count of open tasks, which says
// that it is done.

import (
	"runtime"
	"sync/atomic"
	"time"
)

// How long to look for what another core is about to write before going to sleep. Waking a goroutine costs microseconds to tens of
// them, so a helper bridges the gaps between the regions of a step, and the caller those between the ends of tasks.
const (
	helperSpin = 50 * time.Microsecond
	ownerSpin  = 100 * time.Microsecond
)

// crew is the process-wide set of helpers and the region that they share. Whoever holds busy owns the rest. Helpers read body and tasks
// between claiming a task and counting it as done; the owner writes them outside that time.
type crew struct {
	busy    atomic.Bool
	helpers []*helper
	done    chan struct{} // wakes an owner that sleeps in join
	decoy   chan struct{} // wakes a goroutine that does nothing

	_     [64]byte // workers that look at the word stay off the line above
	word  atomic.Uint64
	body  func(worker, task int)
	tasks int

	_    [64]byte
	open atomic.Int64 // tasks that are not done, not counting those of the owner until it joins

	_        [64]byte
	panicked atomic.Pointer[TaskPanic]
}

// The word holds the number of workers that may take part, then the end and the beginning of the tasks that nobody has claimed. It says all
// that a claim depends on: a worker that sees the same word again has the same right, even if the region is another.
const (
	taskBits   = 24
	maxTasks   = 1<<taskBits - 1
	maxWorkers = 1<<(64-2*taskBits) - 1
)

// openWord is the word of a region with tasks from first to tasks-1 for so many workers.
func openWord(workers, first, tasks int) uint64 {
	return uint64(workers)<<(2*taskBits) | uint64(tasks)<<taskBits | uint64(first)
}

// unclaimed returns the range of tasks that nobody has claimed.
func unclaimed(word uint64) (first, end int) {
	return int(word & maxTasks), int(word >> taskBits & maxTasks)
}

// asleep is added to the number of open tasks when the owner sleeps.
const asleep = 1 << 62

var theCrew = &crew{done: make(chan struct{}, 1), decoy: make(chan struct{}, 1)}

// run is the parallel part of Run.
func (c *crew) run(helpers, tasks int, body func(worker, task int)) {
	c.hire(helpers)
	own := 0
	defer c.finish(&own)
	c.body, c.tasks = body, tasks
	c.open.Store(int64(tasks))
	c.word.Store(openWord(helpers+1, 1, tasks)) // task 0 is the owner's
	c.rouse(helpers)
	c.work(0, 0, &own)
}

// rouse wakes the first n helpers, as far as they sleep.
//
// Go's scheduler puts the goroutine that was woken last in a place from which idle processors take it only after a sleep of their own,
// because it expects the waker to block soon and give way; here that would keep a helper waiting for 100 microseconds. So the last one
// to be woken is a goroutine that does nothing.
func (c *crew) rouse(n int) {
	roused := false
	for _, h := range c.helpers[:n] {
		if h.rouse() {
			roused = true
		}
	}
	if roused {
		select {
		case c.decoy <- struct{}{}:
		default:
		}
	}
}

// finish waits for the helpers, frees the crew and passes a panic on. It is deferred, so that a body may call runtime.Goexit in the
// caller, as a failing test does.
func (c *crew) finish(own *int) {
	if *own < c.tasks {
		c.join(int64(*own))
	}
	c.body = nil
	p := c.panicked.Load()
	if p != nil {
		c.panicked.Store(nil)
	}
	c.busy.Store(false)
	if p != nil {
		panic(p)
	}
}

// join returns when no task is open but the given number, which the owner did.
func (c *crew) join(own int64) {
	for s := startSpin(ownerSpin, 1); c.open.Load() > own; {
		if !s.on() {
			if c.open.Add(asleep-own) > asleep {
				<-c.done
			}
			return
		}
	}
}

// hire starts helpers until there are n.
func (c *crew) hire(n int) {
	if len(c.helpers) == 0 {
		go func() {
			for range c.decoy {
			}
		}()
	}
	for len(c.helpers) < n {
		h := &helper{crew: c, worker: len(c.helpers) + 1, wake: make(chan struct{}, 1)}
		c.helpers = append(c.helpers, h)
		go h.loop()
	}
}

// claim takes a task from the worker's end, if one is left and this worker may take part.
func (c *crew) claim(worker int) (task int, ok bool) {
	for {
		w := c.word.Load()
		if !claimable(w, worker) {
			return 0, false
		}
		task, end := unclaimed(w)
		next := w + 1
		if worker%2 == 1 {
			task, next = end-1, w-1<<taskBits
		}
		if c.word.CompareAndSwap(w, next) {
			return task, true
		}
	}
}

func claimable(word uint64, worker int) bool {
	first, end := unclaimed(word)
	return first < end && uint64(worker) < word>>(2*taskBits)
}

// work does a claimed task and then others until there are none, counts them in n, and turns a panic into the result of the region.
func (c *crew) work(worker, task int, n *int) {
	finished := false
	defer func() {
		if finished {
			return
		}
		*n += 1 + c.skip()
		v := recover()
		if v == nil {
			if worker == 0 {
				return // Goexit in the caller goes its way
			}
			v = "runtime.Goexit called in a task"
		}
		c.panicked.CompareAndSwap(nil, newTaskPanic(task, v))
	}()
	for ok := true; ok; task, ok = c.claim(worker) {
		c.body(worker, task)
		*n++
	}
	finished = true
}

// skip claims all tasks that are left and returns their number.
func (c *crew) skip() int {
	first, end := unclaimed(c.word.Swap(0))
	return end - first
}

// helper is one goroutine of the crew.
type helper struct {
	parked atomic.Bool // sleeps until it receives from wake
	_      [63]byte
	crew   *crew
	worker int
	wake   chan struct{}
}

// rouse wakes the helper if it sleeps, and says whether it did. The send happens exactly once for each sleep, so it never blocks.
func (h *helper) rouse() bool {
	if h.parked.Load() && h.parked.CompareAndSwap(true, false) {
		h.wake <- struct{}{}
		return true
	}
	return false
}

// loop is the life of a helper. It ends only if a body calls runtime.Goexit; then another goroutine takes over.
func (h *helper) loop() {
	defer func() { go h.loop() }()
	for {
		h.help(h.await())
	}
}

// await returns a task that the helper has claimed.
func (h *helper) await() int {
	for {
		for s := startSpin(helperSpin, h.worker); ; {
			if task, ok := h.crew.claim(h.worker); ok {
				return task
			}
			if !s.on() {
				break
			}
		}
		h.park()
	}
}

// park sleeps until there is a region. The owner opens the region before it looks at parked, and the helper sets parked before it looks
// at the region, so one of them sees the other.
func (h *helper) park() {
	h.parked.Store(true)
	if claimable(h.crew.word.Load(), h.worker) && h.parked.CompareAndSwap(true, false) {
		return
	}
	<-h.wake
}

// help does the claimed task and others, and reports them as done, also when the goroutine exits.
func (h *helper) help(task int) {
	c, n := h.crew, 0
	defer func() {
		if c.open.Add(-int64(n)) == asleep {
			c.done <- struct{}{}
			runtime.Gosched() // the owner runs here and now, before this goroutine looks for the next region
		}
	}()
	c.work(h.worker, task, &n)
}

// spin bounds a loop that waits for another core.
type spin struct {
	looks int
	limit time.Duration
	start time.Time
}

// looksPerClock is the number of looks between two readings of the clock, which take as long as many of them.
const looksPerClock = 32

// startSpin returns a spin of the given length for one that shares the machine with others who work, or of none where there are no more
// processors than others: then whoever it waits for may need this one.
func startSpin(limit time.Duration, others int) spin {
	if runtime.NumCPU() <= others {
		limit = 0
	}
	return spin{limit: limit}
}

// on waits for a moment and says whether to look again.
func (s *spin) on() bool {
	pause()
	s.looks++
	if s.looks%looksPerClock != 0 {
		return s.limit > 0
	}
	if s.looks == looksPerClock {
		s.start = time.Now()
		return true
	}
	return time.Since(s.start) < s.limit
}
