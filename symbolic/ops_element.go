// Which shapes and types do leaves and elementwise ops take? And the derivative of cast.

package symbolic

import "fmt"

// dtypeWord is what the language calls a type.
func dtypeWord(t DType) string {
	switch t {
	case F32, F64:
		return "float"
	case I32:
		return "int"
	case Bool:
		return "bool"
	case U8:
		return "uint8"
	}
	return "nothing"
}

// TypeString returns shape and type of a value as the language writes them: [batch, 64], [batch]int, float.
func TypeString(n *Node) string {
	switch {
	case n.DType == NoType:
		return "several results"
	case n.Rank() == 0:
		return dtypeWord(n.DType)
	case n.DType.Float():
		return ShapeString(n.Shape)
	}
	return ShapeString(n.Shape) + dtypeWord(n.DType)
}

func ruleLeaf(name string) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		if a.DType == NoType {
			return nil, NoType, fmt.Errorf("%s needs a type", name)
		}
		return a.Shape, a.DType, nil
	}
}

func ruleDimval(a *Attr, args []*Node) ([]Dim, DType, error) {
	if !a.Dim.Valid() || a.DType != I32 && !a.DType.Float() {
		return nil, NoType, fmt.Errorf("dimval needs a size and the type int or float, got %s", dtypeWord(a.DType))
	}
	return nil, a.DType, nil
}

func ruleIota(a *Attr, args []*Node) ([]Dim, DType, error) {
	if a.DType != I32 && !a.DType.Float() {
		return nil, NoType, fmt.Errorf("iota needs the type int or float, got %s", dtypeWord(a.DType))
	}
	if len(a.Axes) != 1 {
		return nil, NoType, fmt.Errorf("iota needs one axis, got %d", len(a.Axes))
	}
	if err := checkAxes("iota", a.Axes, len(a.Shape)); err != nil {
		return nil, NoType, err
	}
	return a.Shape, a.DType, nil
}

func ruleRand(a *Attr, args []*Node) ([]Dim, DType, error) {
	if a.Name != "uniform" && a.Name != "normal" {
		return nil, NoType, fmt.Errorf("random numbers are uniform or normal, got %q", a.Name)
	}
	if !a.DType.Float() {
		return nil, NoType, fmt.Errorf("random numbers are float, got %s", dtypeWord(a.DType))
	}
	return a.Shape, a.DType, nil
}

// ruleSame passes any type through.
func ruleSame(a *Attr, args []*Node) ([]Dim, DType, error) {
	if args[0].DType == NoType {
		return nil, NoType, fmt.Errorf("got several results where one value was expected")
	}
	return args[0].Shape, args[0].DType, nil
}

// alike checks that all arguments have one shape and one type, as an elementwise op needs; broadcasting is explicit.
func alike(name string, args []*Node) error {
	for _, b := range args[1:] {
		a := args[0]
		if a.DType != b.DType {
			if dtypeWord(a.DType) == dtypeWord(b.DType) {
				return fmt.Errorf("%s needs one type, got %s and %s", name, a.DType, b.DType)
			}
			return fmt.Errorf("%s needs one type, got %s and %s", name, dtypeWord(a.DType), dtypeWord(b.DType))
		}
		if !SameShape(a.Shape, b.Shape) {
			return fmt.Errorf("%s needs equal shapes, got %s and %s", name, ShapeString(a.Shape), ShapeString(b.Shape))
		}
	}
	return nil
}

// floats is the rule of ops on floats.
func floats(name string) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		for _, x := range args {
			if !x.DType.Float() {
				return nil, NoType, fmt.Errorf("%s needs float, got %s", name, dtypeWord(x.DType))
			}
		}
		if err := alike(name, args); err != nil {
			return nil, NoType, err
		}
		return args[0].Shape, args[0].DType, nil
	}
}

// arith is the rule of ops on floats or ints.
func arith(name string) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		for _, x := range args {
			if !x.DType.Float() && x.DType != I32 {
				return nil, NoType, fmt.Errorf("%s needs float or int, got %s", name, dtypeWord(x.DType))
			}
		}
		if err := alike(name, args); err != nil {
			return nil, NoType, err
		}
		return args[0].Shape, args[0].DType, nil
	}
}

// logic is the rule of ops on bools.
func logic(name string) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		for _, x := range args {
			if x.DType != Bool {
				return nil, NoType, fmt.Errorf("%s needs bool, got %s", name, dtypeWord(x.DType))
			}
		}
		if err := alike(name, args); err != nil {
			return nil, NoType, err
		}
		return args[0].Shape, Bool, nil
	}
}

func ruleCompare(name string, bools bool) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		for _, x := range args {
			if t := x.DType; !t.Float() && t != I32 && !(bools && t == Bool) {
				want := "float or int"
				if bools {
					want = "float, int or bool"
				}
				return nil, NoType, fmt.Errorf("%s needs %s, got %s", name, want, dtypeWord(t))
			}
		}
		if err := alike(name, args); err != nil {
			return nil, NoType, err
		}
		return args[0].Shape, Bool, nil
	}
}

func ruleWhere(a *Attr, args []*Node) ([]Dim, DType, error) {
	if args[0].DType != Bool {
		return nil, NoType, fmt.Errorf("where needs a bool condition, got %s", dtypeWord(args[0].DType))
	}
	if args[1].DType == NoType || args[1].DType == U8 {
		return nil, NoType, fmt.Errorf("where chooses between float, int or bool, got %s", dtypeWord(args[1].DType))
	}
	if err := alike("where", args[1:]); err != nil {
		return nil, NoType, err
	}
	if !SameShape(args[0].Shape, args[1].Shape) {
		return nil, NoType, fmt.Errorf("where needs equal shapes, got %s and %s", ShapeString(args[0].Shape), ShapeString(args[1].Shape))
	}
	return args[1].Shape, args[1].DType, nil
}

func ruleCast(a *Attr, args []*Node) ([]Dim, DType, error) {
	if args[0].DType == NoType {
		return nil, NoType, fmt.Errorf("cast needs one value, got several results")
	}
	if a.DType == NoType || a.DType == U8 {
		return nil, NoType, fmt.Errorf("cast goes to float, int or bool, got %s", dtypeWord(a.DType))
	}
	return args[0].Shape, a.DType, nil
}

// Between float types a cast is the identity; towards int or bool the derivative is zero by nature.
func vjpCast(g *Graph, n *Node, ct *Node, i int) *Node {
	if !n.Args[0].DType.Float() || !n.DType.Float() {
		return nil
	}
	return g.cast(ct, n.Args[0].DType)
}

func jvpCast(g *Graph, n *Node, tangents []*Node) *Node {
	if tangents[0] == nil || !n.DType.Float() {
		return nil
	}
	return g.cast(tangents[0], n.DType)
}

// checkAxes checks that axes are distinct axes of a tensor of the given rank.
func checkAxes(name string, axes []int, rank int) error {
	seen := map[int]bool{}
	for _, x := range axes {
		if x < 0 || x >= rank {
			return fmt.Errorf("%s: axis %d is out of range for %s", name, x, axesText(rank))
		}
		if seen[x] {
			return fmt.Errorf("%s: axis %d is given twice", name, x)
		}
		seen[x] = true
	}
	return nil
}

func axesText(rank int) string {
	switch rank {
	case 0:
		return "a scalar"
	case 1:
		return "a tensor of 1 axis"
	}
	return fmt.Sprintf("a tensor of %d axes", rank)
}
