package explain

import (
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// evidence describes the values and locks on which a thread of the VMM failed.
// The machine is just behind the detection.
func (x *explainer) evidence(c *captured, at *faults.Detection) []Fact {
	var list []Fact
	if line := x.line(c.site); line.Source != "" {
		list = append(list, Fact{Kind: SourceLine, Places: []Line{line}})
	}
	if c.known {
		list = append(list, x.values(c, at)...)
	}
	for i := range list {
		list[i].CPU, list[i].Position = at.CPU, at.Position
	}
	return list
}

// values are what a thread of which more is known worked with.
func (x *explainer) values(c *captured, at *faults.Detection) []Fact {
	found := testbed.ParseFound(at.What)
	var list []Fact
	switch {
	case at.Kind == faults.ByHang:
		if s := x.spins(c.chain, c.regs, c.waits); s != nil {
			list = append(list, x.spinFact(s))
		}
	case found.Check():
		if f := x.comparison(c.recent, at.Place.Function, x.a.Memory(x.Machine)); f != nil {
			list = append(list, *f)
		}
		if s := x.lockOf(c); s != nil {
			list = append(list, Fact{Kind: AboutLock, Object: s.lock.Name, Count: int(s.lock.Holder)})
		}
	default:
		f := x.a.Checker.Failure(x.a.Machine(x.Machine))
		if testbed.Found(f.Kind) == testbed.PageFault {
			list = append(list, Fact{Kind: Accessed, Object: x.a.AddressText(f.Addr), Values: []Value{{Name: "address", Is: Word(f.Addr)}, {Name: "error code", Is: Word(f.Code)}}})
		}
		for i := len(c.recent) - 1; i >= 0; i-- {
			if c.recent[i].PC == at.Place.PC {
				list = append(list, accessed(&c.recent[i], x.a.Target.Symbols))
				break
			}
		}
	}
	return list
}

// lockOf is the lock that a failing function of locks works on.
func (x *explainer) lockOf(c *captured) *spinning {
	if len(c.chain) == 0 || !inLock(c.chain[0].Place) {
		return nil
	}
	lock := x.heldLock(c.chain[0], c.regs)
	if lock == nil {
		return nil
	}
	return &spinning{in: takerOf(c.chain), lock: lock}
}

// spinFact says what a processor waits for.
func (x *explainer) spinFact(s *spinning) Fact {
	f := Fact{Kind: Spins, Places: []Line{x.line(s.in)}}
	switch {
	case s.lock != nil:
		f.Kind, f.Object, f.Count = SpinsOnLock, s.lock.Name, int(s.lock.Holder)
	case s.frame != nil:
		f.Object = s.frame.String()
	}
	return f
}
