package nnrt

// This file answers: how does a model spread the row blocks of a region over workers?
//
// The process has one crew of helper goroutines, started when first needed and parked between uses. A Run takes
// the crew if it is free, offers its job to some helpers, works on the tasks itself, and withdraws the offers
// that nobody took up: so a helper that is slow to wake up delays nobody. What a Run waits for is only tasks that
// have begun.

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// Pool runs the tasks of parallel regions. Each trainer and predictor has its own, which fixes how many workers
// it may use and so how much scratch memory it needs; the goroutines behind all pools are shared.
type Pool struct {
	size  int // upper bound of worker indices
	forks atomic.Uint64
}

// NewPool returns a pool of at most the given number of workers; zero or less means GOMAXPROCS. No pool ever
// uses more workers than GOMAXPROCS allows at the time of a run, nor more than Workers.
func NewPool(workers int) *Pool {
	size := workers
	if size <= 0 {
		size = runtime.GOMAXPROCS(0)
	}
	return &Pool{size: size}
}

// Workers returns the number of workers for which scratch memory is needed. It is fixed by [NewPool].
func (p *Pool) Workers() int { return p.size }

// Forks returns the number of calls of Run with more than one task so far. Calls that ran serially for want of
// workers count as well, so the figure does not depend on GOMAXPROCS.
func (p *Pool) Forks() uint64 { return p.forks.Load() }

// Run calls body(worker, task) for every task from 0 to tasks-1 and returns when all have returned. The caller
// takes part as worker 0. Bodies of one Run that run at the same time have different worker indices in
// [0, Workers). Tasks begin in ascending order.
//
// If the helpers are busy with another Run, or there is one task or one worker, the tasks run one after the
// other in the caller. A panic in body reaches the caller as a [*TaskPanic] once the tasks that have begun are
// done; tasks that have not are skipped.
//
// Run does not allocate; body is kept until Run returns only, but escapes, so callers that must not allocate
// build the func value once.
func (p *Pool) Run(tasks int, body func(worker, task int)) {
	if tasks <= 1 {
		if tasks == 1 {
			body(0, 0)
		}
		return
	}
	p.forks.Add(1)
	helpers := min(p.size, runtime.GOMAXPROCS(0), tasks) - 1
	if helpers < 1 || !theCrew.busy.CompareAndSwap(false, true) {
		runSerial(tasks, body)
		return
	}
	theCrew.run(helpers, tasks, body)
}

func runSerial(tasks int, body func(worker, task int)) {
	task := 0
	defer func() {
		if v := recover(); v != nil {
			panic(newTaskPanic(task, v))
		}
	}()
	for ; task < tasks; task++ {
		body(0, task)
	}
}

// TaskPanic is the value with which Run panics when a body panicked.
type TaskPanic struct {
	Task  int    // the task whose body panicked
	Value any    // what it panicked with
	Stack string // the stack of the goroutine that ran it
}

// Error returns the panic value and the stack of the task.
func (p *TaskPanic) Error() string {
	return fmt.Sprintf("panic in task %d: %v\n\n%s", p.Task, p.Value, p.Stack)
}

// Unwrap returns the panic value if it is an error.
func (p *TaskPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

func newTaskPanic(task int, v any) *TaskPanic {
	if p, ok := v.(*TaskPanic); ok {
		return p // from a Run inside the body
	}
	return &TaskPanic{Task: task, Value: v, Stack: string(debug.Stack())}
}

// crew is the process-wide set of helpers and the job that they share. Whoever holds busy owns the rest; the
// helpers read it between accepting an offer and reporting back.
type crew struct {
	busy    atomic.Bool
	helpers []*helper
	done    chan struct{} // wakes an owner that sleeps in join

	body     func(worker, task int)
	tasks    int64
	panicked atomic.Pointer[TaskPanic]

	_    [64]byte // keeps the counter, which every worker writes, off the line above
	next atomic.Int64
	_    [64]byte
}

var theCrew = &crew{done: make(chan struct{}, 1)}

// run is the parallel part of Run.
func (c *crew) run(helpers, tasks int, body func(worker, task int)) {
	c.hire(helpers)
	c.body, c.tasks = body, int64(tasks)
	c.next.Store(0)
	defer c.finish(helpers)
	for _, h := range c.helpers[:helpers] {
		h.offer()
	}
	c.work(0)
}

// finish waits for the helpers, frees the crew and passes a panic on. It is deferred, so that a body may call
// runtime.Goexit in the caller, as a failing test does.
func (c *crew) finish(helpers int) {
	for _, h := range c.helpers[:helpers] {
		h.join(c.done)
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

// hire starts helpers until there are n.
func (c *crew) hire(n int) {
	for len(c.helpers) < n {
		h := &helper{crew: c, worker: len(c.helpers) + 1, wake: make(chan struct{}, 1)}
		c.helpers = append(c.helpers, h)
		go h.loop()
	}
}

// work takes tasks until there are none, and turns a panic into the result of the job.
func (c *crew) work(worker int) {
	var task int64
	finished := false
	defer func() {
		if finished {
			return
		}
		c.next.Store(c.tasks) // skips the tasks that have not begun
		v := recover()
		if v == nil {
			if worker == 0 {
				return // Goexit in the caller goes its way
			}
			v = "runtime.Goexit called in a task"
		}
		c.panicked.CompareAndSwap(nil, newTaskPanic(int(task), v))
	}()
	for {
		task = c.next.Add(1) - 1
		if task >= c.tasks {
			break
		}
		c.body(worker, int(task))
	}
	finished = true
}

// The states of a helper. The owner of the crew moves idle or parked to offered and takes an offer back to idle;
// the helper moves idle to parked, offered to running and running to idle.
const (
	idle    uint32 = iota // looks for an offer
	parked                // sleeps until it receives from wake
	offered               // may begin to run
	running               // takes tasks
	awaited               // running, and the owner sleeps until it receives from done
)

// helper is one goroutine of the crew.
type helper struct {
	state  atomic.Uint32
	_      [60]byte
	crew   *crew
	worker int
	wake   chan struct{}
}

// The bounds of spinning, in looks at an atomic variable of about a nanosecond each. Waking a parked goroutine
// costs microseconds, so a helper looks for the next region of a step a while before it sleeps; the owner waits
// for tasks that end soon.
const (
	helperSpin = 20_000
	ownerSpin  = 20_000
)

// offer proposes the job; the send happens exactly once per sleep of the helper, so it never blocks.
func (h *helper) offer() {
	if h.state.Swap(offered) == parked {
		h.wake <- struct{}{}
	}
}

// join returns when the helper does not work on the job and cannot begin to.
func (h *helper) join(done chan struct{}) {
	if h.state.CompareAndSwap(offered, idle) {
		return
	}
	for range ownerSpin {
		// Idle is final for this job; parked follows it when the helper looked in vain for the next one.
		if s := h.state.Load(); s == idle || s == parked {
			return
		}
	}
	if h.state.CompareAndSwap(running, awaited) {
		<-done
	}
}

// loop is the life of a helper. It ends only if a body calls runtime.Goexit; then another goroutine takes over.
func (h *helper) loop() {
	defer func() { go h.loop() }()
	for {
		h.await()
		h.run()
	}
}

// await returns when the helper has accepted an offer.
func (h *helper) await() {
	for {
		for range helperSpin {
			if h.state.Load() == offered && h.state.CompareAndSwap(offered, running) {
				return
			}
		}
		if h.state.CompareAndSwap(idle, parked) {
			<-h.wake
		}
	}
}

// run works on the accepted job and reports back, also when the goroutine exits.
func (h *helper) run() {
	defer func() {
		if h.state.Swap(idle) == awaited {
			h.crew.done <- struct{}{}
		}
	}()
	h.crew.work(h.worker)
}
