package nnrt

// This file answers: in which order do workers take the tiles of several products and sums?
//
// Workers take tasks from the two ends of a region (pool_crew.go). Largest first from either end: what is left where they meet, while some wait
// for the others, is small then, and of each gradient the first half goes to one core and the second to another.

// Total returns how many tasks a region of kernels with so many tiles has.
func Total(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// FromEnds says which tile of which kernel a task is, for kernels with so many tiles, the largest first: the first halves of all kernels in
// order, then the second halves in reverse.
func FromEnds(task int, counts []int) (kernel, tile int) {
	for i, n := range counts {
		first := (n + 1) / 2
		if task < first {
			return i, task
		}
		task -= first
	}
	for i := len(counts) - 1; i > 0; i-- {
		second := counts[i] / 2
		if task < second {
			return i, counts[i] - second + task
		}
		task -= second
	}
	return 0, (counts[0]+1)/2 + task
}

// fewTiles is the number of tiles below which all are alike.
const fewTiles = 8

// cut returns how n outputs are cut into tiles of size outputs: so many from either end, and what is left in the middle into pieces of about a quarter, so
// that workers who meet there end at nearly the same time. Every tile begins at a multiple of 16.
func cut(n, size int) (ends, pieces, piece int) {
	piece = lanes(size / 4)
	if n < fewTiles*size || size <= piece {
		return Blocks(n, size), 0, 0
	}
	ends = n/(2*size) - 1
	return ends, Blocks(lanes(n)-2*ends*size, piece), piece
}

// Tiles returns the number of tiles of n outputs, for a size that [Tile] gives: a multiple of 16, or n and more.
func Tiles(n, size int) int {
	ends, pieces, _ := cut(n, size)
	if pieces == 0 {
		return ends
	}
	return 2*ends + pieces
}

// TileRange returns the outputs of a tile, for the same sizes.
func TileRange(tile, n, size int) (lo, hi int) {
	ends, pieces, piece := cut(n, size)
	last := lanes(n) - ends*size // where the tiles at the second end begin
	switch {
	case pieces == 0 || tile < ends:
		lo, hi = tile*size, tile*size+size
	case tile < ends+pieces:
		lo = ends*size + (tile-ends)*piece
		hi = min(lo+piece, last)
	default:
		lo = last + (tile-ends-pieces)*size
		hi = lo + size
	}
	return lo, min(hi, n)
}
