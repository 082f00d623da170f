package faults

// Symbols names addresses of the target.
type Symbols interface {
	Func(pc uint64) (name string, start uint64, ok bool)
	// Calls lists the functions that pc belongs to, innermost first: those that the
	// compiler has expanded in their callers, then the one that has code of its own,
	// as Func. It is empty if nothing is known.
	Calls(pc uint64) []Call
}

// Call is a function with a line of its source: the innermost one's is that of the
// place itself, the others' that of a call which the compiler has expanded.
type Call struct {
	Function string
	File     string
	Line     int
}

// Place is a program location of the target, or of a VM where the symbols
// reach that far.
type Place struct {
	PC       uint64 `json:"pc"`
	Function string `json:"function"` // that has the code
	Offset   uint64 `json:"offset"`
	Inlined  string `json:"inlined,omitempty"` // to which file and line belong, if it is expanded in Function
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// Source is the function to which the line belongs.
func (p Place) Source() string {
	if p.Inlined != "" {
		return p.Inlined
	}
	return p.Function
}

// Locate is the place of pc according to the target's symbols.
func (t *Target) Locate(pc uint64) Place {
	p, _ := t.outside(pc, nil)
	return p
}

// outside is the place of pc in the innermost function that is no helper. If all are
// helpers, it is the outermost one, and not found.
func (t *Target) outside(pc uint64, helper func(function string) bool) (p Place, found bool) {
	p.PC = pc
	if name, start, ok := t.Symbols.Func(pc); ok {
		p.Function, p.Offset = name, pc-start
	}
	calls := t.Symbols.Calls(pc)
	for i, c := range calls {
		p.File, p.Line, p.Inlined = c.File, c.Line, ""
		if i < len(calls)-1 {
			p.Inlined = c.Function
		}
		if helper == nil || !helper(c.Function) {
			return p, true
		}
	}
	return p, false
}

// Site is the place that a detection names. Of an exception or a hang it is what was
// executing. A check in the code reports the address to which it would return, and
// what failed stands before that, in the first function that does not only check for
// its caller, whether that is expanded in others, others in it, or neither.
func (t *Target) Site(c Cause) Place {
	if !c.Check {
		return t.Locate(c.PC)
	}
	p, _ := t.outside(c.PC-1, t.Checks)
	p.PC, p.Offset = p.PC+1, p.Offset+1
	return p
}

// Announcer is the function that announced a step at a place: the innermost one there
// that does not only announce.
func (t *Target) Announcer(p Place) string {
	p, _ = t.outside(p.PC, t.Helper)
	return p.Source()
}
