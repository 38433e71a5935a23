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
	// A function or type of a frame: "func (f *digitsForward) run() {", "type digitsForward struct {".
	ownerForm = regexp.MustCompile(`^(?:func \(\w+ \*?|type )(\w+)`)
	// A loop or a small pass in assembly, by frame: "TEXT ·digitsForwardLoop0aAVX2(SB), $0-32", "TEXT ·xorForwardSmall0AVX2(SB), $0-8".
	textForm = regexp.MustCompile(`^TEXT ·(\w+)(?:Loop|Small)\w*\(SB\)`)
)

// code counts the lines of generated code. A function of a kept layer belongs to the line that calls it first; in the model's own
// frames a line of code belongs to the line of the model that the comment above it names, the rest to no line.
func (s *statter) code() error {
	files, err := Generate([]*dsl.Model{s.e.prog.Model}, s.cfg)
	if err != nil {
		return err
	}
	for _, f := range files {
		lines := strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
		if filepath.Ext(f.Name) == ".s" {
			s.assembly(lines)
		} else {
			s.goCode(lines)
		}
	}
	return nil
}

// place returns the line of the model that a comment names; ok is false for other text.
func (s *statter) place(text string) (line int, ok bool) {
	at := placeForm.FindStringSubmatch(text)
	if at == nil || s.cfg.Fset == nil || at[1] != filepath.Base(s.cfg.Fset.Position(s.e.prog.Model.Pos).Filename) {
		return 0, false
	}
	line, err := strconv.Atoi(at[2])
	return line, err == nil
}

// goCode counts a Go file.
func (s *statter) goCode(lines []string) {
	owner, kept := 0, false
	for _, text := range lines {
		if at := ownerForm.FindStringSubmatch(text); at != nil {
			owner, kept = s.kept[at[1]]
		} else if strings.HasPrefix(text, "func ") {
			owner, kept = 0, false
		} else if line, ok := s.place(text); ok && !kept {
			owner = line
		}
		s.row(owner).Lines++
		if text == "}" {
			owner, kept = 0, false
		}
	}
}

// assembly counts an assembly file, in which the comments stand before the function.
func (s *statter) assembly(lines []string) {
	owner, named, comments := 0, 0, 0
	for _, text := range lines {
		if strings.HasPrefix(text, "//") {
			if line, ok := s.place(text); ok {
				named = line
			}
			comments++
			continue
		}
		if at := textForm.FindStringSubmatch(text); at != nil {
			line, kept := s.kept[at[1]]
			if owner = named; kept {
				owner = line
			}
			named = 0
		}
		s.row(owner).Assembly += comments + 1
		comments = 0
	}
	s.row(owner).Assembly += comments
}
