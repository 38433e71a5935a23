// Which known name did the author probably mean?

package diag

import "strings"

// Closest returns the candidate that is nearest to name by spelling, or "" when none is near. Case and underscores count
// little, so that LayerNorm finds layer_norm. Among equally near candidates the alphabetically first wins, whatever
// their order.
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
		if d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

func fold(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

// editDistance is the Levenshtein distance of a and b in bytes, or some number above limit when it exceeds limit.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1) // row[j] is the distance of a[:i] and b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
