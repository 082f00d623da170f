package explain

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// end executes a run to its end and says why it ended so.
func (x *explainer) end(row *experiments.Row, s experiments.Setting) (End, error) {
	e := End{Position: row.EndPosition}
	var err error
	switch {
	case !row.Outcome.Unsurvived():
		e.Cause.Class = Survived
	case len(row.Detections) == 0:
		err = x.undetected(&e, row, s)
	case row.Cause.Way == faults.FailedAgain:
		err = x.failedAgain(&e, row, s)
	case row.Cause.Way == faults.Hung:
		err = x.hung(&e, row, s)
	case row.Cause.Way == faults.WasReset, lastPosted(row, x.System.Target()):
		e.Cause.Failure = row.Cause
	default:
		err = x.lostVM(&e, row, s)
	}
	return e, err
}

// undetected explains a run whose failure was not detected.
func (x *explainer) undetected(e *End, row *experiments.Row, s experiments.Setting) error {
	e.Cause = notDetected(row)
	if row.Outcome == faults.Hang && faults.ParseNoEnd(row.Reason) == faults.AtDeadline {
		return x.hung(e, row, s)
	}
	if vm := failedVM(row); vm != "" {
		if err := x.choked(e, row, s, vm); err != nil {
			return err
		}
	}
	if err := x.Begin(row, s); err != nil {
		return err
	}
	x.finish(e, row)
	return nil
}

// lastPosted says whether the VMM gave up.
func lastPosted(row *experiments.Row, t *faults.Target) bool {
	return slices.ContainsFunc(row.Steps, func(s faults.Step) bool { return s.Code == t.GivenUp })
}

// finish describes the end state; the machine is brought there.
func (x *explainer) finish(e *End, row *experiments.Row) {
	x.To(row.EndPosition)
	e.CPUs = x.chains()
	e.Console = consoleEnd(x.Machine.Serial())
}

const consoleLines = 6

func consoleEnd(b []byte) []string {
	lines := strings.Split(strings.TrimSpace(experiments.LastLines(b, experiments.ConsoleKept)), "\n")
	return lines[max(0, len(lines)-consoleLines):]
}

// failedAgain explains the second of several failures. It was caused by what
// recovery left wrong, and the later ones follow from it.
func (x *explainer) failedAgain(e *End, row *experiments.Row, s experiments.Setting) error {
	d := &row.Detections[1]
	c, err := x.capture(row, s, d)
	if err != nil {
		return err
	}
	again := Fact{Kind: FailedNext, CPU: d.CPU, Position: d.Position, Words: fmt.Sprintf("%s, %s", d.Kind, d.What), Count: len(row.Detections)}
	e.Evidence = append([]Fact{again}, x.evidence(c, d)...)
	e.CPUs = x.chains()
	if c.known {
		e.CPUs[d.CPU].Calls = x.linesOf(c.chain)
	}
	e.Console = consoleEnd(x.Machine.Serial())
	spin, what := x.failure(c, d)
	e.Cause.Failure = faults.Failure{Way: faults.FailedAgain, Phase: faults.PhaseAt(row.Steps, d.Position), What: what}
	return x.blame(e, row, s, spin, d.Position)
}

// failure returns the name of a failure, which is equal for similar runs, and
// the lock that is involved, if any.
func (x *explainer) failure(c *captured, d *faults.Detection) (*spinning, string) {
	what, found := d.What+" in "+shortPlace(c.site), testbed.ParseFound(d.What)
	switch {
	case d.Kind == faults.ByHang:
		spin := x.spins(c.chain, c.regs, c.waits)
		return spin, spinCause(spin, "hang, NMI in "+shortPlace(c.site)) + x.unacknowledged(spin)
	case found.Check():
		if src := x.sources.Line(c.site.File, c.site.Line); src != "" {
			what = fmt.Sprintf("%s `%s` in %s", d.What, src, shortPlace(c.site))
		}
		spin := x.lockOf(c)
		if spin != nil {
			what += " for lock " + alikeName(spin.lock.Name)
		}
		return spin, what
	case found == testbed.PageFault:
		f := x.a.Checker.Failure(x.a.Machine(x.Machine))
		what = fmt.Sprintf("%s at %s in %s", d.What, x.a.AddressText(f.Addr), shortPlace(c.site))
	}
	return nil, what
}

// spinCause names what is waited for, the same for runs that are alike.
func spinCause(s *spinning, otherwise string) string {
	switch {
	case s == nil:
		return otherwise
	case s.lock != nil:
		return "spins on lock " + alikeName(s.lock.Name)
	case s.frame != nil:
		return "spins in " + shortPlace(s.in) + " for a frame that is locked or not validated"
	}
	return "spins in " + shortPlace(s.in)
}

// unacknowledged is for a hang that is not caused by a lock: it tells whether
// an interrupt stayed in service, which blocks all of the same and lower
// priority.
func (x *explainer) unacknowledged(spin *spinning) string {
	if spin != nil && spin.lock != nil {
		return ""
	}
	if x.a.Checker.Unacknowledged(x.a.Machine(x.Machine)) {
		return "; CPU N local APIC's in-service set is not empty"
	}
	return ""
}

// blame adds where, and by whom, a lock was taken that was never released.
func (x *explainer) blame(e *End, row *experiments.Row, s experiments.Setting, spin *spinning, until uint64) error {
	if spin == nil || spin.lock == nil {
		return x.blameLeft(e, row, s)
	}
	lock, holder := spin.lock.Addr, int(spin.lock.Holder)
	first := row.Detections[0].Position
	if err := x.Begin(row, s); err != nil {
		return err
	}
	x.To(first)
	discarded := slices.ContainsFunc(x.a.Locks(x.Machine), func(l inspect.Lock) bool { return l.Addr == lock && l.Holder == int64(holder) })
	if !discarded {
		t := x.takenWhere(row, s, lock, holder, until)
		if t != nil && t.position > first {
			e.Evidence = append(e.Evidence, x.takenFact(TakenLater, t, spin))
			e.Cause.and(", taken after the failure in " + shortPlace(takerOf(t.chain)))
		}
		return nil
	}
	t := x.takenWhere(row, s, lock, holder, first)
	if t == nil {
		e.Evidence = append(e.Evidence, Fact{Kind: TakenBefore, CPU: holder, Object: spin.lock.Name})
		e.Cause.and(", taken by a thread since discarded")
		return nil
	}
	e.Evidence = append(e.Evidence, x.takenFact(TakenAndLost, t, spin))
	e.Cause.and(", taken in " + shortPlace(takerOf(t.chain)) + " by a thread since discarded")
	return nil
}

// takenFact says where a lock was taken, without the functions of locks.
func (x *explainer) takenFact(k FactKind, t *taken, s *spinning) Fact {
	chain := slices.DeleteFunc(slices.Clone(t.chain), func(f testbed.StackFrame) bool { return inLock(f.Place) })
	return Fact{Kind: k, CPU: t.cpu, Position: t.position, Object: s.lock.Name, Places: x.linesOf(chain)}
}

// hung explains a run that hung without a further detection.
func (x *explainer) hung(e *End, row *experiments.Row, s experiments.Setting) error {
	if err := x.Begin(row, s); err != nil {
		return err
	}
	x.finish(e, row)
	left := x.a.Check(x.Machine)
	if e.Cause.Class == Failed {
		e.Cause.Failure = faults.Failure{Way: row.Cause.Way, Phase: row.Cause.Phase}
	}
	if i, spin := x.spinner(row); spin != nil {
		f := x.spinFact(spin)
		f.Kind, f.CPU, f.Position = hungKinds[f.Kind], i, row.EndPosition
		e.Evidence = append(e.Evidence, f)
		e.Cause.Failure = e.Cause.Failure.With(spinCause(spin, "") + x.unacknowledged(spin))
		return x.blame(e, row, s, spin, row.EndPosition)
	}
	var chains [][]testbed.StackFrame
	for i := range x.Machine.CPUs() {
		chains = append(chains, x.a.ChainOf(x.Machine, i))
	}
	e.Cause.Failure = e.Cause.Failure.With(x.doing(chains))
	if v := telling(left, inspect.Interrupts, inspect.Timers, inspect.Events, inspect.VCPUs, inspect.Queues); v != nil {
		e.Cause.and("; " + alikeName(v.String()))
	}
	e.Evidence = append(e.Evidence, Fact{Kind: WrongAtEnd, CPU: -1, Position: row.EndPosition, List: violationTexts(left, 8)})
	if vm := failedVM(row); vm != "" {
		if err := x.choked(e, row, s, vm); err != nil {
			return err
		}
	}
	return x.blameLeft(e, row, s)
}

// hungKinds are the facts about waiting when they are about one of several processors.
var hungKinds = map[FactKind]FactKind{SpinsOnLock: HungOnLock, Spins: HungIn}

// spinner finds a processor that waits for something. A loop is recognized where
// it pauses, so the run is followed a little beyond its end.
func (x *explainer) spinner(row *experiments.Row) (int, *spinning) {
	const samples, apart = 40, 7
	for k := range uint64(samples) {
		x.To(row.EndPosition + k*apart)
		for i, p := range x.a.Machine(x.Machine).CPUs {
			if p.Guest || p.Halted {
				continue
			}
			if spin := x.spins(x.a.ChainOf(x.Machine, i), testbed.RegistersOf(x.Machine, i), false); spin != nil && !spin.has(i) {
				return i, spin
			}
		}
	}
	return 0, nil
}

// doing says in few words what the processors do.
func (x *explainer) doing(chains [][]testbed.StackFrame) string {
	idle, guest := 0, 0
	var where []string
	for i, p := range x.a.Machine(x.Machine).CPUs {
		switch {
		case p.Guest:
			guest++
		case slices.ContainsFunc(chains[i], func(f testbed.StackFrame) bool { return f.Place.Function == "main.idleLoop" }):
			idle++
		case len(chains[i]) > 0:
			where = append(where, strings.TrimSuffix(chains[i][0].Place.Function, ".abi0"))
		}
	}
	switch {
	case idle == len(chains):
		return "all CPUs idle"
	case guest > 0:
		return "VMs run, but do not get on"
	}
	return "CPUs in " + strings.Join(where, " and ")
}

// telling picks the first violation of the first of some kinds.
func telling(list []inspect.Violation, kinds ...inspect.ViolationKind) *inspect.Violation {
	for _, k := range kinds {
		for i := range list {
			if list[i].Kind == k {
				return &list[i]
			}
		}
	}
	return nil
}
