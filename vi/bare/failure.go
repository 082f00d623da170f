package bare

// Failure says which kind of runtime function a check of the compiler's called.
// The image builder writes it into the redirection; main.failed receives it on
// its stack.
type Failure uint8

// Failures, in the order of RedirectTable's groups.
const (
	FailOther  Failure = iota // any function of the runtime that must not run
	FailBounds                // index, slice or conversion out of range
	FailStack                 // stack exhausted
	FailDivide                // integer division by zero
	FailShift                 // negative shift count
	FailType                  // type assertion to another concrete type
	FailPanic                 // panic in source
	FailNil                   // nil map, nil function and other explicit nil panics
	FailAlloc                 // heap allocation
)

// String is a static text, so that images may use it as well.
func (f Failure) String() string {
	switch f {
	case FailBounds:
		return "index out of range"
	case FailStack:
		return "stack exhausted"
	case FailDivide:
		return "division by zero"
	case FailShift:
		return "negative shift"
	case FailType:
		return "type assertion"
	case FailPanic:
		return "panic"
	case FailNil:
		return "nil"
	case FailAlloc:
		return "heap allocation"
	}
	return "runtime call"
}
