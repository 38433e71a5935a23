// What in a model is allowed but probably a mistake?
package dsl

// lint reports warnings for a model without errors.
func (e *elaborator) lint() {}
