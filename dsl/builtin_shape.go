// Which built-in functions ask about shapes and types? They are known at generate time.
package dsl

import "nngen/symbolic"

func init() {
	register(
		&builtin{name: "shape", doc: "the shape of a tensor, a list of sizes", sig: params(required(tensorParam, "x")), run: shapeOf},
		&builtin{name: "rank", doc: "the number of axes of a tensor or shape", sig: params(required(tensorParam, "x")), run: rankOf},
		&builtin{name: "size", doc: "the number of elements of a tensor or shape", sig: params(required(tensorParam, "x")), run: sizeOf},
		&builtin{name: "dtype", doc: `"float", "int" or "bool"`, sig: params(required(tensorParam, "x")), run: dtypeOf},
		&builtin{name: "floor_div", doc: "a / b rounded down, for ints and sizes", sig: params(required(anyParam, "a", "b")), run: floorDiv},
	)
}

func shapeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return shapeValue(v.n.Shape)
	case numVal, dimVal:
		return listVal{}
	}
	return c.wrong(0, "a tensor")
}

func rankOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return intNum(v.n.Rank())
	case listVal:
		return intNum(len(v))
	case numVal, dimVal:
		return intNum(0)
	}
	return c.wrong(0, "a tensor or a shape")
}

func sizeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return sizeValue(symbolic.Size(v.n.Shape))
	case listVal:
		if s, ok := asShape(v); ok {
			return sizeValue(symbolic.Size(s))
		}
	}
	return c.wrong(0, "a tensor or a shape")
}

func dtypeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return strVal(dtypeWord(v.n.DType))
	case numVal:
		if v.isInt() {
			return strVal("int")
		}
		return strVal("float")
	case dimVal:
		return strVal("int")
	case boolVal:
		return strVal("bool")
	}
	return c.wrong(0, "a tensor")
}

func floorDiv(c *bcall) value {
	a, ok := asDim(c.args[0].v)
	if !ok {
		return c.wrong(0, "an int or a size")
	}
	b, ok := c.int(1)
	if !ok {
		return poison{}
	}
	if b < 1 {
		return c.e.fail(badArithmetic, c.args[1], "floor_div by %d: the divisor must be at least 1", b)
	}
	return sizeValue(a.FloorDiv(b))
}
