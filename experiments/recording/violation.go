package recording

import "resvirt/vi/inspect"

// Invariants as recordings tell of them.
type (
	Violation     = inspect.Violation
	ViolationKind = inspect.ViolationKind
	Where         = inspect.Where
)
