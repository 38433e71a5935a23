// What does the checker hand to the code generator? A Model: everything a .nn file says about one model, with the expression
// graphs it stands for.
package dsl

import (
	"go/token"

	"nngen/symbolic"
)

// A Model is one checked model. All its nodes belong to Graph.
type Model struct {
	Name  string
	File  string // name of the file that declares it
	Doc   string // comment lines directly above the declaration, without slashes
	Pos   token.Pos
	Float symbolic.DType // F32, or F64 by `precision float64`
	Graph *symbolic.Graph

	Inputs []*Input // inputs and targets in order of declaration
	Params []*Param // in order of declaration; equal layers of a loop one after the other
	Hypers []*Hyper // in order of declaration

	Train *Forward // with training = true
	Infer *Forward // with training = false

	Optimizer *Optimizer // nil: a model for prediction only

	// Stopped are the stop_gradient nodes that the author wrote, in the model and in bodies of layers: they make gradients differ from
	// derivatives. (Those of the library hide only what has no derivative or changes none.)
	Stopped []*symbolic.Node
}

// An Input is one tensor or scalar that a batch carries.
type Input struct {
	Name   string
	Pos    token.Pos
	Target bool
	DType  symbolic.DType // Float of the model, I32, Bool, or U8 (then Node is the U8 leaf, cast by the graph)
	Shape  []symbolic.Dim // scalar inputs (`input beta float`) have none
	Node   *symbolic.Node // OpInput leaf
	Limit  symbolic.Dim   // I32: values must be in [0, Limit) (class labels, token ids); invalid: unknown
}

// A Param is one trained tensor.
type Param struct {
	Path  string // "h.W", "blk.3.attn.W"
	Pos   token.Pos
	Layer string         // name of the layer that declares it ("dense"), "" for the model itself
	Shape []symbolic.Dim // constants only
	Node  *symbolic.Node // OpParam leaf
	// Init computes the initial value: no parameters, one result of Shape. Params of equal layers share it. Random draws in it
	// are OpRand nodes; the generator seeds them by (seed, path of the parameter).
	Init *symbolic.Func
}

// A Hyper is a scalar of the trainer that may change between steps.
type Hyper struct {
	Name  string
	Pos   token.Pos
	Value float64
	Node  *symbolic.Node // OpHyper leaf, F64
}

// A Forward is one reading of the model's body. Results are scalars but for Outputs.
type Forward struct {
	Outputs []Named
	Loss    *Named // nil without a loss
	Metrics []Named
}

// Named is a result with its name in the model.
type Named struct {
	Name string
	Pos  token.Pos
	Node *symbolic.Node
}

// An Optimizer says how parameters move.
type Optimizer struct {
	Name   string // of the library or the user: "adam"
	Pos    token.Pos
	Hypers []*Hyper // `LR`, or `LRScale` where a schedule is given, and other arguments marked hyper
	// Clip maps all gradients, seen as one vector [n] (symbol n), to the clipped ones before any group's update; nil: none.
	// Params: one OpArg "g" [n]; result "g".
	Clip *symbolic.Func
	// Average smooths the parameters after every update; nil: no averaged copy. Its Update maps (a, p, prologue scalars...) to a,
	// where a is the averaged copy of all parameters, seen as one vector [n], and p the new parameters. Only Prologue and Update
	// are set.
	Average *Group
	Groups  []*Group
}

// Class says over what an update runs.
type Class uint8

const (
	Elementwise Class = iota // each element alone: one loop over the group's contiguous span
	PerTensor                // reduces over the parameter (norms): once per tensor
)

// A Group is a set of parameters updated by the same text with the same settings.
type Group struct {
	Name   string   // "" for the last, default group; otherwise its patterns joined
	Params []*Param // in the order of Model.Params
	Frozen bool     // no gradient, no update
	Class  Class

	// Prologue computes, once a step and in float64, every scalar that depends on the step number and hyperparameters alone.
	// Params: OpHyper leaves "t" (F64, counts updates from 1), hypers by name, and scalar states (OpState, F64).
	// Results: scalars used by Update (F64 or Bool), then the new values of the scalar states.
	Prologue *symbolic.Func
	// Update maps (p, g, tensor states..., prologue scalars...) to (p, tensor states...). Tensors are vectors [n]: the group's
	// span, or one flattened parameter where Class is PerTensor. Params are OpArg leaves named "p", "g", the state's name, and
	// the prologue result's name; results are named "p" and by state.
	Update *symbolic.Func
	// States are the tensor states in order, ScalarStates the float64 ones.
	States       []State
	ScalarStates []State
}

// A State is a value that an optimizer keeps between steps.
type State struct {
	Name string
	Init float64
}
