package faults

import (
	"fmt"
	"math/bits"
	"slices"

	"resvirt/sim"
)

// Model is the fault model from which a campaign draws its faults.
type Model struct {
	Kinds []Kind // fault i is of kind Kinds[i % len(Kinds)]
	// The trigger's first level: a virtual time, uniform over this part of the
	// golden run, in thousandths (the papers' middle 80 %: 100 to 900).
	From, To uint64
	// The second level: n uniform in 0..Instructions, counted in the target.
	Instructions uint64
	// PerRun is how many faults of its kind strike a run; 0 stands for 1.
	PerRun int
}

// Span is the measured part of the golden run in virtual time.
type Span struct{ Start, End sim.Time }

// Plan is a fault that has been drawn but has not struck yet.
type Plan struct {
	Index int
	Kind  Kind
	Time  sim.Time // first level of the trigger, absolute
	N     uint64   // second level: this many more instructions of the target run unharmed

	Register Register `json:",omitempty"` // RegisterFlip only
	Bit      uint8    `json:",omitempty"` // RegisterFlip, Code and Memory
	Offset   uint8    `json:",omitempty"` // Code: of the byte from the instruction on, 0 to 14
	Class    Class    `json:",omitempty"` // Memory
	Choice   uint64   `json:",omitempty"` // Memory, Software: a random word that chooses among the possibilities at the strike
}

// CodeReach is the number of bytes, from the struck instruction on, that a code
// fault may strike: the longest instruction (AMD APM vol. 3, 1.1).
const CodeReach = 15

// Draw returns the faults of run i of a series in the order of their times,
// usually one. They depend on its arguments only, so any worker, any resumed
// run and any replay draws the same ones.
func Draw(series string, i int, m Model, span Span) []Plan {
	label := fmt.Sprintf("fault %d of campaign %s", i, series)
	plans := []Plan{draw(label, i, m, span)}
	for k := 1; k < m.PerRun; k++ {
		plans = append(plans, draw(fmt.Sprintf("%s, number %d", label, k+1), i, m, span))
	}
	slices.SortStableFunc(plans, func(a, b Plan) int { return int(a.Time - b.Time) })
	return plans
}

func draw(label string, i int, m Model, span Span) Plan {
	s := sim.Stream(0, label)
	p := Plan{Index: i, Kind: m.Kinds[i%len(m.Kinds)]}
	length := uint64(span.End - span.Start)
	from, to := length*m.From/1000, length*m.To/1000
	p.Time = span.Start + sim.Time(from+s.Uint64N(to-from+1))
	p.N = s.Uint64N(m.Instructions + 1)
	switch p.Kind {
	case RegisterFlip:
		p.Register = Register(s.Uint64N(uint64(Registers)))
		if p.Register == RFLAGS {
			p.Bit = flagBits[s.Uint64N(uint64(len(flagBits)))]
		} else {
			p.Bit = uint8(s.Uint64N(64))
		}
	case Code, CodeKept:
		p.Offset, p.Bit = uint8(s.Uint64N(CodeReach)), uint8(s.Uint64N(8))
	case Memory:
		p.Class, p.Bit, p.Choice = Class(s.Uint64N(uint64(Classes))), uint8(s.Uint64N(8)), s.Uint64()
	case Software, SoftwareKept:
		p.Choice = s.Uint64()
	}
	return p
}

// scale maps a random word evenly to 0..n-1.
func scale(word, n uint64) uint64 {
	hi, _ := bits.Mul64(word, n)
	return hi
}
