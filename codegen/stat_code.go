// Which line of a model does a line of generated code come from? The comments in the code say.
package codegen

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"nngen/dsl"
)

var (
	// A formula's comment ends with its place in the model: "// z = x @ hW  (digits.nn:6)".
	placeForm = regexp.MustCompile(`^\s*// .*\(([^()\s]+):(\d+)\)$`)
	// A function or type of a frame: "func (f *digitsForward) run() {", "type digitsForward struct {", "TEXT ·digitsForwardRows0(SB)".
	ownerForm = regexp.MustCompile(`^(?:func \(\w+ \*?|type |TEXT ·)(\w+)`)
)

// code counts the lines of generated code. A function of a kept layer belongs to the line that calls it first; in the model's own
// frames a line of code belongs to the line of the model that the comment above it names, the rest to no line.
func (s *statter) code() error {
	m := s.e.prog.Model
	files, err := Generate([]*dsl.Model{m}, s.cfg)
	if err != nil {
		return err
	}
	base := ""
	if s.cfg.Fset != nil {
		base = filepath.Base(s.cfg.Fset.Position(m.Pos).Filename)
	}
	for _, f := range files {
		owner, kept := 0, false
		for text := range strings.Lines(string(f.Data)) {
			text = strings.TrimRight(text, "\r\n")
			if at := ownerForm.FindStringSubmatch(text); at != nil {
				owner, kept = s.kept[at[1]]
			} else if strings.HasPrefix(text, "func ") {
				owner, kept = 0, false
			} else if at := placeForm.FindStringSubmatch(text); at != nil && !kept && at[1] == base {
				owner, _ = strconv.Atoi(at[2])
			}
			s.row(owner).Lines++
			if text == "}" {
				owner, kept = 0, false
			}
		}
	}
	return nil
}
