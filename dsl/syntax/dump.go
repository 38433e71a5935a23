// How does a tree print, one statement a line, for dumps and golden tests?

package syntax

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Dump writes the tree below n: a statement or declaration a line, indented by its depth, its expressions as nested lists
// with the operator first, its types as they are written. Two trees have the same dump exactly when they differ in
// positions and comments only. It is the text of `nngen dump --stage ast`.
func Dump(w io.Writer, n Node) error {
	d := dumper{}
	switch n := n.(type) {
	case *File:
		for _, s := range n.Decls {
			d.stmt(0, "", s)
		}
	case Stmt:
		d.stmt(0, "", n)
	case Expr:
		d.b.WriteString(exprText(n) + "\n")
	case *Type:
		d.b.WriteString(typeText(n) + "\n")
	}
	_, err := io.WriteString(w, d.b.String())
	return err
}

type dumper struct{ b strings.Builder }

// line writes the parts that are not empty, separated by spaces.
func (d *dumper) line(depth int, parts ...string) {
	d.b.WriteString(strings.Repeat("  ", depth))
	first := true
	for _, p := range parts {
		if p == "" {
			continue
		}
		if !first {
			d.b.WriteByte(' ')
		}
		d.b.WriteString(p)
		first = false
	}
	d.b.WriteByte('\n')
}

func (d *dumper) block(depth int, b *Block) {
	for _, s := range b.Stmts {
		d.stmt(depth, "", s)
	}
}

// stmt writes a statement; role is a word before it, such as else.
func (d *dumper) stmt(depth int, role string, s Stmt) {
	switch s := s.(type) {
	case *Bad:
		d.line(depth, role, "Bad")
	case *Import:
		d.line(depth, "Import", identText(s.Name), strconv.Quote(s.Path.Value))
	case *FuncDecl:
		kind := [...]string{Func: "Func", Layer: "Layer", Optimizer: "Optimizer"}[s.Kind]
		d.line(depth, kind, s.Name.Name)
		for _, f := range s.Params {
			d.line(depth+1, "param", f.Name.Name, typeText(f.Type), equals(f.Default))
		}
		for _, t := range s.Results {
			d.line(depth+1, "result", typeText(t))
		}
		if s.On != nil {
			d.line(depth+1, "on", typeText(s.On))
		}
		d.block(depth+1, s.Body)
	case *ModelDecl:
		base := ""
		if s.Base != nil {
			base = "= " + s.Base.Name
		}
		d.line(depth, "Model", s.Name.Name, base)
		d.block(depth+1, s.Body)
	case *Block:
		d.line(depth, role, "Block")
		d.block(depth+1, s)
	case *InputDecl:
		kind := "Input"
		if s.Target {
			kind = "Target"
		}
		d.line(depth, kind, s.Name.Name, typeText(s.Type))
	case *ParamDecl:
		d.line(depth, "Param", s.Name.Name, typeText(s.Type), equals(s.Init))
	case *StateDecl:
		d.line(depth, "State", identsText(s.Names), typeText(s.Type), equals(s.Init))
	case *ConstDecl:
		for i, name := range s.Names {
			word := "Const"
			if i > 0 {
				word = "  and"
			}
			d.line(depth, word, name.Name, equals(s.Values[i]))
		}
	case *HyperDecl:
		d.line(depth, "Hyper", s.Name.Name, equals(s.Value))
	case *ItemDecl:
		kind := [...]string{Output: "Output", Loss: "Loss", Metric: "Metric"}[s.Kind]
		d.line(depth, kind, identText(s.Name), equals(s.Value))
	case *OptimizerUse:
		d.line(depth, "UseOptimizer", exprText(s.Call))
		for _, g := range s.Groups {
			var patterns []string
			for _, p := range g.Patterns {
				patterns = append(patterns, strconv.Quote(p.Value))
			}
			d.line(depth+1, "for", strings.Join(patterns, " "))
			for _, a := range g.Settings {
				d.line(depth+2, argText(a))
			}
		}
	case *Use:
		d.line(depth, "Use", s.Name.Name, equals(s.Call))
	case *Precision:
		d.line(depth, "Precision", s.Type.Name)
	case *Assign:
		d.line(depth, "Assign", identsText(s.Names), s.Op.String(), exprText(s.Value))
	case *For:
		d.line(depth, "For", s.Var.Name, "in", exprText(s.Over))
		d.block(depth+1, s.Body)
	case *If:
		d.line(depth, role, "If", exprText(s.Cond))
		d.block(depth+1, s.Then)
		if s.Else != nil {
			d.stmt(depth, "else", s.Else)
		}
	case *Return:
		d.line(depth, "Return", exprsText(s.Values))
	case *Require:
		message := ""
		if s.Message != nil {
			message = strconv.Quote(s.Message.Value)
		}
		d.line(depth, "Require", exprText(s.Cond), message)
	case *ExprStmt:
		d.line(depth, "Expr", exprText(s.X))
	}
}

// exprText is an expression as nested lists, `(+ a (* b c))`.
func exprText(x Expr) string {
	switch x := x.(type) {
	case nil:
		return "_"
	case *BadExpr:
		return "(bad)"
	case *Ident:
		return x.Name
	case *NumberLit:
		return x.Text
	case *StringLit:
		return strconv.Quote(x.Value)
	case *Unary:
		return "(" + x.Op.String() + " " + exprText(x.X) + ")"
	case *Binary:
		return "(" + x.Op.String() + " " + exprText(x.X) + " " + exprText(x.Y) + ")"
	case *Paren:
		return "(paren " + exprText(x.X) + ")"
	case *Call:
		var b strings.Builder
		b.WriteString("(call " + exprText(x.Fun))
		for _, a := range x.Args {
			b.WriteString(" " + argText(a))
		}
		return b.String() + ")"
	case *Index:
		return "(index " + exprText(x.X) + " " + exprsText(x.Subs) + ")"
	case *Slice:
		return "(slice " + exprText(x.Lo) + " " + exprText(x.Hi) + " " + exprText(x.Step) + ")"
	case *Selector:
		return "(. " + exprText(x.X) + " " + x.Sel.Name + ")"
	case *List:
		if len(x.Elems) == 0 {
			return "(list)"
		}
		return "(list " + exprsText(x.Elems) + ")"
	case *Range:
		return "(.. " + exprText(x.Lo) + " " + exprText(x.Hi) + ")"
	case *Lambda:
		return "(=> (" + identsText(x.Params) + ") " + exprText(x.Body) + ")"
	case *As:
		index := ""
		if x.Index != nil {
			index = "[" + exprText(x.Index) + "]"
		}
		return "(as " + exprText(x.X) + " " + x.Name.Name + index + ")"
	}
	return fmt.Sprintf("(%T)", x)
}

func exprsText(xs []Expr) string {
	texts := make([]string, len(xs))
	for i, x := range xs {
		texts[i] = exprText(x)
	}
	return strings.Join(texts, " ")
}

func argText(a *Arg) string {
	if a.Name == nil {
		return exprText(a.Value)
	}
	return a.Name.Name + ": " + exprText(a.Value)
}

// equals is `= e`, or nothing without e.
func equals(x Expr) string {
	if x == nil {
		return ""
	}
	return "= " + exprText(x)
}

func identText(n *Ident) string {
	if n == nil {
		return ""
	}
	return n.Name
}

func identsText(names []*Ident) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.Name
	}
	return strings.Join(texts, " ")
}

// typeText is a type as written, `[...s, time <= (+ n 1)]int`.
func typeText(t *Type) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	if t.Tensor {
		b.WriteByte('[')
		for i, d := range t.Dims {
			if i > 0 {
				b.WriteString(", ")
			}
			if d.Spread {
				b.WriteString("...")
			}
			b.WriteString(exprText(d.X))
			if d.Max != nil {
				b.WriteString(" <= " + exprText(d.Max))
			}
		}
		b.WriteByte(']')
	}
	b.WriteString(identText(t.Name))
	return b.String()
}
