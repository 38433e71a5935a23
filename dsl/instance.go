// How is a layer called within its model, and where do its parameters live? Paths such as blk.3.attn.W.
package dsl

import (
	"fmt"
	"go/token"

	"nngen/dsl/diag"
	"nngen/symbolic"
)

// naming is what the source says about the name of the layer that a call makes.
type naming struct {
	name     string
	index    string // of `as blk[i]`; "" without
	explicit bool   // by as
	variable bool   // by the variable at the left
	at       spanned
	end      token.Pos // of the index
}

// namer returns the path in front of the parameters of the layer that call c of d makes. It is asked only when there are
// parameters: then the name is taken, or an error reported.
func (e *elaborator) namer(u *unit, d *decl, nm naming, c spanned) func() (string, bool) {
	asked, path, ok := false, "", false
	return func() (string, bool) {
		if asked {
			return path, ok
		}
		asked = true
		if u.kind == funcBody {
			e.errorf(impureFunc, c, "%s is a func and cannot own the parameters of the layer %s", u.decl.name.Name, d.name.Name).
				Notef(u.decl.name.Pos(), u.decl.name.End(), "make it a layer")
			return "", false
		}
		if nm.name == "" {
			nm.name = d.name.Name
		}
		name := nm.name
		at := c
		if nm.explicit {
			at = nm.at
		}
		if nm.index != "" {
			name += "." + nm.index
		}
		if !e.take(u, nm, d, at, c) {
			// The mistake is reported; a name that nobody can write keeps the layers apart, so that the rest is checked.
			u.unnamed++
			name = fmt.Sprintf("%s~%d", name, u.unnamed)
		}
		front, fine := u.prefix()
		path, ok = front+name+".", fine
		return path, ok
	}
}

// take reserves the name of a layer in its unit.
func (e *elaborator) take(u *unit, nm naming, d *decl, at, c spanned) bool {
	name := nm.name
	old := u.taken[name]
	if old == nil {
		u.taken[name] = &taken{pos: at.Pos(), end: at.End(), indexed: nm.index != "", indices: map[string]bool{nm.index: true}}
		return true
	}
	if old.indexed && nm.index != "" && !old.indices[nm.index] {
		old.indices[nm.index] = true
		return true
	}
	site := e.place(at)
	what := name
	if nm.index != "" {
		what += "[" + nm.index + "]"
	}
	diagnostic := site.report(&e.list, instanceName, "%s names a layer already", what)
	if old.pos != at.Pos() {
		diagnostic.Notef(old.pos, old.end, "the first is made here")
	}
	switch {
	case nm.index != "" && old.indexed:
		diagnostic.Help("give each layer of the loop its own index")
	case nm.index != "" || old.indexed:
		diagnostic.Help("one name is either a single layer or has an index")
	case len(u.loops) > 0 && old.pos == at.Pos():
		diagnostic.Message = fmt.Sprintf("each round of the loop makes a layer %s", name)
		loop := u.loops[len(u.loops)-1]
		e.helpAs(diagnostic, site, nm, c, fmt.Sprintf("%s[%s]", name, loop))
	case nm.explicit:
		diagnostic.Help("choose another name")
	default:
		diagnostic.Message = fmt.Sprintf("two layers are called %s", name)
		fresh := freshName(u, d, name)
		if len(u.loops) > 0 { // the next round makes one more
			fresh += "[" + u.loops[len(u.loops)-1] + "]"
		}
		e.helpAs(diagnostic, site, nm, c, fresh)
	}
	return false
}

func freshName(u *unit, d *decl, name string) string {
	for i := 2; ; i++ {
		if fresh := fmt.Sprintf("%s%d", name, i); u.taken[fresh] == nil {
			return fresh
		}
	}
}

// helpAs proposes to name a call by as.
func (e *elaborator) helpAs(d *diag.Diagnostic, s site, nm naming, c spanned, name string) {
	edits := []diag.Edit{}
	switch {
	case !s.rewritable:
	case nm.explicit:
		edits = append(edits, diag.Edit{Pos: nm.at.Pos(), End: max(nm.at.End(), nm.end), New: name})
	default:
		edits = append(edits, diag.Edit{Pos: c.End(), End: c.End(), New: " as " + name})
	}
	d.Help("name it by as "+name, edits...)
}

// slot declares a parameter in the frame of u, or finds it when a layer is applied again, and returns its leaf.
func (e *elaborator) slot(u *unit, s *slot, at spanned, again bool) (*symbolic.Node, bool) {
	fr := u.frame
	if fr.fn == nil {
		s.site = e.place(at)
	}
	if old := fr.slots[s.path]; old != nil {
		if again || u.again {
			if !symbolic.SameShape(old.shape, s.shape) {
				d := e.errorf(instanceMismatch, at, "%s is %s here, but %s where the layer was applied first", s.path,
					symbolic.ShapeString(s.shape), symbolic.ShapeString(old.shape))
				if old.call != nil {
					d.Notef(old.call.Pos(), old.call.End(), "the layer is applied first here")
				}
				d.Notef(old.pos, old.pos+nameLen(old.path), "%s is declared here", old.path)
				return nil, false
			}
			return old.leaf, true
		}
		e.errorf(declaredTwice, at, "the parameter %s exists already", s.path)
		return nil, false
	}
	pos := e.g.Pos
	e.g.Pos = s.pos
	if fr.fn == nil {
		s.leaf = e.model.param(e, s)
	} else {
		s.leaf = e.g.Leaf(symbolic.OpArg, s.path, e.float, s.shape)
	}
	e.g.Pos = pos
	fr.slots[s.path] = s
	fr.order = append(fr.order, s)
	return s.leaf, true
}
