// What are things called in Go? Identifiers made from names of the model, unique within a frame or a file.
package codegen

import (
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// namer hands out unique identifiers.
type namer struct{ used map[string]bool }

func newNamer(reserved ...string) namer {
	n := namer{used: map[string]bool{}}
	for _, r := range reserved {
		n.used[r] = true
	}
	return n
}

// frameNames are the names that every frame's methods use themselves, and those that Go declares.
var frameNames = append([]string{"f", "pool", "local", "worker", "task", "tasks", "rows", "r0", "r1", "lo", "hi", "off", "arena",
	"init", "run", "numbers", "span", "done", "kernel", "tile", "nnrt", "math", "unsafe"}, types.Universe.Names()...)

// pick returns a free identifier close to hint: "h.W" gives hW, then hW2, hW3.
func (n namer) pick(hint string) string {
	base := lower(hint)
	if internalName.MatchString(base) || n.used[base] && internalName.MatchString(base+"2") {
		base += "V"
	}
	name := base
	for i := 2; n.used[name] || token.IsKeyword(name); i++ {
		name = base + strconv.Itoa(i)
	}
	n.used[name] = true
	return name
}

// internalName matches the numbered names that frames use themselves, and those of sizes.
var internalName = regexp.MustCompile(`^(block|body|call|carry|columns|columnsOf|counts|moved|panel|part|parts|rate|rows|slot|tasks|tile|tiles)[0-9]|^n[A-Z]|^local[A-Z]|^key$`)

// words splits a name of the model at everything that is not a letter or a digit.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// camel joins words: blk.3.attn_w gives Blk3AttnW.
func camel(s string) string {
	var b strings.Builder
	for _, w := range words(s) {
		r := []rune(w)
		b.WriteRune(unicode.ToUpper(r[0]))
		b.WriteString(string(r[1:]))
	}
	out := b.String()
	if out == "" || !unicode.IsLetter([]rune(out)[0]) {
		out = "V" + out
	}
	return out
}

// lower is camel with a small first letter; a first word of capitals is small as a whole: h.W gives hW, LR gives lr.
func lower(s string) string {
	ws := words(camel(s))
	first := s
	if fs := words(s); len(fs) > 0 {
		first = fs[0]
	}
	r := []rune(ws[0])
	for i := range r {
		if i > 0 && (i >= len([]rune(first)) || first != strings.ToUpper(first)) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

// letters numbers things beside a number: a to z, then aa, ab and so on.
func letters(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('a'+(i-1)%26)) + s
	}
	return s
}

// copy returns a namer for an inner scope.
func (n namer) copy() namer {
	c := newNamer()
	for k := range n.used {
		c.used[k] = true
	}
	return c
}
