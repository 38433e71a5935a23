// Which names are wrong whether a declaration is used or not?
package dsl

// resolve checks the names of every declaration of f.
func (p *loader) resolve(f *file) {}
