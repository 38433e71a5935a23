// Which built-in functions draw random numbers? Two primitive draws; initialisers and dropout are library text.
package dsl

func init() {
	register(
		&builtin{name: "rand_uniform", doc: "random numbers in [0, 1) of the given shape", sig: params(required(shapeParam, "s")),
			run: func(c *bcall) value { return c.draw("uniform") }},
		&builtin{name: "rand_normal", doc: "random numbers of mean 0 and variance 1 of the given shape", sig: params(required(shapeParam, "s")),
			run: func(c *bcall) value { return c.draw("normal") }},
	)
}

// draw makes a random node whose site no other draw of the frame has.
func (c *bcall) draw(kind string) value {
	shape, ok := c.shape(0)
	if !ok {
		return poison{}
	}
	if c.sc.unit == nil || c.sc.unit.frame == nil {
		return c.e.fail(notStatic, c.at, "%s draws random numbers: it cannot stand here", c.fn.name)
	}
	n, err := c.e.g.Rand(kind, c.sc.unit.frame.site(), shape, c.e.float)
	return c.e.node(c.at, n, err)
}
