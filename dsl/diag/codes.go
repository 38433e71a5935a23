// Which codes exist, and what does each mean in one line?

package diag

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Codes are stable: a code never changes its meaning, and a code that is no longer used is not used again. Ranges:
//
//	E01xx  syntax                 (codes_syntax.go)
//	E02xx  names and kinds
//	E03xx  shapes and dims
//	E04xx  types
//	E05xx  gradients
//	E06xx  files and imports
//	W07xx  warnings

var titles = map[string]string{}

var codeForm = regexp.MustCompile(`^[EW]\d{4}$`)

// RegisterCodes adds codes with their one-line titles. It is called from init functions with a literal map, and panics on
// a code that is malformed, has no title or is registered already.
func RegisterCodes(table map[string]string) {
	for _, code := range slices.Sorted(maps.Keys(table)) {
		switch old, taken := titles[code]; {
		case !codeForm.MatchString(code):
			panic(fmt.Sprintf("diag: code %q is not of the form E0101", code))
		case table[code] == "":
			panic(fmt.Sprintf("diag: code %s has no title", code))
		case taken:
			panic(fmt.Sprintf("diag: code %s is registered twice, as %q and %q", code, old, table[code]))
		}
		titles[code] = table[code]
	}
}

// Title returns the one-line title of a code, and false when there is no such code.
func Title(code string) (string, bool) {
	title, ok := titles[code]
	return title, ok
}

// Codes returns all registered codes, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(titles)) }
