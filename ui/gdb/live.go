package gdb

import (
	"context"
	"fmt"

	"resvirt/hw/cpu"
	"resvirt/hw/machine"
)

// Live is a machine that runs, as a target. It goes only forwards; registers and memory
// can be changed while it stands.
type Live struct {
	M *machine.Machine
	// Run runs the machine, with all that is connected to it, until one of the bounds or
	// the end of ctx or the machine, where the reason is None if its user has ended it.
	Run func(ctx context.Context, u machine.Until) (machine.Stop, error)
	// Status is how a process would end in place of the machine.
	Status func(machine.Stop) uint8

	ended  bool
	last   machine.Stop // Ended: why
	failed error
}

// Machine implements Target.
func (l *Live) Machine() *machine.Machine { return l.M }

// Frozen implements Target.
func (l *Live) Frozen() error { return nil }

// Reverses implements Target.
func (l *Live) Reverses() bool { return false }

// End is how the machine has ended, and whether it has.
func (l *Live) End() (s machine.Stop, ended bool, err error) { return l.last, l.ended, l.failed }

// Describe implements Target.
func (l *Live) Describe(id int) string {
	c := l.M.CPU(id)
	what := [...]string{cpu.Running: "running", cpu.Halted: "halted", cpu.WaitSIPI: "not started", cpu.Shutdown: "shut down"}[c.Activity]
	text := fmt.Sprintf("CPU %d, %s, at level %d", id, what, c.CPL)
	if id == l.M.Next() {
		text += ", next to run"
	}
	return text
}

// Resume implements Target.
func (l *Live) Resume(ctx context.Context, m Move, p Points) (Stop, error) {
	c := l.M.CPU(m.CPU)
	was, pc := c.Retired, c.RIP
	if m.Step { // from a breakpoint as well
		code := p.Code
		p.Code = nil
		for _, a := range code {
			if a != pc {
				p.Code = append(p.Code, a)
			}
		}
	}
	l.M.StopBefore(p.Code...)
	l.M.WatchMemory(p.Data...)
	defer l.M.StopBefore()
	defer l.M.WatchMemory()
	for !l.ended {
		u := machine.Until{Before: true, Accessed: true}
		if m.Step {
			u.Position = l.M.Position() + 1
		}
		s, err := l.Run(ctx, u)
		switch {
		case s.Reason == machine.ReachedBefore:
			return Stop{Reason: AtCode, CPU: s.CPU}, nil
		case s.Reason == machine.ReachedAccess:
			return l.accessed(p), nil
		case m.Step && c.Retired != was:
			return Stop{Reason: Stepped, CPU: m.CPU}, nil
		case err == nil && m.Step && s.Reason == machine.ReachedPosition:
			continue // another processor's instruction
		case ctx.Err() != nil:
			return Stop{Reason: Interrupted, CPU: l.M.Next()}, nil
		}
		l.ended, l.last, l.failed = true, s, err
	}
	text := "the machine has ended: " + l.last.String()
	if l.failed != nil {
		text = "the machine has ended: " + l.failed.Error()
	}
	return Stop{Reason: Ended, CPU: l.M.Next(), Status: l.Status(l.last), Text: text}, nil
}

// accessed tells which watchpoint was touched.
func (l *Live) accessed(p Points) Stop {
	list, _ := l.M.Accesses()
	stop := Stop{Reason: AtData, CPU: l.M.Next()}
	if len(list) == 0 {
		return stop
	}
	if list[0].CPU >= 0 {
		stop.CPU = list[0].CPU
	}
	stop.Point = p.touched(&list[0])
	return stop
}

// touched is the first watchpoint that an access concerns.
func (p *Points) touched(a *machine.Access) int {
	for i, w := range p.Data {
		if w.Kinds&a.Kind != 0 && a.PA < w.PA+w.Len && w.PA < a.PA+a.Len {
			return i
		}
	}
	return 0
}

// Help implements Target.
func (l *Live) Help() [][2]string {
	return [][2]string{{"position", "how many instructions have been executed, and the time"}}
}

// Monitor implements Target.
func (l *Live) Monitor(_ context.Context, _ int, args []string) (Answer, error) {
	if args[0] != "position" {
		return Answer{}, fmt.Errorf("there is no command %q: monitor help lists them", args[0])
	}
	return Answer{Text: fmt.Sprintf("position %d, time %v, CPU %d is next", l.M.Position(), l.M.Now(), l.M.Next())}, nil
}
