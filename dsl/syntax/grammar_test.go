// Is docs/grammar.ebnf a grammar, and one of the language that the scanner reads?

package syntax

import (
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// grammarOf returns the rules of the grammar, without comments, by name.
func grammarOf(t *testing.T) map[string]string {
	data, err := os.ReadFile("../../docs/grammar.ebnf")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s)\(\*.*?\*\)`).ReplaceAllString(string(data), "")
	rules := map[string]string{}
	for _, rule := range regexp.MustCompile(`;\s*\n`).Split(text, -1) {
		name, body, ok := strings.Cut(rule, "=")
		if name = strings.TrimSpace(name); !ok {
			if name != "" {
				t.Errorf("not a rule: %q", rule)
			}
			continue
		}
		if rules[name] != "" {
			t.Errorf("rule %s is defined twice", name)
		}
		rules[name] = body
	}
	return rules
}

func TestGrammarFile(t *testing.T) {
	rules := grammarOf(t)
	special := regexp.MustCompile(`\?.*?\?`)
	quoted := regexp.MustCompile(`"[^"]*"`)
	word := regexp.MustCompile(`[A-Za-z_]+`)
	used := map[string]bool{"File": true, "COMMENT": true, "Reserved": true}
	spelled := map[string]bool{}
	for name, body := range rules {
		body = special.ReplaceAllString(body, "")
		for _, q := range quoted.FindAllString(body, -1) {
			spelled[strings.Trim(q, `"`)] = true
		}
		body = quoted.ReplaceAllString(body, "")
		for _, w := range word.FindAllString(body, -1) {
			used[w] = true
			if _, ok := rules[w]; !ok {
				t.Errorf("rule %s uses %s, which is not defined", name, w)
			}
		}
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.Count(body, pair[:1]) != strings.Count(body, pair[1:]) {
				t.Errorf("rule %s: unbalanced %s", name, pair)
			}
		}
	}
	for name := range rules {
		if !used[name] {
			t.Errorf("rule %s is not used", name)
		}
	}
	known := map[string]bool{";": true, "e": true, "E": true}
	for tok := Token(0); tok < keywordEnd; tok++ {
		if tok.IsOperator() || tok.IsKeyword() {
			known[tok.String()] = true
			if !spelled[tok.String()] {
				t.Errorf("token %s does not occur in the grammar", tok)
			}
		}
	}
	var extra []string
	for s := range spelled {
		if !known[s] {
			extra = append(extra, s)
		}
	}
	sort.Strings(extra)
	if len(extra) > 0 {
		t.Errorf("the grammar quotes what is no token: %q", extra)
	}
}

// TestTokenTable checks that each operator and keyword has a spelling, that the scanner reads it, and that the comments
// of the precedence table hold.
func TestTokenTable(t *testing.T) {
	for tok := operatorBegin + 1; tok < keywordEnd; tok++ {
		if tok == operatorEnd || tok == keywordBegin {
			continue
		}
		if !tok.IsOperator() && !tok.IsKeyword() || tok.String() == "token" {
			t.Errorf("token %d has no spelling", tok)
		}
		toks, diags := scan(" " + tok.String() + " ")
		if len(diags) > 0 || len(toks) == 0 || toks[0].Kind != tok {
			t.Errorf("%s: got %v with %d diagnostics", tok, toks, len(diags))
		}
	}
	order := []Token{Or, And, Eq, Add, Mul, Pow}
	for i := 1; i < len(order); i++ {
		if order[i-1].Precedence() >= order[i].Precedence() {
			t.Errorf("%s does not bind less tightly than %s", order[i-1], order[i])
		}
	}
	for _, tok := range []Token{EOF, Name, Define, Lparen, Not, keywordEnd, 255} {
		if tok.Precedence() != LowestPrec {
			t.Errorf("%s has precedence %d", tok, tok.Precedence())
		}
	}
}
