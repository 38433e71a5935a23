package lane

// This file answers: which instructions say what the processor knows already? Masks of short rows that the mask register still holds.

import "strings"

// withoutRepeats drops settings of the tail's mask to what it is. Between two labels code runs from top to bottom.
func withoutRepeats(lines []string) []string {
	var out []string
	known := ""
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case strings.HasSuffix(line, ":"):
			known = ""
		case strings.HasPrefix(line, "MOVL $") && i+1 < len(lines) && strings.TrimSpace(lines[i+1]) == "KMOVW DX, K1":
			if line == known {
				i++
				continue
			}
			known = line
			out = append(out, lines[i])
			i++
		case strings.HasSuffix(line, ", K1") && strings.HasPrefix(line, "K"):
			known = ""
		}
		out = append(out, lines[i])
	}
	return out
}
