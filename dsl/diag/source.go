// Where in its file is a position, as people count, and what does a file look like after a fix?

package diag

import (
	"bytes"
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"unicode/utf8"
)

// Sources holds the text of the files of a token.FileSet by file name. A file may be missing; then its lines are not
// shown and columns count bytes.
type Sources map[string][]byte

// A Location is a position for people: Line and Column count from 1, Column in characters.
type Location struct {
	File         string
	Line, Column int
}

// String returns file:line:column.
func (l Location) String() string { return fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column) }

// Locate returns the location of pos, and false when pos is in no file of fset.
func (s Sources) Locate(fset *token.FileSet, pos token.Pos) (Location, bool) {
	if !pos.IsValid() || fset == nil {
		return Location{}, false
	}
	file := fset.File(pos)
	if file == nil {
		return Location{}, false
	}
	p := file.PositionFor(pos, false)
	loc := Location{p.Filename, p.Line, p.Column}
	if src, ok := s[p.Filename]; ok && p.Offset <= len(src) {
		loc.Column = 1 + utf8.RuneCount(src[p.Offset-(p.Column-1):p.Offset])
	}
	return loc, true
}

// line returns the text of a line of file, without its end, and its offset; false when the text is not known.
func (s Sources) line(file *token.File, line int) (text []byte, offset int, ok bool) {
	src, ok := s[file.Name()]
	if !ok || line < 1 || line > file.LineCount() {
		return nil, 0, false
	}
	offset = file.Offset(file.LineStart(line))
	if offset > len(src) {
		return nil, 0, false
	}
	text = src[offset:]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return bytes.TrimSuffix(text, []byte("\r")), offset, true
}

// Apply returns the text of file after the edits of fixes, which must not overlap; edits of other files are ignored, and
// so are edits that overlap an earlier one.
func Apply(file *token.File, src []byte, fixes ...*Fix) []byte {
	type change struct {
		lo, hi int
		text   string
	}
	base, limit := token.Pos(file.Base()), token.Pos(file.Base()+file.Size())
	var changes []change
	for _, fix := range fixes {
		for _, e := range fix.Edits {
			if e.Pos >= base && e.End <= limit && e.Pos <= e.End {
				changes = append(changes, change{int(e.Pos - base), int(e.End - base), e.New})
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.lo, b.lo) })
	var out []byte
	at := 0
	for _, c := range changes {
		if c.lo < at || c.hi > len(src) {
			continue
		}
		out = append(out, src[at:c.lo]...)
		out = append(out, c.text...)
		at = c.hi
	}
	return append(out, src[at:]...)
}
