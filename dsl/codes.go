// Which codes does the checker report?
package dsl

import "nngen/dsl/diag"

// Names and kinds.
const (
	undefinedName     = "E0201"
	redefinition      = "E0202"
	declaredTwice     = "E0203"
	wrongKind         = "E0204"
	wrongPlace        = "E0205"
	unknownArgument   = "E0206"
	missingArgument   = "E0207"
	extraArgument     = "E0208"
	repeatedArgument  = "E0209"
	instanceName      = "E0210"
	notStatic         = "E0211"
	badArithmetic     = "E0212"
	requireFailed     = "E0213"
	badResults        = "E0214"
	badVariant        = "E0215"
	badSetting        = "E0216"
	tooMuchWork       = "E0217"
	cyclicName        = "E0218"
	impureFunc        = "E0219"
	badOverride       = "E0220"
	notDefinedYet     = "E0221"
	badModel          = "E0222"
	instanceUnapplied = "E0223"
	badPattern        = "E0224"
)

// Shapes and dims.
const (
	cannotBroadcast  = "E0301"
	cannotMultiply   = "E0302"
	shapeMismatch    = "E0303"
	badIndex         = "E0304"
	badAxis          = "E0305"
	resultMismatch   = "E0306"
	scalarWanted     = "E0307"
	undeclaredSize   = "E0308"
	runtimeParam     = "E0309"
	badLayout        = "E0310"
	badSize          = "E0311"
	instanceMismatch = "E0312"
)

// Types.
const (
	mixedTypes   = "E0401"
	wrongType    = "E0402"
	badLiteral   = "E0403"
	argumentType = "E0404"
	unknownType  = "E0405"
)

// Gradients.
const (
	noDerivative  = "E0501"
	badGradient   = "E0502"
	nothingTrains = "E0503"
)

// Files and imports.
const (
	cannotRead  = "E0601"
	importCycle = "E0602"
	notInFile   = "E0603"
)

// Warnings.
const (
	doubleSoftmax  = "W0701"
	untrainedParam = "W0702"
	unusedInput    = "W0703"
	outputCanDie   = "W0704"
	unusedName     = "W0705"
)

func init() {
	diag.RegisterCodes(map[string]string{
		undefinedName:     "name that nothing defines",
		redefinition:      ":= of a name that is already visible",
		declaredTwice:     "name declared twice",
		wrongKind:         "wrong kind of value",
		wrongPlace:        "statement that does not belong here",
		unknownArgument:   "argument that the callee does not have",
		missingArgument:   "missing argument",
		extraArgument:     "too many arguments",
		repeatedArgument:  "argument given twice",
		instanceName:      "layer that needs a name of its own",
		notStatic:         "value that is not known at generate time",
		badArithmetic:     "arithmetic that has no exact result",
		requireFailed:     "requirement that does not hold",
		badResults:        "wrong number of results",
		badVariant:        "model that differs from another in a way it may not",
		badSetting:        "setting of an optimizer that is not possible",
		tooMuchWork:       "elaboration that does not end",
		cyclicName:        "definition that depends on itself",
		impureFunc:        "func that would own parameters",
		badOverride:       "-D of a constant that does not exist",
		notDefinedYet:     "= of a name that is not defined",
		badModel:          "model that is not complete",
		instanceUnapplied: "parameter of a layer that was not applied yet",
		badPattern:        "shape pattern that cannot be read",

		cannotBroadcast:  "shapes that do not broadcast",
		cannotMultiply:   "shapes that do not multiply",
		shapeMismatch:    "argument of another shape",
		badIndex:         "index or slice out of range",
		badAxis:          "axis that does not exist",
		resultMismatch:   "result of another shape than declared",
		scalarWanted:     "tensor where a scalar is wanted",
		undeclaredSize:   "run-time size without a declaration",
		runtimeParam:     "parameter whose size is not known at generate time",
		badLayout:        "arguments that do not fit the operation",
		badSize:          "size that is not possible",
		instanceMismatch: "layer applied to other shapes than before",

		mixedTypes:   "operands of different types",
		wrongType:    "operation that the type does not have",
		badLiteral:   "number that does not fit the type",
		argumentType: "argument of another type",
		unknownType:  "unknown type",

		noDerivative:  "no derivative on the way from a parameter to the loss",
		badGradient:   "gradient that cannot be taken",
		nothingTrains: "loss that depends on no parameter",

		cannotRead:  "file that cannot be read",
		importCycle: "files that import each other",
		notInFile:   "name that an imported file does not have",

		doubleSoftmax:  "loss on logits fed with probabilities",
		untrainedParam: "parameter that the loss does not depend on",
		unusedInput:    "input that nothing uses",
		outputCanDie:   "output layer whose gradient can vanish for good",
		unusedName:     "name that nothing uses",
	})
}
