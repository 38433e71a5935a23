// Which tokens does the language have, how are they spelled, and how tightly do operators bind?

package syntax

// Token is the kind of a lexical token.
type Token uint8

const (
	EOF     Token = iota
	Illegal       // a character that starts no token; reported by the scanner
	Newline       // a line end that ends a statement, or ;
	Name          // h
	Number        // 1e-3
	String        // "mine.nn"

	operatorBegin
	Define   // :=
	Set      // =
	AddSet   // +=
	SubSet   // -=
	MulSet   // *=
	DivSet   // /=
	Add      // +
	Sub      // -
	Mul      // *
	Div      // /
	Mod      // %
	Pow      // ^
	MatMul   // @
	Lt       // <
	Le       // <=
	Gt       // >
	Ge       // >=
	Eq       // ==
	Ne       // !=
	Lparen   // (
	Rparen   // )
	Lbrack   // [
	Rbrack   // ]
	Lbrace   // {
	Rbrace   // }
	Comma    // ,
	Colon    // :
	Dot      // .
	DotDot   // ..
	Ellipsis // ...
	Arrow    // =>
	operatorEnd

	keywordBegin
	And         // and
	As_         // as
	ConstKw     // const
	CustomKw    // custom
	Else        // else
	EntryKw     // entry
	ForKw       // for
	FuncKw      // func
	HyperKw     // hyper
	IfKw        // if
	ImportKw    // import
	In          // in
	InoutKw     // inout
	InputKw     // input
	LayerKw     // layer
	LossKw      // loss
	MetricKw    // metric
	ModelKw     // model
	Not         // not
	On          // on
	OptimizerKw // optimizer
	Or          // or
	OutputKw    // output
	ParamKw     // param
	PrecisionKw // precision
	RequireKw   // require
	ReturnKw    // return
	ScanKw      // scan
	StateKw     // state
	TargetKw    // target
	TrainKw     // train
	UseKw       // use
	YieldKw     // yield
	keywordEnd
)

// spellings holds the text of every operator and keyword, and a description of the other tokens.
var spellings = [...]string{
	EOF:     "end of file",
	Illegal: "illegal token",
	Newline: "end of line",
	Name:    "name",
	Number:  "number",
	String:  "string",

	Define:   ":=",
	Set:      "=",
	AddSet:   "+=",
	SubSet:   "-=",
	MulSet:   "*=",
	DivSet:   "/=",
	Add:      "+",
	Sub:      "-",
	Mul:      "*",
	Div:      "/",
	Mod:      "%",
	Pow:      "^",
	MatMul:   "@",
	Lt:       "<",
	Le:       "<=",
	Gt:       ">",
	Ge:       ">=",
	Eq:       "==",
	Ne:       "!=",
	Lparen:   "(",
	Rparen:   ")",
	Lbrack:   "[",
	Rbrack:   "]",
	Lbrace:   "{",
	Rbrace:   "}",
	Comma:    ",",
	Colon:    ":",
	Dot:      ".",
	DotDot:   "..",
	Ellipsis: "...",
	Arrow:    "=>",

	And:         "and",
	As_:         "as",
	ConstKw:     "const",
	CustomKw:    "custom",
	Else:        "else",
	EntryKw:     "entry",
	ForKw:       "for",
	FuncKw:      "func",
	HyperKw:     "hyper",
	IfKw:        "if",
	ImportKw:    "import",
	In:          "in",
	InoutKw:     "inout",
	InputKw:     "input",
	LayerKw:     "layer",
	LossKw:      "loss",
	MetricKw:    "metric",
	ModelKw:     "model",
	Not:         "not",
	On:          "on",
	OptimizerKw: "optimizer",
	Or:          "or",
	OutputKw:    "output",
	ParamKw:     "param",
	PrecisionKw: "precision",
	RequireKw:   "require",
	ReturnKw:    "return",
	ScanKw:      "scan",
	StateKw:     "state",
	TargetKw:    "target",
	TrainKw:     "train",
	UseKw:       "use",
	YieldKw:     "yield",
}

// String returns the spelling of an operator or a keyword, and a description of the other tokens.
func (t Token) String() string {
	if int(t) < len(spellings) && spellings[t] != "" {
		return spellings[t]
	}
	return "token"
}

// IsOperator reports whether t is an operator or a piece of punctuation.
func (t Token) IsOperator() bool { return operatorBegin < t && t < operatorEnd }

// IsKeyword reports whether t is a keyword.
func (t Token) IsKeyword() bool { return keywordBegin < t && t < keywordEnd }

// IsAssign reports whether t assigns: := = += -= *= /=.
func (t Token) IsAssign() bool { return Define <= t && t <= DivSet }

// IsCompare reports whether t compares: < <= > >= == !=.
func (t Token) IsCompare() bool { return Lt <= t && t <= Ne }

// Binding strengths, weakest first. Unary minus and plus bind at UnaryPrec, not at NotPrec; ^ is the only operator that
// associates to the right, and its right operand may be a unary minus.
const (
	LowestPrec  = 0 // of a token that is no binary operator
	OrPrec      = 1
	AndPrec     = 2
	NotPrec     = 3
	ComparePrec = 4
	AddPrec     = 5
	MulPrec     = 6
	UnaryPrec   = 7
	PowPrec     = 8
)

var precedences = [...]uint8{
	Or:  OrPrec,
	And: AndPrec,
	Lt:  ComparePrec, Le: ComparePrec, Gt: ComparePrec, Ge: ComparePrec, Eq: ComparePrec, Ne: ComparePrec,
	Add: AddPrec, Sub: AddPrec,
	Mul: MulPrec, Div: MulPrec, Mod: MulPrec, MatMul: MulPrec,
	Pow: PowPrec,
}

// Precedence returns how tightly t binds as a binary operator, LowestPrec when it is none.
func (t Token) Precedence() int {
	if int(t) < len(precedences) {
		return int(precedences[t])
	}
	return LowestPrec
}

// continues reports whether a statement goes on after a line end that follows t: t wants something at its right.
func (t Token) continues() bool {
	switch t {
	case Comma, Colon, Dot, DotDot, Ellipsis, Arrow, Lparen, Lbrack, Not, In, As_:
		return true
	}
	return t.IsAssign() || t.Precedence() > LowestPrec
}

// keywords maps the spelling of each keyword to its token; operators lists all operators, longest first.
var (
	keywords  = map[string]Token{}
	operators []Token
)

func init() {
	for t := keywordBegin + 1; t < keywordEnd; t++ {
		keywords[spellings[t]] = t
	}
	for length := 3; length > 0; length-- {
		for t := operatorBegin + 1; t < operatorEnd; t++ {
			if len(spellings[t]) == length {
				operators = append(operators, t)
			}
		}
	}
}
