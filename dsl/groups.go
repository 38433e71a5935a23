// Which parameters move how? Groups by patterns of paths; the first match wins, the rest is the default group.
package dsl

import (
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// groups elaborates the groups of the optimizer and shares out the parameters.
func (o *optimizerBuilder) groups() {
	e := o.e
	params := e.model.out.Params
	o.doubtful = e.incomplete || e.list.HasErrors()
	owner := map[*Param]*Group{}
	var order []*Group
	settings := map[*Group]map[int]argument{}
	lr := o.index("lr")
	ownLR := false
	for _, g := range o.use.Groups {
		gr := &Group{}
		var names []string
		for _, pat := range g.Patterns {
			names = append(names, pat.Value)
			o.share(pat, gr, params, owner)
		}
		gr.Name = strings.Join(names, ",")
		o.shadowed(g, gr, owner)
		settings[gr] = o.groupSettings(g, gr)
		if _, sets := settings[gr][lr]; sets && lr >= 0 {
			ownLR = true
		}
		order = append(order, gr)
	}
	rest := &Group{}
	settings[rest] = map[int]argument{}
	order = append(order, rest)
	for _, p := range params {
		gr := owner[p]
		if gr == nil {
			gr = rest
		}
		gr.Params = append(gr.Params, p)
	}
	o.rate(lr, ownLR)
	if e.list.HasErrors() {
		return
	}
	for _, gr := range order {
		if len(gr.Params) == 0 {
			continue
		}
		o.out.Groups = append(o.out.Groups, gr)
		if gr.Frozen {
			continue
		}
		args := map[int]argument{}
		for i, a := range o.args {
			args[i] = a
		}
		for i, a := range settings[gr] {
			args[i] = a
		}
		if lr >= 0 {
			args[lr] = o.scaled(args, lr)
		}
		o.body(gr, args)
		if e.list.HasErrors() {
			return
		}
	}
}

// index returns the parameter of the optimizer called name, or -1.
func (o *optimizerBuilder) index(name string) int {
	for i, p := range o.decl.signature().params {
		if p.name == name {
			return i
		}
	}
	return -1
}

// rate makes the trainer's field: LR where the rate is one number, LRScale where a schedule or groups give it.
func (o *optimizerBuilder) rate(lr int, ownLR bool) {
	if lr < 0 {
		return
	}
	e := o.e
	a, given := o.args[lr]
	if !given {
		x := o.decl.signature().params[lr].field.Default
		a = argument{e.single(fileScope(o.decl.file, nil), x), x.Pos(), x.End(), x}
		o.args[lr] = a
	}
	name, val := "LRScale", 1.0
	if num, ok := a.v.(numVal); ok && !ownLR {
		name, val = "LR", num.float64()
	}
	o.lr = e.g.Leaf(symbolic.OpHyper, name, symbolic.F64, nil)
	o.out.Hypers = append(o.out.Hypers, &Hyper{Name: name, Pos: a.pos, Value: val, Node: o.lr})
	if old := e.model.hypers[name]; old != nil {
		e.list.Errorf(declaredTwice, old.Pos, old.Pos, "%s is a field of the trainer already", name)
	}
}

// scaled returns the learning rate of a group as a value of the prologue.
func (o *optimizerBuilder) scaled(args map[int]argument, lr int) argument {
	a := args[lr]
	if o.out.Hypers[0].Name == "LR" {
		a.v = tensorVal{o.lr}
		return a
	}
	n, ok := o.e.toNode(a, symbolic.F64)
	if !ok {
		a.v = poison{}
		return a
	}
	if !n.Scalar() {
		a.v = o.e.fail(scalarWanted, a, "lr must be a scalar, got %s", tensorText(n))
		return a
	}
	a.v = tensorVal{o.e.g.Must(symbolic.OpMul, symbolic.Attr{}, n, o.lr)}
	return a
}

// groupSettings evaluates the settings of one group.
func (o *optimizerBuilder) groupSettings(g *syntax.Group, gr *Group) map[int]argument {
	e := o.e
	out := map[int]argument{}
	for _, a := range g.Settings {
		if a.Name == nil {
			continue
		}
		i := o.index(a.Name.Name)
		switch {
		case a.Name.Name == "frozen":
			v := e.single(o.sc, a.Value)
			b, ok := v.(boolVal)
			if !ok && !isPoison(v) {
				e.errorf(argumentType, a.Value, "frozen takes true or false, got %s", valueText(v))
			}
			gr.Frozen = bool(b)
		case a.Name.Name == "clip":
			e.errorf(badSetting, a.Name, "clip belongs to the optimizer as a whole, not to a group")
		case i < 0:
			names := []string{"frozen"}
			for _, p := range o.decl.signature().params {
				names = append(names, p.name)
			}
			d := e.errorf(unknownArgument, a.Name, "%s has no setting %s", o.decl.name.Name, a.Name.Name)
			suggestArgument(d, a, names, "settings", true)
		default:
			if old, given := out[i]; given {
				e.errorf(repeatedArgument, a, "%s is given twice", a.Name.Name).Notef(old.pos, old.end, "given here")
			}
			v := e.argument(o.sc, o.decl, i, a.Value)
			out[i] = argument{v, a.Value.Pos(), a.Value.End(), a.Value}
		}
	}
	return out
}

// share gives the parameters that pat matches, and that are still free, to gr.
func (o *optimizerBuilder) share(pat *syntax.StringLit, gr *Group, params []*Param, owner map[*Param]*Group) {
	matched := false
	var paths []string
	for _, p := range params {
		paths = append(paths, p.Path)
		if !matchPath(pat.Value, p.Path) {
			continue
		}
		matched = true
		if owner[p] == nil {
			owner[p] = gr
		}
	}
	if matched || o.doubtful {
		return
	}
	d := o.e.errorf(badSetting, pat, "no parameter matches %q", pat.Value)
	if len(paths) == 0 {
		d.Help("the model has no parameters")
		return
	}
	if near := nearPattern(pat.Value, paths); near != "" {
		d.Help("did you mean "+near+"?", diag.Edit{Pos: pat.Pos(), End: pat.End(), New: `"` + near + `"`})
		return
	}
	if len(paths) > 8 {
		paths = append(paths[:8], "...")
	}
	d.Help("the parameters are " + strings.Join(paths, ", "))
}

// shadowed reports a group all of whose parameters belong to groups before it.
func (o *optimizerBuilder) shadowed(g *syntax.Group, gr *Group, owner map[*Param]*Group) {
	var taker *Group
	for _, p := range o.e.model.out.Params {
		if owner[p] == gr {
			return
		}
		for _, pat := range g.Patterns {
			if taker == nil && matchPath(pat.Value, p.Path) {
				taker = owner[p]
			}
		}
	}
	if taker == nil {
		return // no pattern matches anything, which has been reported
	}
	pat := g.Patterns[0]
	d := o.e.errorf(badSetting, pat, "%q is matched by an earlier group already: the first match wins", pat.Value)
	for _, earlier := range o.use.Groups {
		for _, other := range earlier.Patterns {
			if earlier != g && strings.Contains(","+taker.Name+",", ","+other.Value+",") {
				d.Notef(other.Pos(), other.End(), "this group has its parameters")
				return
			}
		}
		if earlier == g {
			return
		}
	}
}

// matchPath reports whether a pattern matches a whole path; * stands for any text, dots included.
func matchPath(pattern, path string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == path
	}
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path = path[i+len(part):]
	}
	return strings.HasSuffix(path, last)
}
