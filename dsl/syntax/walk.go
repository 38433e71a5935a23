// What are the children of a node, and how is a tree walked?

package syntax

// Inspect calls f for n and, if f returns true, for each child of n in source order, and so on down. Absent children are
// not visited. Afterwards it calls f(nil), as go/ast does.
func Inspect(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	eachChild(n, func(c Node) { Inspect(c, f) })
	f(nil)
}

// Walk calls f for n and all nodes below it, parents first, in source order.
func Walk(n Node, f func(Node)) {
	f(n)
	eachChild(n, func(c Node) { Walk(c, f) })
}

// eachChild calls f for the children of n in source order.
func eachChild(n Node, f func(Node)) {
	switch n := n.(type) {
	case *File:
		each(n.Decls, f)
	case *Import:
		ident(n.Name, f)
		f(n.Path)
	case *FuncDecl:
		f(n.Name)
		each(n.Params, f)
		each(n.Results, f)
		typ(n.On, f)
		f(n.Body)
	case *Field:
		ident(n.Name, f)
		typ(n.Type, f)
		expr(n.Default, f)
	case *ModelDecl:
		f(n.Name)
		ident(n.Base, f)
		f(n.Body)
	case *Block:
		each(n.Stmts, f)
	case *InputDecl:
		f(n.Name)
		typ(n.Type, f)
	case *ParamDecl:
		f(n.Name)
		typ(n.Type, f)
		expr(n.Init, f)
	case *StateDecl:
		each(n.Names, f)
		typ(n.Type, f)
		expr(n.Init, f)
	case *ConstDecl:
		for i := range n.Names {
			f(n.Names[i])
			f(n.Values[i])
		}
	case *HyperDecl:
		f(n.Name)
		f(n.Value)
	case *ItemDecl:
		ident(n.Name, f)
		f(n.Value)
	case *OptimizerUse:
		f(n.Call)
		each(n.Groups, f)
	case *Group:
		each(n.Patterns, f)
		each(n.Settings, f)
	case *Use:
		f(n.Name)
		f(n.Call)
	case *Precision:
		f(n.Type)
	case *Assign:
		each(n.Names, f)
		f(n.Value)
	case *For:
		f(n.Var)
		f(n.Over)
		f(n.Body)
	case *If:
		f(n.Cond)
		f(n.Then)
		if n.Else != nil {
			f(n.Else)
		}
	case *Return:
		each(n.Values, f)
	case *Require:
		f(n.Cond)
		if n.Message != nil {
			f(n.Message)
		}
	case *ExprStmt:
		f(n.X)
	case *Type:
		each(n.Dims, f)
		ident(n.Name, f)
	case *DimField:
		f(n.X)
		expr(n.Max, f)
	case *Unary:
		f(n.X)
	case *Binary:
		f(n.X)
		f(n.Y)
	case *Paren:
		f(n.X)
	case *Call:
		f(n.Fun)
		each(n.Args, f)
	case *Arg:
		ident(n.Name, f)
		f(n.Value)
	case *Index:
		f(n.X)
		each(n.Subs, f)
	case *Slice:
		expr(n.Lo, f)
		expr(n.Hi, f)
		expr(n.Step, f)
	case *Selector:
		f(n.X)
		f(n.Sel)
	case *List:
		each(n.Elems, f)
	case *Range:
		f(n.Lo)
		f(n.Hi)
	case *Lambda:
		each(n.Params, f)
		f(n.Body)
	case *As:
		f(n.X)
		f(n.Name)
		expr(n.Index, f)
	}
}

func each[N Node](nodes []N, f func(Node)) {
	for _, n := range nodes {
		f(n)
	}
}

// A nil pointer in an interface is not nil, hence one helper for each optional type.

func ident(n *Ident, f func(Node)) {
	if n != nil {
		f(n)
	}
}

func typ(n *Type, f func(Node)) {
	if n != nil {
		f(n)
	}
}

func expr(n Expr, f func(Node)) {
	if n != nil {
		f(n)
	}
}
