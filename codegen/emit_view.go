// How are parameters named in Go? Structs of views by path: one type for equal layers, arrays for numbered ones that are alike.
package codegen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// A view is a struct of parameter views: the model itself, a layer, or an array of layers. Views with the same fields share a Go type.
type view struct {
	typeName string
	fields   []viewField
	key      string // names and types of the fields
}

type viewField struct {
	name  string
	run   *Run    // a parameter
	sub   *view   // a layer
	count int     // > 0: array of layers
	elems []*view // of an array whose members do not lie at one stride: each on its own
}

// A located is a run with what is left of its path below the view at hand.
type located struct {
	run  *Run
	rest []string
}

// modelNames are the names in reach of a model value that its fields must not take.
var modelNames = []string{"Flat", "Schema", "Predict", "Publish", "Save", "Load"}

// buildViews groups parameters by path.
func (e *modelEmitter) buildViews() *view {
	e.viewNames = newNamer()
	var all []located
	for i := range e.prog.Layout.Runs {
		r := &e.prog.Layout.Runs[i]
		all = append(all, located{r, strings.Split(r.Path, ".")})
	}
	// Fields follow the order of declaration, not of the buffer.
	order := map[*dsl.Param]int{}
	for i, p := range e.prog.Model.Params {
		order[p] = i
	}
	slices.SortStableFunc(all, func(a, b located) int { return order[a.run.Params[0]] - order[b.run.Params[0]] })
	root := e.viewOf(all, modelNames)
	root.typeName = e.name
	e.views = append(e.views, root)
	return root
}

// viewOf makes the view of runs; reserved are field names it must not use.
func (e *modelEmitter) viewOf(runs []located, reserved []string) *view {
	v := &view{}
	names := newNamer(reserved...)
	done := map[string]bool{}
	for _, r := range runs {
		name := r.rest[0]
		if len(r.rest) == 1 {
			v.fields = append(v.fields, viewField{name: names.pickExported(camel(name)), run: r.run})
			continue
		}
		if done[name] {
			continue
		}
		done[name] = true
		var inside []located
		for _, s := range runs {
			if len(s.rest) > 1 && s.rest[0] == name {
				inside = append(inside, located{s.run, s.rest[1:]})
			}
		}
		v.fields = append(v.fields, e.layerFields(names, name, inside)...)
	}
	var key strings.Builder
	for _, f := range v.fields {
		fmt.Fprintf(&key, "%s %d", f.name, f.count)
		if f.sub != nil {
			key.WriteString(" " + f.sub.typeName)
		}
		key.WriteByte(';')
	}
	v.key = key.String()
	return v
}

// layerFields returns the field of a layer instance, or of an array of them; numbered layers that differ become a field each.
func (e *modelEmitter) layerFields(names namer, name string, inside []located) []viewField {
	if !numberedLayer(inside) {
		return []viewField{{name: names.pickExported(camel(name)), sub: e.layerType(name, inside)}}
	}
	if count := arrayCount(inside); count > 0 {
		below := make([]located, len(inside))
		for i, s := range inside {
			below[i] = located{s.run, s.rest[1:]}
		}
		return []viewField{{name: names.pickExported(camel(name)), sub: e.layerType(name, below), count: count}}
	}
	var out []viewField
	alike := true
	done := map[string]bool{}
	single := unfold(inside)
	for _, s := range single {
		number := s.rest[0]
		if done[number] {
			continue
		}
		done[number] = true
		var below []located
		for _, x := range single {
			if x.rest[0] == number {
				below = append(below, located{x.run, x.rest[1:]})
			}
		}
		alike = alike && number == strconv.Itoa(len(out))
		out = append(out, viewField{name: number, sub: e.layerType(name, below)})
		alike = alike && out[len(out)-1].sub.typeName == out[0].sub.typeName
	}
	if alike {
		all := viewField{name: names.pickExported(camel(name)), sub: out[0].sub, count: len(out)}
		for _, f := range out {
			all.elems = append(all.elems, f.sub)
		}
		return []viewField{all}
	}
	for i := range out {
		out[i].name = names.pickExported(camel(name + out[i].name))
	}
	return out
}

// numberedLayer reports whether the next part of the paths is a number, or # for many.
func numberedLayer(runs []located) bool {
	_, err := strconv.Atoi(runs[0].rest[0])
	return (err == nil || runs[0].rest[0] == "#") && len(runs[0].rest) > 1
}

// arrayCount returns the length of the array that numbered layers form, or 0 where they differ.
func arrayCount(runs []located) int {
	if !slices.ContainsFunc(runs, func(r located) bool { return r.rest[0] != "0" }) {
		return 1
	}
	for _, r := range runs {
		if r.rest[0] != "#" || len(r.run.Params) != len(runs[0].run.Params) {
			return 0
		}
	}
	return len(runs[0].run.Params)
}

// unfold takes runs of equal layers apart, one for each layer.
func unfold(runs []located) []located {
	var out []located
	for _, r := range runs {
		if r.rest[0] != "#" {
			out = append(out, r)
			continue
		}
		for i, p := range r.run.Params {
			one := &Run{Path: p.Path, Params: []*dsl.Param{p}, Offset: r.run.Offset + i*r.run.Stride}
			out = append(out, located{one, append([]string{strconv.Itoa(i)}, r.rest[1:]...)})
		}
	}
	return out
}

// layerType returns the view of one layer, with the name of a type that has the same fields where there is one.
func (e *modelEmitter) layerType(hint string, runs []located) *view {
	v := e.viewOf(runs, nil)
	for _, known := range e.views {
		if known.key == v.key && known.typeName != e.name {
			v.typeName = known.typeName
			return v
		}
	}
	for _, r := range runs {
		if len(r.rest) == 1 && r.run.Params[0].Layer != "" {
			hint = r.run.Params[0].Layer
			break
		}
	}
	v.typeName = e.viewNames.pickExported(e.name + camel(hint))
	e.views = append(e.views, v)
	return v
}

// pickExported returns a free exported identifier.
func (n namer) pickExported(base string) string {
	name := base
	for i := 2; n.used[name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	n.used[name] = true
	return name
}

// structOf writes the struct type of a view.
func (e *modelEmitter) structOf(v *view, root bool) {
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
			fields = append(fields, jen.Id(f.name).Index(jen.Lit(f.count)).Id(f.sub.typeName))
		default:
			c := jen.Id(f.name).Id(f.sub.typeName)
			if root {
				c = c.Comment(f.sub.shapes())
			}
			fields = append(fields, c)
		}
	}
	if root {
		fields = append(fields, jen.Line().Id("flat").Index().Id(e.typ))
	}
	e.file.Type().Id(v.typeName).Struct(fields...)
}

// shapes lists the parameters of a layer for its field's comment.
func (v *view) shapes() string {
	var parts []string
	for _, f := range v.fields {
		if f.run != nil {
			parts = append(parts, f.name+" "+symbolic.ShapeString(f.run.Params[0].Shape))
		}
	}
	return strings.Join(parts, ", ")
}

// bindings returns the statements that point the fields of v, called expr, into flat; those of arrays stand in loops by length.
func (v *view) bindings(expr string, loops map[int][]jen.Code) []jen.Code {
	var out []jen.Code
	for _, f := range v.fields {
		at := expr + "." + f.name
		switch {
		case f.elems != nil:
			for i, sub := range f.elems {
				out = append(out, sub.bindings(fmt.Sprintf("%s[%d]", at, i), loops)...)
			}
		case f.run == nil && f.count == 1:
			out = append(out, f.sub.bindings(at+"[0]", loops)...)
		case f.run == nil && f.count > 1:
			out = append(out, f.sub.bindings(at+"[i]", loops)...)
		case f.run == nil:
			out = append(out, f.sub.bindings(at, loops)...)
		default:
			r := f.run
			size := paramSize(r.Params[0])
			if n := len(r.Params); n > 1 {
				loops[n] = append(loops[n], raw("%s = nnrt.View(flat, %d+i*%d, %d)", at, r.Offset, r.Stride, size))
				continue
			}
			out = append(out, raw("%s = flat[%d:%d:%d]", at, r.Offset, r.Offset+size, r.Offset+size))
		}
	}
	return out
}
