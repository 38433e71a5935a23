package nnrt

// This file answers: how is work cut into tasks, and when is it not worth cutting? From shapes alone: neither the number of workers nor the
// instruction set may decide, since a sum of partial sums depends on how many there are.
//
// Work is counted in multiplications of a matrix product. One core does some 50 000 of them in a microsecond with vector instructions
// (5 000 without, where the same cut is coarser than it need be). BenchmarkForkPays measures where a fork pays: regions of two tasks, each
// half of a product that reads what the region before it wrote, on one worker and on two (Zen 4, AVX-512, 2 cores, best of many):
//
//	multiplications   one worker   how many times faster on two
//	         65 000       1.3 us   1.2 to 1.4
//	        260 000       5   us   1.3 to 1.5
//	        520 000      10   us   1.6 to 1.7
//	      1 050 000      20   us   1.7 to 1.9
//
// The fork itself takes 0.2 us (BenchmarkFork); what makes small regions lose is that half of their data lies in the other core's cache.

const (
	// forkWork is the work of a region from which a fork is worth a second core: below, it saves a few microseconds at best, and costs some when
	// the helper sleeps or the other core is busy.
	forkWork = 500_000

	// warmWork is forkWork where helpers are awake and the data is in their caches by halves. A step of a net of 784, 128 and 10 units with 64 rows
	// gains 3 % by forking the regions between its large products, of 190 000 multiplications each.
	warmWork = forkWork / 4

	// taskWork is the least work of a task: two of them make a region that is worth a fork. A task costs its worker less than 0.1 us.
	taskWork = forkWork / 2

	// manyTasks is how many tasks there are at least where work allows: so many that the last to end leaves few cores idle for long.
	manyTasks = 16
)

// tallRows is the number of rows from which a matrix product gains nothing by working on more of them at once: copies of the other
// matrix are paid for by then.
const tallRows = 64

// lanes rounds n up to a multiple of 16, the elements of a cache line and of the widest vector.
func lanes(n int) int { return (n + 15) &^ 15 }

// worthTask returns how many lines of count outputs are worth a task when each output costs work multiplications: a multiple of 16.
func worthTask(count, work int) int {
	line := max(int64(count)*int64(work), 1)
	return lanes(int((taskWork + line - 1) / line))
}

// Blocks returns how many blocks of the given size cover n rows.
func Blocks(n, block int) int { return (n + block - 1) / block }

// Tile returns how many of n outputs make one task when each costs work multiplications: a multiple of 16, or all of them. A task is worth
// its price, and otherwise as large as leaves sixteen of them, up to 64 outputs.
func Tile(n, work int) int {
	t := max(worthTask(1, work), min(tallRows, n/manyTasks&^15))
	return max(1, min(t, n))
}

// RowBlock returns how many of n rows make one task when least of them are worth a task: a multiple of 16, as large as leaves four tasks.
func RowBlock(n, least int) int { return max(least, min(tallRows, n/4&^15)) }

// FloorDiv returns floor(a / b) for b > 0.
func FloorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// RunWork is [Pool.Run] for tasks that cost work multiplications together: when that is less than a fork is worth, they run one after the
// other in the caller. Such a run is not counted by [Pool.Forks], and a panic in body passes as it is.
func (p *Pool) RunWork(work, tasks int, body func(worker, task int)) {
	p.runFrom(forkWork, work, tasks, body)
}

// RunWarm is [Pool.RunWork] for a region beside larger ones of the same run: their helpers still look for work, and they have computed a part of what
// the region reads.
func (p *Pool) RunWarm(work, tasks int, body func(worker, task int)) {
	p.runFrom(warmWork, work, tasks, body)
}

func (p *Pool) runFrom(least, work, tasks int, body func(worker, task int)) {
	if work >= least {
		p.Run(tasks, body)
		return
	}
	for task := range tasks {
		body(0, task)
	}
}
