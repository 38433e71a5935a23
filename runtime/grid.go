package nnrt

// This file answers: how is work cut into tasks? From shapes alone, so that results never depend on the number of workers.

// tileWork is the work of one tile below which a fork costs more than it saves: about 20 microseconds of a product.
const tileWork = 100_000

// Blocks returns how many blocks of the given size cover n rows.
func Blocks(n, block int) int { return (n + block - 1) / block }

// tallRows is the number of rows from which a matrix product gains nothing by working on more of them at once: copies of the other
// matrix are paid for by then.
const tallRows = 64

// Tile returns how many of n outputs make one task when each costs work multiplications: a multiple of 16, or all of them. Tasks are as
// large as leaves eight of them.
func Tile(n, work int) int {
	t := (tileWork/max(work, 1) + 16) &^ 15
	t = max(t, min(tallRows, n/8&^15))
	return max(1, min(t, n))
}

// RowBlock returns how many of n rows make one task when least of them are worth a fork: a multiple of 16, as large as leaves four tasks.
func RowBlock(n, least int) int { return max(least, min(tallRows, n/4&^15)) }

// FloorDiv returns floor(a / b) for b > 0.
func FloorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// RunWork is Run for tasks that cost work multiplications together: they run one after the other in the caller, without a fork,
// when that is less than a fork is worth.
func (p *Pool) RunWork(work, tasks int, body func(worker, task int)) {
	if work >= tileWork {
		p.Run(tasks, body)
		return
	}
	for task := range tasks {
		body(0, task)
	}
}
