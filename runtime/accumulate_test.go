package nnrt

import (
	"errors"
	"testing"
)

// TestParts counts parts as a generated trainer does, and wants the words of each mistake.
func TestParts(t *testing.T) {
	type part struct{ rows, of int }
	for _, c := range []struct {
		parts     []part
		at        int    // the first part that is refused; len(parts): none
		want      string // what the first mistake says; "" for a whole batch
		wantShare float64
	}{
		{[]part{{3, 10}, {3, 10}, {4, 10}}, 3, "", 0.4},
		{[]part{{10, 10}}, 1, "", 1},
		{[]part{{1, 0}}, 0, "m: got a part of a batch of 0 rows, want at least 1 row", 0},
		{[]part{{1, -1}}, 0, "m: got a part of a batch of -1 rows, want at least 1 row", 0},
		{[]part{{2, 1}}, 0, "m: got a part of 2 rows, want at most 1 row together", 0},
		{[]part{{1, 3}, {3, 3}}, 1, "m: got a part of 3 rows after 1 row, want at most 3 rows together", 0},
		{[]part{{1, 3}, {1, 2}}, 1, "m: got a part of a batch of 2 rows, want one of 3 rows, as the parts before it", 0},
		{[]part{{1, 3}, {1, 3}}, 2, "m: got parts of 2 rows in all, want 3, as Accumulate was told", 0},
	} {
		var p Parts
		var err error
		var share float64
		at := len(c.parts)
		for i, x := range c.parts {
			if err = p.Check("m", x.rows, x.of); err != nil {
				at = i
				break
			}
			share = p.Add(x.rows, x.of)
		}
		if err == nil {
			err = p.Close("m")
			if p != (Parts{}) {
				t.Errorf("%v: %v is left after Close", c.parts, p)
			}
		}
		var border *BorderError
		switch {
		case at != c.at:
			t.Errorf("%v: part %d is refused, want %d", c.parts, at, c.at)
		case c.want == "" && (err != nil || share != c.wantShare):
			t.Errorf("%v: %v, the last part's share is %v, want %v", c.parts, err, share, c.wantShare)
		case c.want != "" && (!errors.As(err, &border) || err.Error() != c.want):
			t.Errorf("%v: got %v, want %s", c.parts, err, c.want)
		}
	}
}

func TestCheckPartSize(t *testing.T) {
	var p Parts
	if err := CheckPartSize("m", "time", &p, 3, 5); err != nil {
		t.Errorf("the first part: %v", err)
	}
	p.Add(1, 2)
	if err := CheckPartSize("m", "time", &p, 5, 5); err != nil {
		t.Errorf("the same size: %v", err)
	}
	const want = "m: got a part with time 3, want time 5, as in the parts before it"
	if err := CheckPartSize("m", "time", &p, 3, 5); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
