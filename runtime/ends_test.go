package nnrt

import (
	"slices"
	"testing"
)

// TestFromEnds checks that every tile of every kernel is one task, in the order that the function promises.
func TestFromEnds(t *testing.T) {
	type tile struct{ kernel, tile int }
	for _, c := range []struct {
		counts []int
		want   []tile
	}{
		{[]int{1}, []tile{{0, 0}}},
		{[]int{3}, []tile{{0, 0}, {0, 1}, {0, 2}}},
		{[]int{4, 3, 1}, []tile{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {1, 2}, {0, 2}, {0, 3}}},
		{[]int{5, 0, 2}, []tile{{0, 0}, {0, 1}, {0, 2}, {2, 0}, {2, 1}, {0, 3}, {0, 4}}},
		{[]int{0, 2}, []tile{{1, 0}, {1, 1}}},
	} {
		var got []tile
		for task := range Total(c.counts) {
			k, i := FromEnds(task, c.counts)
			got = append(got, tile{k, i})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: tiles %v, want %v", c.counts, got, c.want)
		}
	}
}

// TestTileRange checks that tiles cover all outputs once and in order, begin where a cache line does, and are no larger than asked for.
func TestTileRange(t *testing.T) {
	for n := 1; n < 1200; n += 1 + n/7 {
		for _, size := range []int{16, 32, 48, 64, 240, n, n + 3} {
			next := 0
			for i := range Tiles(n, size) {
				lo, hi := TileRange(i, n, size)
				if lo != next || hi <= lo || hi > lo+size || lo%16 != 0 {
					t.Fatalf("n %d, size %d: tile %d is %d to %d, want from %d", n, size, i, lo, hi, next)
				}
				next = hi
			}
			if next != n {
				t.Fatalf("n %d, size %d: tiles end at %d", n, size, next)
			}
		}
	}
	for _, c := range [][2]int{{784, 48}, {50_000, 400}, {100_000, 3920}} {
		n, size := c[0], c[1]
		short := 0
		for i := range Tiles(n, size) {
			if lo, hi := TileRange(i, n, size); 4*(hi-lo) < size {
				short++
			}
		}
		if short > 2 {
			t.Errorf("%d tiles of %d outputs are less than a quarter of %d", short, n, size)
		}
	}
	if got := Tiles(784, 48); got != 21 {
		t.Errorf("784 in tiles of 48: %d tiles, want 7 from either end and 7 small ones", got)
	}
}
