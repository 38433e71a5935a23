package main

// This file answers: where are the contour lines of a surface? By marching squares: where a line enters and leaves each square follows
// from the losses at its corners, by linear interpolation of their logarithms, and the pieces are joined into lines.

import "math"

// levels are the losses that have a contour line; 1 is that of the saddle where both weights are zero.
var levels = []float64{0.08, 0.12, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 4, 6, 9, 13}

// An edge is a side of a square: from corner (i, j) to the right, or up.
type edge struct {
	i, j int
	up   bool
}

// contour returns the lines of a level.
func (s *surface) contour(level float64) [][]point {
	links := map[edge][]edge{} // the one or two edges that a line goes on to
	var order []edge           // of first mention, so that the result does not depend on a map's order
	link := func(a, b edge) {
		for _, e := range []edge{a, b} {
			if links[e] == nil {
				order = append(order, e)
			}
		}
		links[a] = append(links[a], b)
		links[b] = append(links[b], a)
	}
	for j := range cells {
		for i := range cells {
			bottom, top, left, right := edge{i, j, false}, edge{i, j + 1, false}, edge{i, j, true}, edge{i + 1, j, true}
			var crossed []edge
			for _, e := range []edge{bottom, right, top, left} {
				if s.crosses(e, level) {
					crossed = append(crossed, e)
				}
			}
			switch middle := (s[j][i] + s[j][i+1] + s[j+1][i] + s[j+1][i+1]) / 4; {
			case len(crossed) == 2:
				link(crossed[0], crossed[1])
			case len(crossed) == 4 && (middle < level) == (s[j][i] < level): // the middle belongs to the lower left and the upper right
				link(bottom, right)
				link(top, left)
			case len(crossed) == 4:
				link(bottom, left)
				link(top, right)
			}
		}
	}
	var lines [][]point
	done := map[edge]bool{}
	follow := func(start edge) {
		var line []point
		for at, more := start, true; more; {
			done[at] = true
			line = append(line, s.crossing(at, level))
			more = false
			for _, next := range links[at] {
				if !done[next] {
					at, more = next, true
					break
				}
			}
			if !more && len(line) > 2 && len(links[start]) == 2 { // back at the beginning
				line = append(line, line[0])
			}
		}
		lines = append(lines, line)
	}
	for _, open := range []bool{true, false} { // lines that end at the border begin there
		for _, e := range order {
			if !done[e] && (len(links[e]) == 1) == open {
				follow(e)
			}
		}
	}
	return lines
}

// ends returns the losses at both ends of an edge.
func (s *surface) ends(e edge) (a, b float64) {
	if e.up {
		return s[e.j][e.i], s[e.j+1][e.i]
	}
	return s[e.j][e.i], s[e.j][e.i+1]
}

// crosses reports whether a line of the level crosses the edge.
func (s *surface) crosses(e edge, level float64) bool {
	a, b := s.ends(e)
	return (a < level) != (b < level)
}

// crossing returns where it does.
func (s *surface) crossing(e edge, level float64) point {
	a, b := s.ends(e)
	share := math.Log(level/a) / math.Log(b/a)
	if e.up {
		return point{corner(float64(e.i)), corner(float64(e.j) + share)}
	}
	return point{corner(float64(e.i) + share), corner(float64(e.j))}
}
