// Which codes do the scanner and the parser report?

package diag

// Codes of the scanner and the parser.
const (
	BadCharacter     = "E0101"
	BadNumber        = "E0102"
	BadString        = "E0103"
	ForeignComment   = "E0104"
	Unexpected       = "E0105"
	ForeignOperator  = "E0106"
	ForeignWord      = "E0107"
	ChainedCompare   = "E0108"
	Unclosed         = "E0109"
	Unopened         = "E0110"
	WrongSeparator   = "E0111"
	KeywordAsName    = "E0112"
	Reserved         = "E0113"
	Misplaced        = "E0114"
	NestedTooDeep    = "E0115"
	TooLarge         = "E0116"
	ArgumentOrder    = "E0117"
	NotAssignable    = "E0118"
	AsWithoutCall    = "E0119"
	RangeOutsideFor  = "E0120"
	LineContinuation = "E0121"
	UntypedParam     = "E0122"
	NeedsParens      = "E0123"
)

func init() {
	RegisterCodes(map[string]string{
		BadCharacter:     "character that no token may contain",
		BadNumber:        "malformed number",
		BadString:        "malformed string",
		ForeignComment:   "comment in the style of another language",
		Unexpected:       "unexpected token",
		ForeignOperator:  "operator of another language",
		ForeignWord:      "word of another language",
		ChainedCompare:   "chained comparison",
		Unclosed:         "bracket or brace that is never closed",
		Unopened:         "bracket or brace that was never opened",
		WrongSeparator:   "wrong one of =, := and :",
		KeywordAsName:    "keyword used as a name",
		Reserved:         "construct reserved for a later version",
		Misplaced:        "declaration in the wrong place",
		NestedTooDeep:    "too many levels of nesting",
		TooLarge:         "source file too large",
		ArgumentOrder:    "positional after named",
		NotAssignable:    "assignment to something other than a name",
		AsWithoutCall:    "as without a call at its left",
		RangeOutsideFor:  "range outside for",
		LineContinuation: "line broken where a statement ends",
		UntypedParam:     "parameter without type and default",
		NeedsParens:      "operand that needs parentheses",
	})
}
