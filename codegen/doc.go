// Package codegen turns checked models into Go source.
//
// A model becomes a [Program]: closed symbolic Funcs for prediction, evaluation, the forward and the backward half of a
// training step, the update and the initial values. Each Func is planned ([Plan]): its operations are cut into regions
// (parallel loops over row blocks, or over tiles of outputs), the elementwise ones are fused into groups, and every value is
// given a place in memory. The printer then writes the plan as Go through jennifer; it decides nothing.
package codegen
