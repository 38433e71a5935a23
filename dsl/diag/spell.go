// Which known name did the author probably mean?

package diag

import "strings"

// Closest returns the candidate that is nearest to name by spelling, or "" when none is near. Case and underscores count
// little, so that LayerNorm finds layer_norm; two letters in the wrong order are one mistake. Among equally near candidates those of
// the name's length come first, then the alphabetically first, whatever their order.
func Closest(name string, candidates []string) string {
	folded := fold(name)
	limit := (len(folded) + 2) / 3 // one edit up to three letters, two up to six, and so on
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if c == name {
			continue
		}
		d := editDistance(folded, fold(c), bestDistance)
		if d >= len(folded) && d > 0 {
			continue // nothing of the name is left
		}
		if d < bestDistance || d == bestDistance && best != "" && nearer(folded, c, best) {
			best, bestDistance = c, d
		}
	}
	return best
}

// nearer reports whether c is the better of two candidates at one distance from name.
func nearer(name, c, best string) bool {
	same, bestSame := len(fold(c)) == len(name), len(fold(best)) == len(name)
	if same != bestSame {
		return same
	}
	return c < best
}

func fold(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

// editDistance is the number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment) that turns a
// into b, in bytes, or some number above limit when it exceeds limit.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1) // row[j] is the distance of a[:i] and b[:j]
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j-1]+change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
