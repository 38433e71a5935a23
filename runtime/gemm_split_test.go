package nnrt

import (
	"slices"
	"testing"
)

// TestSplit checks that a product whose terms are shared has the bits of the whole product, on every instruction set, whatever the order of
// its tasks, that no two of these write the same element, and that parts are not written beyond what is asked for.
func TestSplit(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 10, 600}, {7, 3, 513}, {64, 128, 784}, {16, 300, 1030}, {33, 257, 520}, {128, 40, 2000}, {129, 40, 2000}, {200, 513, 700}, {5, 4, 12}} {
			testSplit[float32](t, s[0], s[1], s[2])
			testSplit[float64](t, s[0], s[1], s[2])
		}
	})
}

func testSplit[T Float](t *testing.T, m, n, k int) {
	a, b := make([]T, m*k), make([]T, k*n)
	FillNormal(a, NewKey(1, "a"), 0)
	FillNormal(b, NewKey(1, "b"), 0)
	want := make([]T, m*n)
	GemmNN(want, n, a, k, b, n, m, n, k, false)
	const guard = 12345
	size := SplitParts(m, n, k)
	parts := slices.Repeat([]T{guard}, size+16)
	for _, backwards := range []bool{false, true} {
		got := slices.Repeat([]T{guard}, m*n)
		tasks := SplitTasks(m, n, k)
		for i := range tasks {
			if backwards {
				i = tasks - 1 - i
			}
			GemmNNSplit(i, got, parts, a, b, m, n, k)
		}
		JoinSplit(got, parts, m/3, m, m, n, k)
		JoinSplit(got, parts, 0, m/3, m, n, k)
		if !slices.Equal(got, want) {
			t.Errorf("%T %dx%dx%d, backwards %t: differs from the whole product", want[0], m, n, k, backwards)
		}
	}
	// Tasks run at the same time, so no two of them may write the same element.
	written := 0
	for i := range SplitTasks(m, n, k) {
		c, p := slices.Repeat([]T{guard}, m*n), slices.Repeat([]T{guard}, size)
		GemmNNSplit(i, c, p, a, b, m, n, k)
		for _, v := range append(c, p...) {
			if v != guard {
				written++
			}
		}
	}
	blocks, _, _ := splitGrid(m, n, k)
	if want := blocks * m * n; written != want {
		t.Errorf("%T %dx%dx%d: tasks write %d elements together, want %d", a[0], m, n, k, written, want)
	}
	for _, v := range parts[size:] {
		if v != guard {
			t.Fatalf("%T %dx%dx%d: wrote more than %d parts", want[0], m, n, k, size)
		}
	}
}
