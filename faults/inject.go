package faults

import (
	"fmt"

	"resvirt/sim"
)

// Strike is a fault that was applied: where it hit, and the proof.
type Strike struct {
	CPU      int
	Position uint64
	Time     sim.Time
	Place    Place // the instruction about to execute
	Register Register
	Bit      int // -1 when the whole register was replaced
	Before   uint64
	After    uint64
}

// RunToTrigger takes m from a golden state before p.Time to the instruction
// that p strikes: first to the time, then over p.N instructions of the target
// to the next one. It returns false when the run ends before that.
func RunToTrigger(m Machine, p Plan) (bool, Stop) {
	if stop := m.Run(Until{Time: p.Time}); stop.Reason != Reached {
		return false, stop
	}
	stop := m.Run(Until{Ring0: p.N + 1})
	return stop.Reason == Reached, stop
}

// Inject strikes the processor about to execute and reads back what it wrote.
func Inject(m Machine, t *Target, p Plan) (Strike, error) {
	cpu := m.Next()
	s := Strike{
		CPU: cpu, Position: m.Position(), Time: m.Now(),
		Place: t.Locate(m.Register(cpu, RIP)), Bit: -1, Register: RIP,
	}
	if m.CPL(cpu) != 0 {
		return s, fmt.Errorf("BUG: the trigger stopped before an instruction at privilege level %d", m.CPL(cpu))
	}
	switch p.Kind {
	case Null:
		s.Before = m.Register(cpu, RIP)
		s.After = s.Before
		return s, nil
	case Failstop:
		s.Before, s.After = m.Register(cpu, RIP), 0
	case RegisterFlip:
		s.Register, s.Bit = p.Register, int(p.Bit)
		s.Before = m.Register(cpu, p.Register)
		s.After = s.Before ^ 1<<p.Bit
	}
	m.SetRegister(cpu, s.Register, s.After)
	if got := m.Register(cpu, s.Register); got != s.After || s.After == s.Before {
		return s, fmt.Errorf("BUG: %s of CPU %d was %#x, was set to %#x and reads %#x", s.Register, cpu, s.Before, s.After, got)
	}
	return s, nil
}
