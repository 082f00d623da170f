package recording

import (
	"context"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// WhoSet finds the last change of a register of a processor before the position where the
// run's machine stands. The machine stays where it is. A write of the value that was there
// is not seen.
func (r *Recording) WhoSet(ctx context.Context, cpu int, reg faults.Register) (o Origin, found bool, err error) {
	t := r.Run
	here, after := t.Position(), t.Machine().Register(cpu, reg)
	for to := here; to > t.start && !found && err == nil; {
		if s := r.Row.Strike; s != nil && to == s.Position && s.CPU == cpu && s.What == reg.String() && s.Before != s.After {
			o, found = struck(s), true
			break
		}
		from := max(t.markBefore(to), to-min(to, byInstruction/8))
		o, found, err = t.changed(ctx, from, min(to, t.turn(from)), cpu, reg, after)
		to = from
	}
	return o, found, t.settle(ctx, here, here, false, err)
}

// changed finds the last change of a register on a part of a track, after which it has a
// known value.
func (t *Track) changed(ctx context.Context, from, to Position, cpu int, reg faults.Register, after uint64) (o Origin, found bool, err error) {
	if err := t.Seek(ctx, from); err != nil {
		return o, false, err
	}
	last, value := Hit{}, t.Machine().Register(cpu, reg)
	note := func(now uint64) {
		if now != value {
			o, found = Origin{Hit: last, Before: value, After: now}, true
			value = now
		}
	}
	err = t.Watch(ctx, to, func(e faults.TraceEntry) bool {
		if e.CPU == cpu && e.Position < to {
			note(t.walk.Machine.Register(cpu, reg))
			last = Hit{e.CPU, e.Position, e.PC}
		}
		return true
	})
	note(after)
	return o, found, err
}

// Use is what becomes of a register's value.
type Use uint8

// Uses.
const (
	NotUsed     Use = iota // not as far as was looked
	Read                   // an instruction, a delivery or the way to one made something of it
	Overwritten            // it got another value before anything was made of it
)

// usedWithin is how many instructions of its processor a register's use is looked for.
const usedWithin = 20000

// comparedAtOnce is how many instructions are executed between comparisons of the whole
// state. Registers are compared after each.
const comparedAtOnce = 64

// WhoUses finds out by execution what becomes of a register's value: on a second machine
// with its bits inverted, of RFLAGS the status flags, the first instruction after which the
// two differ in anything else has read it.
func (r *Recording) WhoUses(ctx context.Context, cpu int, reg faults.Register) (h Hit, use Use, err error) {
	p, err := r.pair(ctx, cpu, reg)
	if err != nil {
		return h, NotUsed, err
	}
	end := p.a.turn(p.a.Position())
	for n := 0; n < usedWithin && p.a.Position() < end; n += comparedAtOnce {
		if err := ctx.Err(); err != nil {
			return h, NotUsed, err
		}
		was := [2]Mark{p.a.walk.Mark(), p.b.walk.Mark()}
		if h, use = p.steps(end, comparedAtOnce, false); use != NotUsed {
			return h, use, nil
		}
		if p.elsewhere() { // memory differs: by which of these instructions?
			p.a.walk.Return(was[0])
			p.b.walk.Return(was[1])
			h, use = p.steps(end, comparedAtOnce, true)
			return h, use, nil
		}
	}
	return h, NotUsed, nil
}

// pair is a run and a second machine on it, in which bits of a register were inverted.
type pair struct {
	a, b *Track
	cpu  int
	reg  faults.Register
	mask uint64
}

func (r *Recording) pair(ctx context.Context, cpu int, reg faults.Register) (*pair, error) {
	p := &pair{cpu: cpu, reg: reg, mask: ^uint64(0)}
	if reg == faults.RFLAGS {
		p.mask = statusFlags
	}
	for _, t := range []**Track{&p.a, &p.b} {
		var err error
		if *t, err = r.Run.Again(); err != nil {
			return nil, err
		}
		if err = (*t).Seek(ctx, r.Run.Position()); err != nil {
			return nil, err
		}
	}
	m := p.b.walk.Machine
	m.SetRegister(cpu, reg, m.Register(cpu, reg)^p.mask)
	return p, nil
}

// statusFlags are CF, PF, AF, ZF, SF and OF (Intel SDM vol. 1, 3.4.3.1).
const statusFlags = 1<<0 | 1<<2 | 1<<4 | 1<<6 | 1<<7 | 1<<11

// steps executes instructions one by one on both until they differ in registers, or with
// whole in anything; h is the last one.
func (p *pair) steps(end Position, n int, whole bool) (h Hit, use Use) {
	for ; n > 0 && p.a.Position() < end; n-- {
		a, b := p.a.walk.Machine, p.b.walk.Machine
		h = Hit{a.Next(), a.Position(), a.Register(a.Next(), faults.RIP)}
		p.a.walk.To(h.Position + 1)
		p.b.walk.To(h.Position + 1)
		va, vb := a.Register(p.cpu, p.reg), b.Register(p.cpu, p.reg)
		switch {
		case p.registersDiffer() || va != vb && va != vb^p.mask || whole && p.elsewhere():
			return h, Read
		case va == vb && p.elsewhere():
			return h, NotUsed // it has been stored somewhere, maybe by this instruction
		case va == vb:
			return h, Overwritten
		}
	}
	return h, NotUsed
}

// registersDiffer says whether processors differ but for the register.
func (p *pair) registersDiffer() bool {
	a, b := p.a.walk.Machine, p.b.walk.Machine
	if a.Position() != b.Position() || a.Next() != b.Next() {
		return true
	}
	for i := range a.CPUs() {
		x, y := testbed.RegistersOf(a, i), testbed.RegistersOf(b, i)
		if i == p.cpu {
			y[p.reg] = x[p.reg]
		}
		if x != y {
			return true
		}
	}
	return false
}

// elsewhere says whether the machines differ in anything but the register.
func (p *pair) elsewhere() bool {
	a, b := p.a.walk.Machine, p.b.walk.Machine
	was := b.Register(p.cpu, p.reg)
	b.SetRegister(p.cpu, p.reg, a.Register(p.cpu, p.reg))
	same := a.Digest() == b.Digest()
	b.SetRegister(p.cpu, p.reg, was)
	return !same
}
