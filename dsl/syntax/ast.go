// What does a parsed .nn file look like? The syntax tree: every node knows its span, its doc comment shows the concrete
// syntax, and only this package can add nodes.

package syntax

import "go/token"

// A Node is any node of the syntax tree.
type Node interface {
	Pos() token.Pos // first character
	End() token.Pos // just after the last character
	node()
}

// An Expr is an expression.
type Expr interface {
	Node
	expr()
}

// A Stmt is a statement or a declaration, at top level or in a block.
type Stmt interface {
	Node
	stmt()
}

// Span is the source range of a node; every node embeds it.
type Span struct{ From, To token.Pos }

func (s Span) Pos() token.Pos { return s.From }
func (s Span) End() token.Pos { return s.To }
func (Span) node()            {}

// A File is one parsed source file. Comments are all its comments in source order; the formatter puts them back.
type File struct {
	Span
	Name     string // file name as given to the parser
	Decls    []Stmt // Import, Const, FuncDecl (func, layer, optimizer), ModelDecl; Bad where the parser gave up
	Comments []Comment
}

// A Comment is `// text` to the end of the line; Text includes the slashes, without trailing space.
type Comment struct {
	Span
	Text string
}

// ---- declarations and statements ----

type (
	// Bad stands for source the parser could not read; it has reported why.
	Bad struct{ Span }

	// Import is `import "mine.nn"` or `import m "mine.nn"`.
	Import struct {
		Span
		Name *Ident // nil: the file's base name
		Path *StringLit
	}

	// FuncDecl is
	//	func huber(x [...s], y [...s], delta float = 1) [...s] { ... }
	//	layer dense(x [...s, n], m int) [...s, m] { ... }
	//	optimizer adam(lr = 1e-3) on [m, n] { ... }
	FuncDecl struct {
		Span
		Kind    FuncKind
		Name    *Ident
		Params  []*Field
		Results []*Type // none for optimizers
		On      *Type   // optimizer: `on [m, n]`, the shape of parameter it accepts; nil: any
		Body    *Block
	}

	// Field is one parameter: `x [...s, n]`, `m int`, `act func = identity`, `lr = 1e-3` (type inferred from the default),
	// and one result in a type list.
	Field struct {
		Span
		Name    *Ident
		Type    *Type // nil when inferred from Default
		Default Expr  // nil when required
	}

	// ModelDecl is `model Digits { ... }` or `model DigitsAdam = Digits { ... }`.
	ModelDecl struct {
		Span
		Name *Ident
		Base *Ident // nil, or the model this one differs from
		Body *Block
	}

	// Block is `{ statements }`.
	Block struct {
		Span
		Stmts []Stmt
	}

	// InputDecl is `input x [batch, 64]`, `target y [batch]int`, `input beta float`.
	InputDecl struct {
		Span
		Target bool
		Name   *Ident
		Type   *Type
	}

	// ParamDecl is `param W [n, m] = glorot_uniform()`.
	ParamDecl struct {
		Span
		Name *Ident
		Type *Type
		Init Expr // nil: an error of the checker
	}

	// StateDecl is `state m, v` or `state run_mean [c] = 0` or `state prod float = 1`; Type and Init belong to all Names.
	StateDecl struct {
		Span
		Names []*Ident
		Type  *Type // nil in an optimizer: like the parameter
		Init  Expr  // nil: zero
	}

	// ConstDecl is `const n = 128` with one or more `name = value` pairs separated by commas.
	ConstDecl struct {
		Span
		Names  []*Ident
		Values []Expr
	}

	// HyperDecl is `hyper temp = 1.0`.
	HyperDecl struct {
		Span
		Name  *Ident
		Value Expr
	}

	// ItemDecl defines a declared item of a model: `output probs = e`, `loss = e`, `metric accuracy = e`.
	ItemDecl struct {
		Span
		Kind  ItemKind
		Name  *Ident // nil for loss
		Value Expr
	}

	// OptimizerUse is `optimizer adam(lr: 0.01) { for "*.b", "*.g" { weight_decay: 0 } }` in a model.
	OptimizerUse struct {
		Span
		Call   *Call
		Groups []*Group
	}

	// Group is `for "*.b", "*.g" { weight_decay: 0, lr: 0.1 }`: settings for the parameters whose path matches a pattern.
	Group struct {
		Span
		Patterns []*StringLit
		Settings []*Arg // named
	}

	// Use is `use e = embedding(vocab, d)`.
	Use struct {
		Span
		Name *Ident
		Call *Call
	}

	// Precision is `precision float64`.
	Precision struct {
		Span
		Type *Ident
	}

	// Assign is `h := e`, `q, k, v := e`, `x = e`, `x += e`.
	Assign struct {
		Span
		Names []*Ident
		Op    Token // Define, Set, AddSet, SubSet, MulSet, DivSet
		OpPos token.Pos
		Value Expr
	}

	// For is `for i in 0..4 { }` or `for c in [16, 32] { }`; both run at generate time.
	For struct {
		Span
		Var  *Ident
		Over Expr // Range or List
		Body *Block
	}

	// If is `if cond { } else if cond { } else { }`; the condition is known at generate time.
	If struct {
		Span
		Cond Expr
		Then *Block
		Else Stmt // nil, *Block or *If
	}

	// Return is `return e` or `return e, f`.
	Return struct {
		Span
		Values []Expr
	}

	// Require is `require d % heads == 0` or `require cond, "message"`.
	Require struct {
		Span
		Cond    Expr
		Message *StringLit // nil: the condition's text
	}

	// ExprStmt is an expression where a statement is expected; the checker rejects it.
	ExprStmt struct {
		Span
		X Expr
	}
)

// FuncKind says which keyword declared a FuncDecl.
type FuncKind uint8

const (
	Func FuncKind = iota
	Layer
	Optimizer
)

// ItemKind says which item of a model an ItemDecl defines.
type ItemKind uint8

const (
	Output ItemKind = iota
	Loss
	Metric
)

// ---- types ----

// Type is `[d0, d1]dtype`, `[d0, ...s]`, or a bare word: float int bool uint8 func shape string.
type Type struct {
	Span
	Tensor bool        // has brackets, even `[]`
	Dims   []*DimField // of a tensor
	Name   *Ident      // dtype or word; nil: the model's float type
}

// DimField is one dimension of a tensor type: `64`, `2*d`, `batch`, `time <= 512`, `...s`.
type DimField struct {
	Span
	Spread bool // ...s; X is the *Ident s
	X      Expr
	Max    Expr // bound after <=, or nil
}

// ---- expressions ----

type (
	// BadExpr stands for an expression the parser could not read.
	BadExpr struct{ Span }

	// Ident is a name; `true`, `false`, `training`, `new` and `pi` are names to the parser.
	Ident struct {
		Span
		Name string
	}

	// NumberLit is `12`, `1e-3`, `0.5`, `0x10`, `1_000`; Text as written.
	NumberLit struct {
		Span
		Text string
	}

	// StringLit is `"text"`; Value unquoted.
	StringLit struct {
		Span
		Value string
	}

	// Unary is `-x`, `+x` or `not x`.
	Unary struct {
		Span
		Op Token
		X  Expr
	}

	// Binary is `x + y` and the like.
	Binary struct {
		Span
		Op    Token
		OpPos token.Pos
		X, Y  Expr
	}

	// Paren is `(x)`.
	Paren struct {
		Span
		X Expr
	}

	// Call is `f(x, axis: -1, ...)`.
	Call struct {
		Span
		Fun    Expr // Ident, Selector, or any expression of type func
		Lparen token.Pos
		Args   []*Arg
	}

	// Arg is one argument: `x` or `axis: -1`.
	Arg struct {
		Span
		Name  *Ident // nil: positional
		Value Expr
	}

	// Index is `x[0]`, `x[:, 1:-1]`, `x[:, new]`.
	Index struct {
		Span
		X    Expr
		Subs []Expr // Slice or any expression
	}

	// Slice is `lo:hi` or `lo:hi:step` inside an Index; any part may be nil.
	Slice struct {
		Span
		Lo, Hi, Step Expr
	}

	// Selector is `e.W` or `mine.gated`.
	Selector struct {
		Span
		X   Expr
		Sel *Ident
	}

	// List is `[a, b, c]`.
	List struct {
		Span
		Elems []Expr
	}

	// Range is `a..b`, only in a for.
	Range struct {
		Span
		Lo, Hi Expr
	}

	// Lambda is `x => e` or `(a, b) => e`.
	Lambda struct {
		Span
		Params []*Ident
		Body   Expr
	}

	// As is `dense(x, 4) as up` or `block(x) as blk[i]`: names the instance that the call at its left makes.
	As struct {
		Span
		X     Expr // the call
		Name  *Ident
		Index Expr // or nil
	}
)

func (*Bad) stmt()          {}
func (*Import) stmt()       {}
func (*FuncDecl) stmt()     {}
func (*ModelDecl) stmt()    {}
func (*Block) stmt()        {}
func (*InputDecl) stmt()    {}
func (*ParamDecl) stmt()    {}
func (*StateDecl) stmt()    {}
func (*ConstDecl) stmt()    {}
func (*HyperDecl) stmt()    {}
func (*ItemDecl) stmt()     {}
func (*OptimizerUse) stmt() {}
func (*Use) stmt()          {}
func (*Precision) stmt()    {}
func (*Assign) stmt()       {}
func (*For) stmt()          {}
func (*If) stmt()           {}
func (*Return) stmt()       {}
func (*Require) stmt()      {}
func (*ExprStmt) stmt()     {}

func (*BadExpr) expr()   {}
func (*Ident) expr()     {}
func (*NumberLit) expr() {}
func (*StringLit) expr() {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*Paren) expr()     {}
func (*Call) expr()      {}
func (*Index) expr()     {}
func (*Slice) expr()     {}
func (*Selector) expr()  {}
func (*List) expr()      {}
func (*Range) expr()     {}
func (*Lambda) expr()    {}
func (*As) expr()        {}
