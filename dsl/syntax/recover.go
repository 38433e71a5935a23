// How are errors reported, and where does parsing go on after one?
//
// An error with an obvious meaning (`=` for `:` in a call) is reported and parsing goes on as if it were right. Any other
// error fails the statement: the current token then reads as EOF, so that all productions return, and finish skips to
// where the next statement begins. Nothing more is reported until then.

package syntax

import (
	"bytes"
	"go/token"

	"nngen/dsl/diag"
)

// errorf reports an error and lets parsing go on.
func (p *parser) errorf(code string, pos, end token.Pos, format string, args ...any) *diag.Diagnostic {
	if p.failed {
		return &diag.Diagnostic{}
	}
	return p.diags.Errorf(code, pos, end, format, args...)
}

// fail reports an error after which the statement cannot go on. At a token that the scanner has reported it is silent.
func (p *parser) fail(code string, pos, end token.Pos, format string, args ...any) *diag.Diagnostic {
	d := &diag.Diagnostic{}
	if !p.failed && p.tok.Kind != Illegal {
		d = p.diags.Errorf(code, pos, end, format, args...)
	}
	p.abandon()
	return d
}

// abandon fails without a report, which has been made.
func (p *parser) abandon() {
	p.failed = true
	p.tok = Lexeme{Kind: EOF, Pos: p.toks[p.i].Pos, End: p.toks[p.i].Pos}
}

// unexpected fails at the current token, with what should stand there.
func (p *parser) unexpected(want string) *diag.Diagnostic {
	got := p.tok
	if p.inBrackets() && len(p.open) > p.base {
		switch open := p.open[len(p.open)-1]; {
		case got.Kind == EOF, got.Kind == Rbrace, got.Kind == Rparen && open.Kind == Lbrack, got.Kind == Rbrack && open.Kind == Lparen,
			got.Kind == Lbrace, p.lineStart(p.i) && p.beginsStmt(p.i):
			closer := "')'"
			if open.Kind == Lbrack {
				closer = "']'"
			}
			pos, end, what := got.Pos, got.End, got.describe()
			if p.lineStart(p.i) || got.Kind == EOF {
				pos, end = p.prevEnd(), p.prevEnd()
				if got.Kind != EOF && got.Kind != Rbrace {
					what = Newline.String()
				}
			}
			return p.fail(diag.Unclosed, pos, end, "got %s, want %s", what, closer).
				Notef(open.Pos, open.End, "'%s' opened here", open.Text)
		}
	}
	if got.Kind == Newline || got.Kind == EOF {
		end := p.prevEnd()
		return p.fail(diag.Unexpected, end, end, "got %s, want %s", got.describe(), want)
	}
	return p.fail(diag.Unexpected, got.Pos, got.End, "got %s, want %s", got.describe(), want)
}

// finish ends a statement that began at token start: it wants the end of the line or, in a block, the closing brace, and
// recovers if the statement failed.
func (p *parser) finish(start int, inBlock bool) {
	if !p.failed {
		switch k := p.tok.Kind; {
		case k == Newline, k == EOF, k == Rbrace && inBlock, p.closedAt == p.i:
		default:
			p.surplus()
		}
	}
	if p.failed {
		p.sync(start)
	}
	if p.i == start && p.tok.Kind != EOF && !(p.tok.Kind == Rbrace && inBlock) {
		p.i++
		p.settle()
	}
}

// surplus fails at a token after a complete statement.
func (p *parser) surplus() {
	switch {
	case p.strayRange():
	case p.tok.Kind == Rparen, p.tok.Kind == Rbrack:
		p.fail(diag.Unopened, p.tok.Pos, p.tok.End, "got '%s' that closes nothing, want end of line", p.tok.Text)
	case p.tok.Kind == Set:
		p.unexpected("end of line").Help("to compare, write ==")
	case p.tok.Kind == Arrow && p.tok.Text != "=>":
		p.unexpected("end of line").Help("a function of one name is written x => e")
	case p.tok.Kind == ImportKw, p.tok.Kind == ModelKw, p.tok.Kind == Name, p.tok.Kind.IsKeyword():
		p.unexpected("an operator or end of line")
	default:
		p.unexpected("end of line")
	}
}

// strayRange fails at the dots of a range that does not stand in the head of a for; false when there are none here.
func (p *parser) strayRange() bool {
	if p.tok.Kind != DotDot {
		return false
	}
	p.fail(diag.RangeOutsideFor, p.tok.Pos, p.tok.End, "got '..' outside the head of a for").
		Help("a slice is written lo:hi, a list [a, b]")
	return true
}

// sync skips to where the next statement begins: the end of the line outside brackets and braces opened in this
// statement, or a line that can only begin a statement, or the brace that closes the block.
func (p *parser) sync(start int) {
	stack := make([]Token, 0, 8)
	for _, l := range p.open[p.base:] {
		stack = append(stack, l.Kind)
	}
	braces := 0
	for _, k := range stack {
		if k == Lbrace {
			braces++
		}
	}
	j := p.i
loop:
	for ; p.toks[j].Kind != EOF; j++ {
		if j > start && p.lineStart(j) {
			if k := p.toks[j].Kind; braces == 0 && p.beginsStmt(j) || k == ModelKw || k == ImportKw {
				break
			}
		}
		switch k := p.toks[j].Kind; k {
		case Lparen, Lbrack, Lbrace:
			stack = append(stack, k)
			if k == Lbrace {
				braces++
			}
		case Rbrace:
			if braces == 0 {
				break loop
			}
			braces--
			for stack[len(stack)-1] != Lbrace { // brackets left open inside the braces
				stack = stack[:len(stack)-1]
			}
			stack = stack[:len(stack)-1]
		case Rparen, Rbrack:
			if n := len(stack); n > 0 && stack[n-1] != Lbrace {
				stack = stack[:n-1]
			}
		case Newline:
			if len(stack) == 0 && !p.braceOnNextLine(j) {
				break loop
			}
		}
	}
	p.open = p.open[:p.base]
	p.failed = false
	p.i = j
	p.settle()
}

// braceOnNextLine reports whether { follows the line end at j; it then belongs to the statement that failed.
func (p *parser) braceOnNextLine(j int) bool {
	return p.toks[j].Text != ";" && p.toks[j+1].Kind == Lbrace
}

// skipToBrace goes on at the { that begins the body of a declaration whose head failed, so that the body is parsed too;
// it returns false when there is none.
func (p *parser) skipToBrace() bool {
	depth := 0
	for _, l := range p.open[p.base:] {
		if l.Kind == Lbrace {
			return false
		}
		depth++
	}
	for j := p.i; ; j++ {
		switch p.toks[j].Kind {
		case EOF, Rbrace:
			return false
		case Lparen, Lbrack:
			depth++
		case Rparen, Rbrack:
			depth--
		case Newline:
			if depth <= 0 && !p.braceOnNextLine(j) || p.beginsStmt(j+1) {
				return false
			}
		case Lbrace:
			p.open = p.open[:p.base]
			p.failed = false
			p.i = j
			p.settle()
			return true
		}
	}
}

// lineStart reports whether the token at j is the first of its line.
func (p *parser) lineStart(j int) bool {
	return j == 0 || p.toks[j-1].Kind == Newline || p.file.Line(p.toks[j-1].End) < p.file.Line(p.toks[j].Pos)
}

// maxTargets is the largest number of names at the left of an assignment; it bounds the look ahead.
const maxTargets = 100

// beginsStmt reports whether the token at j, the first of a line, can only begin a statement.
func (p *parser) beginsStmt(j int) bool {
	next := EOF
	if j+1 < len(p.toks) {
		next = p.toks[j+1].Kind
	}
	switch k := p.toks[j].Kind; k {
	case ConstKw, CustomKw, EntryKw, ForKw, HyperKw, IfKw, ImportKw, InputKw, LayerKw, MetricKw, ModelKw, OptimizerKw, OutputKw,
		ParamKw, PrecisionKw, RequireKw, ReturnKw, StateKw, TargetKw, TrainKw, UseKw, YieldKw:
		return next != Colon // a named argument
	case FuncKw:
		return next == Name
	case LossKw:
		return next == Set
	case Name:
		isName := true // or a keyword, to be reported
		for n := 1; isName && next == Comma && j+3 < len(p.toks) && n < maxTargets; n++ {
			j += 2
			next = p.toks[j+1].Kind
			isName = p.toks[j].Kind == Name || p.toks[j].Kind.IsKeyword()
		}
		return isName && next.IsAssign()
	}
	return false
}

// unclosed reports that the block opened at open, and perhaps blocks around it, are never closed. Only the first call at
// a place reports; the brace shown is the first whose partner is indented differently, if there is one.
func (p *parser) unclosed(open Lexeme) {
	if p.closedAt != p.i {
		suspect := open
		if p.closedAt < 0 { // once, for it looks at the whole file
			suspect = p.suspectBrace(open)
		}
		p.errorf(diag.Unclosed, p.prevEnd(), p.prevEnd(), "got %s, want '}'", p.tok.describe()).
			Notef(suspect.Pos, suspect.End, "'{' opened here")
	}
	p.closedAt = p.i
}

// suspectBrace returns the first { before here whose matching } stands at another indentation than the line of the {, and
// otherwise open.
func (p *parser) suspectBrace(open Lexeme) Lexeme {
	var stack []Lexeme
	suspect := open
	for _, l := range p.toks[:p.i] {
		switch l.Kind {
		case Lbrace:
			stack = append(stack, l)
		case Rbrace:
			if n := len(stack); n > 0 {
				o := stack[n-1]
				stack = stack[:n-1]
				if p.file.Line(o.Pos) != p.file.Line(l.Pos) && p.indent(o.Pos) != p.indent(l.Pos) && suspect == open {
					suspect = o
				}
			}
		}
	}
	for _, o := range stack {
		if o == open {
			return suspect
		}
	}
	return open
}

// indent is the width of the white space that begins the line of pos.
func (p *parser) indent(pos token.Pos) int {
	start := p.file.Offset(p.file.LineStart(p.file.Line(pos)))
	line := p.src[start:]
	return len(line) - len(bytes.TrimLeft(line, " \t"))
}
