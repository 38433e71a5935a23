package nnrt

// This file answers: how does a model spread the row blocks of a region over workers?
//
// The process has one crew of helper goroutines (pool_crew.go), started when first needed and parked between uses. A Run takes the crew
// if it is free, opens its tasks to the helpers, and works on them itself.

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
// [0, Workers). Workers of even number take tasks in ascending order from the first, those of odd number in descending order from the last.
//
// If the helpers are busy with another Run, or there is one task or one worker, or more than 16 million tasks, they run one after the
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
	helpers := min(p.size, runtime.GOMAXPROCS(0), tasks, maxWorkers) - 1
	if helpers < 1 || tasks > maxTasks || !theCrew.busy.CompareAndSwap(false, true) {
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
