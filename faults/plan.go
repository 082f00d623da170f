package faults

import (
	"fmt"

	"resvirt/sim"
)

// Model is what a campaign draws its faults from.
type Model struct {
	Kinds []Kind // fault i is of kind Kinds[i % len(Kinds)]
	// The trigger's first level: a virtual time, uniform over this part of the
	// golden run, in thousandths (the papers' middle 80 %: 100 to 900).
	From, To uint64
	// The second level: n uniform in 0..Instructions, counted in the target.
	Instructions uint64
}

// Span is the measured part of the golden run in virtual time.
type Span struct{ Start, End sim.Time }

// Plan is a fault that has been drawn but has not struck yet.
type Plan struct {
	Index    int
	Kind     Kind
	Time     sim.Time // first level of the trigger, absolute
	N        uint64   // second level: this many more instructions of the target run unharmed
	Register Register // RegisterFlip only
	Bit      uint8    // RegisterFlip only
}

// Draw returns fault i of a campaign. It depends on its arguments only, so any
// worker, any resumed run and any replay draws the same fault.
func Draw(campaign string, i int, m Model, span Span) Plan {
	s := sim.Stream(0, fmt.Sprintf("fault %d of campaign %s", i, campaign))
	p := Plan{Index: i, Kind: m.Kinds[i%len(m.Kinds)]}
	length := uint64(span.End - span.Start)
	from, to := length*m.From/1000, length*m.To/1000
	p.Time = span.Start + sim.Time(from+s.Uint64N(to-from+1))
	p.N = s.Uint64N(m.Instructions + 1)
	if p.Kind == RegisterFlip {
		p.Register = Register(s.Uint64N(uint64(Registers)))
		if p.Register == RFLAGS {
			p.Bit = flagBits[s.Uint64N(uint64(len(flagBits)))]
		} else {
			p.Bit = uint8(s.Uint64N(64))
		}
	}
	return p
}
