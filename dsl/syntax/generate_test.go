// Does the parser accept what the grammar generates, and does the formatter keep it? Sentences are drawn at random from
// docs/grammar.ebnf, so that grammar, parser and formatter cannot drift apart.

package syntax

import (
	"fmt"
	"go/token"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"nngen/dsl/diag"
)

// An ebnf is a parsed right side: one of many, all in a row, any number of times, or a leaf.
type ebnf struct {
	kind  byte // '|', '&', '*', '?', 'n' for a name, '"' for a token
	parts []*ebnf
	text  string
}

// parseEBNF parses alternatives from the tokens at *at on.
func parseEBNF(toks []string, at *int) *ebnf {
	alt := &ebnf{kind: '|'}
	row := &ebnf{kind: '&'}
	for *at < len(toks) {
		tok := toks[*at]
		*at++
		switch tok {
		case "|":
			alt.parts = append(alt.parts, row)
			row = &ebnf{kind: '&'}
		case "(":
			row.parts = append(row.parts, parseEBNF(toks, at))
		case "[":
			row.parts = append(row.parts, &ebnf{kind: '?', parts: []*ebnf{parseEBNF(toks, at)}})
		case "{":
			row.parts = append(row.parts, &ebnf{kind: '*', parts: []*ebnf{parseEBNF(toks, at)}})
		case ")", "]", "}":
			alt.parts = append(alt.parts, row)
			return alt
		default:
			if tok[0] == '"' {
				row.parts = append(row.parts, &ebnf{kind: '"', text: strings.Trim(tok, `"`)})
			} else {
				row.parts = append(row.parts, &ebnf{kind: 'n', text: tok})
			}
		}
	}
	alt.parts = append(alt.parts, row)
	return alt
}

// A writer of sentences.
type sentence struct {
	rules map[string]*ebnf
	rng   *rand.Rand
	out   []string
	depth int
}

var leaves = map[string][]string{
	"NAME":   {"a", "x2", "dense", "_", "W", "new"},
	"NUMBER": {"0", "12", "0.5", "1e-3", "0x1F", "1_000"},
	"STRING": {`"*.b"`, `""`, `"a\"b // no comment"`},
	"EOL":    {"\n", "\n", "\n\n\n", " // comment\n", "\n// line\n", ";"},
}

func (s *sentence) rule(name string) {
	if texts := leaves[name]; texts != nil {
		s.out = append(s.out, texts[s.rng.IntN(len(texts))])
		return
	}
	s.depth++
	s.write(s.rules[name])
	s.depth--
}

func (s *sentence) write(e *ebnf) {
	budget := 3 - s.depth/6 // shallow rules repeat more
	switch e.kind {
	case '|':
		s.write(e.parts[s.choose(e.parts)])
	case '&':
		for _, p := range e.parts {
			s.write(p)
		}
	case '?':
		if s.rng.IntN(4) < budget {
			s.write(e.parts[0])
		}
	case '*':
		for s.rng.IntN(4) < budget-1 {
			s.write(e.parts[0])
		}
	case 'n':
		s.rule(e.text)
	case '"':
		s.out = append(s.out, e.text)
	}
}

// choose picks an alternative; deep down, one that ends soon.
func (s *sentence) choose(parts []*ebnf) int {
	n := s.rng.IntN(len(parts))
	if s.depth < 24 {
		return n
	}
	for i, p := range parts {
		if len(p.parts) == 1 && (p.parts[0].kind == '"' || leaves[p.parts[0].text] != nil) {
			return i
		}
	}
	for i, p := range parts { // Or rather than Lambda, Comparison rather than "not"
		if len(p.parts) == 1 && p.parts[0].text != "Lambda" {
			return i
		}
	}
	return n
}

// text joins the tokens and turns some spaces inside ( ) and [ ] into line ends and comments.
func (s *sentence) text() string {
	var b strings.Builder
	var open []string
	for i, tok := range s.out {
		b.WriteString(tok)
		inside := len(open) > 0 && open[len(open)-1] != "{"
		next := ""
		if i+1 < len(s.out) {
			next = s.out[i+1]
		}
		switch tok {
		case "(", "[", "{":
			open = append(open, tok)
			inside = tok != "{"
		case ")", "]", "}":
			open = open[:len(open)-1]
			inside = len(open) > 0 && open[len(open)-1] != "{"
		}
		switch {
		case inside && next != "(" && next != "[" && tok != "]" && s.rng.IntN(12) == 0: // these stay on the line of what they follow
			b.WriteString([]string{"\n", "\n\n", " // inside\n"}[s.rng.IntN(3)])
		case s.rng.IntN(3) == 0 && tok != "\n":
			b.WriteString("  ")
		default:
			b.WriteString(" ")
		}
	}
	return b.String()
}

func TestGrammarSentences(t *testing.T) {
	rules := map[string]*ebnf{}
	lexer := regexp.MustCompile(`"[^"]*"|\?[^?]*\?|[A-Za-z_]+|[|()\[\]{}]`)
	for name, body := range grammarOf(t) {
		at := 0
		rules[name] = parseEBNF(lexer.FindAllString(body, -1), &at)
	}
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	nodes := map[string]bool{}
	for seed := range rounds {
		s := sentence{rules: rules, rng: rand.New(rand.NewPCG(uint64(seed), 2))}
		s.rule("File")
		src := []byte(s.text())
		fset := token.NewFileSet()
		file, diags := Parse(fset, "in.nn", src)
		wrong := false
		for _, d := range diags {
			wrong = wrong || d.Code != diag.ArgumentOrder // a comment in the grammar, no rule
		}
		if wrong {
			t.Fatalf("seed %d: the grammar generates\n%s\nbut the parser says\n%s", seed, src, render(t, fset, "in.nn", src, diags))
		}
		checkTree(t, fset, src, file)
		Walk(file, func(n Node) { nodes[strings.TrimPrefix(typeName(n), "*syntax.")] = true })
		checkFormat(t, src)
	}
	for _, want := range []string{"Import", "FuncDecl", "Field", "ModelDecl", "InputDecl", "ParamDecl", "StateDecl", "ConstDecl", "HyperDecl",
		"ItemDecl", "OptimizerUse", "Group", "Use", "Precision", "Assign", "For", "If", "Return", "Require", "Type", "DimField", "Ident", "NumberLit",
		"StringLit", "Unary", "Binary", "Paren", "Call", "Arg", "Index", "Slice", "Selector", "List", "Range", "Lambda", "As"} {
		if !nodes[want] {
			t.Errorf("no sentence has a node %s", want)
		}
	}
}

func typeName(n Node) string { return fmt.Sprintf("%T", n) }
