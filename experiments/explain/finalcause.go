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
	var e End
	var err error
	switch {
	case !row.Outcome.Unsurvived():
		e.Cause = "none: the run did not fail"
	case len(row.Detections) == 0:
		err = x.undetected(&e, row, s)
	case strings.HasPrefix(row.Cause, "failed again"):
		err = x.failedAgain(&e, row, s)
	case strings.HasPrefix(row.Cause, "hang"):
		err = x.hung(&e, row, s)
	case strings.HasPrefix(row.Cause, "machine reset"), lastPosted(row, x.System.Target()):
		e.Cause = row.Cause
	default:
		err = x.lostVM(&e, row, s)
	}
	return e, err
}

// undetected explains a run whose failure was not detected.
func (x *explainer) undetected(e *End, row *experiments.Row, s experiments.Setting) error {
	e.Cause = notDetected(row)
	if row.Outcome == faults.Hang && row.Reason == "deadline" {
		kept := e.Cause
		err := x.hung(e, row, s)
		_, what, _ := strings.Cut(e.Cause, ": ")
		e.Cause = kept + ": " + what
		return err
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

func notDetected(row *experiments.Row) string {
	return "not detected: " + row.Outcome.String() + ", " + faults.Alike(row.Reason)
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
	e.Evidence = append([]string{fmt.Sprintf("failure 2 of %d: %s, %s on CPU %d at position %d", len(row.Detections), d.Kind, d.What, d.CPU, d.Position)}, x.evidence(c, d)...)
	e.CPUs = x.chains()
	if c.known {
		e.CPUs[d.CPU].Calls = x.linesOf(c.chain)
	}
	e.Console = consoleEnd(x.Machine.Serial())
	spin, what := x.failure(c, d)
	e.Cause = "failed again " + faults.Phase(row.Steps, d.Position) + ": " + what
	return x.blame(e, row, s, spin, d.Position)
}

// failure returns the name of a failure, which is equal for similar runs, and
// the lock that is involved, if any.
func (x *explainer) failure(c *captured, d *faults.Detection) (*spinning, string) {
	what := d.What + " in " + shortPlace(c.site)
	switch {
	case d.Kind == "hang":
		spin := x.spins(c.chain, c.regs, c.waits)
		return spin, spinCause(spin, "hang, NMI in "+shortPlace(c.site)) + x.unacknowledged(spin)
	case testbed.Checked(d.What):
		if src := x.sources.Line(c.site.File, c.site.Line); src != "" {
			what = fmt.Sprintf("%s `%s` in %s", d.What, src, shortPlace(c.site))
		}
		spin := x.lockOf(c)
		if spin != nil {
			what += " for lock " + alikeName(spin.lock.Name)
		}
		return spin, what
	case d.What == testbed.CauseText(vecPageFault):
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
	case s.what != "":
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
	for _, v := range x.a.Check(x.Machine) {
		if v.Kind == "interrupts" && strings.Contains(v.Place, "in-service") {
			return "; " + alikeName(v.Place) + " is not empty"
		}
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
			p := takerOf(t.chain)
			e.Evidence = append(e.Evidence, fmt.Sprintf("CPU %d took the lock after the failure, at position %d in %s", t.cpu, t.position, chainText(t.chain)))
			e.Cause += ", taken after the failure in " + shortPlace(p)
		}
		return nil
	}
	t := x.takenWhere(row, s, lock, holder, first)
	if t == nil {
		e.Evidence = append(e.Evidence, fmt.Sprintf("the lock was held when the failure was detected; CPU %d took it long before", holder))
		e.Cause += ", taken by a thread since discarded"
		return nil
	}
	e.Evidence = append(e.Evidence, fmt.Sprintf("the lock was taken at position %d by a thread of CPU %d that recovery discarded, in %s", t.position, t.cpu, chainText(t.chain)))
	e.Cause += ", taken in " + shortPlace(takerOf(t.chain)) + " by a thread since discarded"
	return nil
}

// chainText is a call chain in one line.
func chainText(chain []testbed.StackFrame) string {
	var list []string
	for _, f := range chain {
		if !inLock(f.Place) && f.Place.File != "<autogenerated>" {
			list = append(list, shortPlace(f.Place))
		}
	}
	return strings.Join(list, " < ")
}

// hung explains a run that hung without a detection.
func (x *explainer) hung(e *End, row *experiments.Row, s experiments.Setting) error {
	if err := x.Begin(row, s); err != nil {
		return err
	}
	x.finish(e, row)
	left := x.a.Check(x.Machine)
	head, _, _ := strings.Cut(row.Cause, ":")
	if i, spin := x.spinner(row); spin != nil {
		for _, t := range x.spinText(spin) {
			e.Evidence = append(e.Evidence, fmt.Sprintf("CPU %d: %s", i, t))
		}
		e.Cause = head + ": " + spinCause(spin, "") + x.unacknowledged(spin)
		return x.blame(e, row, s, spin, row.EndPosition)
	}
	var chains [][]testbed.StackFrame
	for i := range x.Machine.CPUs() {
		chains = append(chains, x.a.ChainOf(x.Machine, i))
	}
	e.Cause = head + ": " + x.doing(chains)
	if v := telling(left, "interrupts", "timers", "events", "vcpus", "queues"); v != nil {
		e.Cause += "; " + alikeName(v.String())
	}
	e.Evidence = append(e.Evidence, "wrong at the end: "+strings.Join(violationTexts(left, 8), "; "))
	if vm := failedVM(row); vm != "" {
		if err := x.choked(e, row, s, vm); err != nil {
			return err
		}
	}
	return x.blameLeft(e, row, s)
}

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
func telling(list []inspect.Violation, kinds ...string) *inspect.Violation {
	for _, k := range kinds {
		for i := range list {
			if list[i].Kind == k {
				return &list[i]
			}
		}
	}
	return nil
}
