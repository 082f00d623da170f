package explain

import (
	"fmt"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// evidence describes the values and locks on which a thread of the VMM failed.
// The machine is just behind the detection.
func (x *explainer) evidence(c *captured, at *faults.Detection) []string {
	var list []string
	if src := x.sources.Line(c.site.File, c.site.Line); src != "" {
		list = append(list, fmt.Sprintf("%s: %s", shortPlace(c.site), src))
	}
	if !c.known {
		return list
	}
	switch {
	case at.Kind == "hang":
		list = append(list, x.spinText(x.spins(c.chain, c.regs, c.waits))...)
	case testbed.Checked(at.What):
		if text := x.comparison(c.recent, at.Place.Function, x.a.Memory(x.Machine)); text != "" {
			list = append(list, text)
		}
		if s := x.lockOf(c); s != nil {
			list = append(list, "it is about lock "+lockText(s))
		}
	default:
		f := x.a.Checker.Failure(x.a.Machine(x.Machine))
		if f.Kind == vecPageFault {
			list = append(list, fmt.Sprintf("address %#x (%s), error code %#x", f.Addr, x.a.AddressText(f.Addr), f.Code))
		}
		for i := len(c.recent) - 1; i >= 0; i-- {
			if c.recent[i].PC == at.Place.PC {
				list = append(list, "it executed "+accessed(&c.recent[i], x.a.Target.Symbols))
				break
			}
		}
	}
	return list
}

const vecPageFault = 14

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

func lockText(s *spinning) string {
	if s.lock == nil {
		return "that is not known"
	}
	return fmt.Sprintf("%s, held by CPU %d", s.lock.Name, s.lock.Holder)
}

func (x *explainer) spinText(s *spinning) []string {
	switch {
	case s == nil:
		return nil
	case s.lock != nil:
		return []string{fmt.Sprintf("it spins on lock %s, for %s", lockText(s), shortPlace(s.in))}
	}
	text := "it spins in " + shortPlace(s.in)
	if src := x.sources.Line(s.in.File, s.in.Line); src != "" {
		text += ": " + src
	}
	if s.what != "" {
		text += "; " + s.what
	}
	return []string{text}
}
