package faults

import (
	"errors"
	"fmt"
)

// searchLimit is the number of instructions of the target among which a
// software fault looks for one to which an operator applies.
const searchLimit = 10_000

// RunToTrigger takes m from a golden state before p.Time to the instruction
// that p strikes: first to the time, then over p.N instructions of the target
// to the next one, or the next that the fault can strike. It returns false when
// the run ends before that.
func RunToTrigger(m Machine, t *Target, p Plan) (bool, Stop) {
	if stop := m.Run(Until{Time: p.Time}); stop.Reason != Reached {
		return false, stop
	}
	stop := m.Run(Until{Scoped: p.N + 1})
	for n := 0; stop.Reason == Reached && n < searchLimit && !strikes(m, t, p); n++ {
		stop = m.Run(Until{Scoped: 2})
	}
	return stop.Reason == Reached, stop
}

// strikes tells whether a fault has something to change at the instruction
// about to execute. Only for software faults this may be false.
func strikes(m Machine, t *Target, p Plan) bool {
	if !p.Kind.inSoftware() {
		return true
	}
	_, _, ok := mutation(m, t, p)
	return ok
}

// mutation is what a software fault makes of the instruction about to execute.
func mutation(m Machine, t *Target, p Plan) (Operator, []byte, bool) {
	cpu := m.Next()
	pc := m.Register(cpu, RIP)
	code := readable(m.ReadCode, cpu, pc, CodeReach)
	return mutate(code, t.Locking != nil && t.Locking(t.Locate(pc)), p.Choice)
}

// ErrNothing says that there is nothing of the kind that a fault was to change.
var ErrNothing = errors.New("nothing to strike")

// Inject strikes the processor about to execute and reads back what it wrote.
// The error wraps ErrNothing where there is nothing of the kind to change;
// others are bugs.
func Inject(m Machine, t *Target, p Plan) (Strike, error) {
	cpu := m.Next()
	s := Strike{
		Kind: p.Kind, CPU: cpu, Position: m.Position(), Time: m.Now(),
		Place: t.Locate(m.Register(cpu, RIP)), Bit: -1, What: RIP.String(),
	}
	if !m.InScope(cpu) {
		return s, fmt.Errorf("BUG: the trigger stopped before an instruction at %#x, privilege level %d, that is not the target's", s.Place.PC, m.CPL(cpu))
	}
	switch p.Kind {
	case Null:
		s.Before = m.Register(cpu, RIP)
		s.After = s.Before
		return s, nil
	case Failstop:
		return s, s.register(m, RIP, 0)
	case RegisterFlip:
		s.Bit = int(p.Bit)
		return s, s.register(m, p.Register, m.Register(cpu, p.Register)^1<<p.Bit)
	case Code, CodeKept:
		return s, s.code(m, p)
	case Memory:
		return s, s.memory(m, t, p)
	}
	return s, s.software(m, t, p)
}

func (s *Strike) register(m Machine, r Register, v uint64) error {
	s.What, s.Before, s.After = r.String(), m.Register(s.CPU, r), v
	if s.After == s.Before {
		return fmt.Errorf("%w: %s is %#x already", ErrNothing, s.What, v)
	}
	m.SetRegister(s.CPU, r, v)
	if got := m.Register(s.CPU, r); got != s.After {
		return fmt.Errorf("BUG: %s of CPU %d was %#x, was set to %#x and reads %#x", s.What, s.CPU, s.Before, s.After, got)
	}
	return nil
}

// code flips the fetched bit of a byte. Where the reach of the fault ends in a
// page that is not mapped, the byte is taken among those that are.
func (s *Strike) code(m Machine, p Plan) error {
	there := readable(m.ReadCode, s.CPU, s.Place.PC, CodeReach)
	if len(there) == 0 {
		return fmt.Errorf("%w: no code is mapped at %#x", ErrNothing, s.Place.PC)
	}
	at := int(p.Offset) % len(there)
	s.What, s.Bit, s.Before, s.After = "code", int(p.Bit), uint64(there[at]), uint64(there[at]^1<<p.Bit)
	there[at] ^= 1 << p.Bit
	return s.fetch(m, there, at)
}

// software replaces an instruction by a mistaken one.
func (s *Strike) software(m Machine, t *Target, p Plan) error {
	o, changed, ok := mutation(m, t, p)
	if !ok {
		return fmt.Errorf("%w: no operator applies to an instruction within reach", ErrNothing)
	}
	s.What = o.String()
	return s.fetch(m, changed, 0)
}

// fetch overlays code from the instruction on; at is the first byte that differs.
func (s *Strike) fetch(m Machine, want []byte, at int) error {
	s.Address, _ = m.Translate(s.CPU, s.Place.PC+uint64(at))
	s.Code = codeAt(m, s.CPU, s.Place.PC)
	overlay(m, s.CPU, s.Place.PC, want)
	s.Fetched = codeAt(m, s.CPU, s.Place.PC)
	if s.Fetched == s.Code {
		return fmt.Errorf("%w: what executes at %#x is not RAM", ErrNothing, s.Place.PC)
	}
	if s.Fetched[:2*len(want)] != fmt.Sprintf("%x", want) {
		return fmt.Errorf("BUG: %s at %#x was to be fetched as %x and is fetched as %s", s.Code, s.Place.PC, want, s.Fetched)
	}
	return nil
}

func (s *Strike) memory(m Machine, t *Target, p Plan) error {
	s.What, s.Bit = p.Class.String(), int(p.Bit)
	var ranges []Range
	if t.Memory != nil {
		ranges = t.Memory(m, p.Class)
	}
	pa, among := pick(ranges, p.Choice)
	if among == 0 {
		return fmt.Errorf("%w: the %s has no %s", ErrNothing, t.Name, p.Class)
	}
	s.Address, s.Among, s.Before = pa, among, readByte(m, pa)
	s.After = s.Before ^ 1<<p.Bit
	if t.Object != nil {
		s.Object = t.Object(pa)
	}
	m.WritePhys(pa, []byte{byte(s.After)})
	if got := readByte(m, pa); got != s.After {
		return fmt.Errorf("BUG: the byte at %#x was set to %#x and reads %#x", pa, s.After, got)
	}
	return nil
}
