// How are parameters named in Go? Structs of views by path: one type for equal layers, arrays for numbered ones.
package codegen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// A viewType is a struct of parameter views: the model itself, a layer instance, or one of an array of layers.
type viewType struct {
	name   string
	fields []viewField
	key    string
}

type viewField struct {
	name  string
	run   *Run      // a parameter
	sub   *viewType // a layer
	count int       // > 0: array of layers
}

// buildViews groups parameters by path into struct types; equal structs share a type.
func (e *modelEmitter) buildViews() *viewType {
	e.viewNames = newNamer()
	var all []*Run
	for i := range e.prog.Layout.Runs {
		all = append(all, &e.prog.Layout.Runs[i])
	}
	// Fields follow the order of declaration, not of the buffer.
	order := map[*dsl.Param]int{}
	for i, p := range e.prog.Model.Params {
		order[p] = i
	}
	sortRuns(all, order)
	root := e.view(all, 0, e.name)
	root.name = e.name
	return root
}

func sortRuns(rs []*Run, order map[*dsl.Param]int) {
	for i := 1; i < len(rs); i++ {
		for j := i; j > 0 && order[rs[j].Params[0]] < order[rs[j-1].Params[0]]; j-- {
			rs[j], rs[j-1] = rs[j-1], rs[j]
		}
	}
}

func (e *modelEmitter) view(runs []*Run, depth int, hint string) *viewType {
	v := &viewType{}
	names := newNamer()
	done := map[string]bool{}
	for _, r := range runs {
		parts := strings.Split(r.Path, ".")[depth:]
		if len(parts) == 1 {
			v.fields = append(v.fields, viewField{name: fieldName(names, parts[0]), run: r})
			continue
		}
		if done[parts[0]] {
			continue
		}
		done[parts[0]] = true
		var inside []*Run
		for _, s := range runs {
			sp := strings.Split(s.Path, ".")[depth:]
			if len(sp) > 1 && sp[0] == parts[0] {
				inside = append(inside, s)
			}
		}
		down, count := depth+1, 0
		if parts[1] == "#" {
			down, count = depth+2, len(r.Params)
		}
		label := parts[0]
		if layer := r.Params[0].Layer; layer != "" && len(strings.Split(r.Path, "."))-down == 1 {
			label = layer
		}
		v.fields = append(v.fields, viewField{name: fieldName(names, parts[0]), sub: e.view(inside, down, label), count: count})
	}
	v.key = v.signature()
	if depth == 0 {
		e.views = append(e.views, v)
		return v
	}
	for _, known := range e.views {
		if known.key == v.key {
			return known
		}
	}
	v.name = e.viewNames.pickExported(e.name + camel(hint))
	e.views = append(e.views, v)
	return v
}

func (v *viewType) signature() string {
	var b strings.Builder
	for _, f := range v.fields {
		b.WriteString(f.name + ":")
		if f.sub != nil {
			fmt.Fprintf(&b, "%d{%s}", f.count, f.sub.key)
		}
		b.WriteByte(';')
	}
	return b.String()
}

func fieldName(n namer, s string) string { return n.pickExported(camel(s)) }

// pickExported returns a free exported identifier.
func (n namer) pickExported(base string) string {
	name := base
	for i := 2; n.used[name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	n.used[name] = true
	return name
}

func (e *modelEmitter) structOf(v *viewType, root bool) {
	var fields []jen.Code
	for _, f := range v.fields {
		switch {
		case f.run != nil:
			c := jen.Id(f.name).Index().Id(e.typ)
			if root {
				c = c.Comment(symbolic.ShapeString(f.run.Params[0].Shape))
			}
			fields = append(fields, c)
		case f.count > 0:
			fields = append(fields, jen.Id(f.name).Index(jen.Lit(f.count)).Id(f.sub.name))
		default:
			fields = append(fields, jen.Id(f.name).Id(f.sub.name).Comment(e.shapes(f)))
		}
	}
	if root {
		fields = append(fields, jen.Line().Id("flat").Index().Id(e.typ))
	}
	e.file.Type().Id(v.name).Struct(fields...)
}

// shapes lists the parameters of a layer for its field's comment.
func (e *modelEmitter) shapes(f viewField) string {
	var parts []string
	for _, x := range f.sub.fields {
		if x.run == nil {
			continue
		}
		parts = append(parts, x.name)
	}
	for i, x := range e.prog.Layout.Runs {
		segs := strings.Split(x.Path, ".")
		for j, name := range parts {
			if len(segs) == 2 && camel(segs[0]) == f.name && camel(segs[1]) == name {
				parts[j] = name + " " + symbolic.ShapeString(e.prog.Layout.Runs[i].Params[0].Shape)
			}
		}
	}
	return strings.Join(parts, ", ")
}
