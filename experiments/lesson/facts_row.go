package lesson

import (
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// rowFacts are facts that need no machine.
func rowFacts() []fact {
	list := []fact{
		ofRow("outcome", "the run's outcome, a word of docs/definitions.md: converged, recovered, vm_lost and so on", func(c *scope) Value { return text(c.r.Row.Outcome.String()) }),
		ofRow("reason", "why, where the outcome alone does not say it", func(c *scope) Value { return text(c.r.Row.Reason) }),
		ofRow("cause", "of a failed recovery, the same for runs that failed alike", func(c *scope) Value { return text(c.r.Row.Cause.String()) }),
		ofRow("setting", "the name of the run's setting", func(c *scope) Value { return text(c.r.Row.Setting) }),
		ofRow("allowed", "how many recovery steps its setting allows", func(c *scope) Value { return number(uint64(len(c.r.Setting.Steps))) }),

		ofStrike("fault.kind", "failstop, register, code, memory and so on", func(s *faults.Strike) Value { return text(s.Kind.String()) }),
		ofStrike("fault.cpu", "the CPU that was struck", func(s *faults.Strike) Value { return number(uint64(s.CPU)) }),
		ofStrike("fault.function", "the function that was executing there", func(s *faults.Strike) Value { return text(s.Place.Function) }),
		ofStrike("fault.line", "the line of that function, file:line", func(s *faults.Strike) Value { return text(line(s.Place)) }),
		ofStrike("fault.what", "what was changed: a register, a class of memory, code", func(s *faults.Strike) Value { return text(s.What) }),
		ofStrike("fault.bit", "the number of the bit that flipped", func(s *faults.Strike) Value { return number(uint64(max(s.Bit, 0))) }),
		ofStrike("fault.before", "the value that it had", func(s *faults.Strike) Value { return hex(s.Before) }),
		ofStrike("fault.after", "the value that it became", func(s *faults.Strike) Value { return hex(s.After) }),

		ofRow("detections", "how often a failure was detected", func(c *scope) Value { return number(uint64(len(c.r.Row.Detections))) }),
		ofDetection("detection.kind", "of the first detection, or of the N-th: panic or hang", func(_ *scope, d *faults.Detection) Value { return text(string(d.Kind)) }),
		ofDetection("detection.what", "what was found: assertion, or an exception such as #PF page fault", func(_ *scope, d *faults.Detection) Value { return text(d.What) }),
		ofDetection("detection.cpu", "the CPU that found it", func(_ *scope, d *faults.Detection) Value { return number(uint64(d.CPU)) }),
		ofDetection("detection.function", "the function that was executing there", func(c *scope, d *faults.Detection) Value { return text(c.s.anatomy.Site(d).Function) }),
		ofDetection("detection.line", "the line, file:line", func(c *scope, d *faults.Detection) Value { return text(line(c.s.anatomy.Site(d))) }),
		ofDetection("detection.ns", "nanoseconds from the fault to it", func(c *scope, d *faults.Detection) Value { return nanoseconds(d.Time - c.r.Row.Strike.Time) }),

		{name: "steps", meaning: "how many steps the first recovery announced", eval: func(c *scope, _ []Value) (Value, error) {
			return number(uint64(len(c.announced()))), nil
		}},
		{name: "step", params: []param{{"NAME", Text}}, least: 1, meaning: "whether recovery announced that step", eval: func(c *scope, args []Value) (Value, error) {
			for _, name := range c.announced() {
				if name == args[0].Text {
					return truth(true), nil
				}
			}
			return truth(false), nil
		}},
		ofRow("recovery.ns", "nanoseconds from the first detection until all CPUs execute VMs again", func(c *scope) Value { return nanoseconds(c.r.Row.RecoveryLatency) }),
		ofRow("recovery.instructions", "instructions of all CPUs in that time", func(c *scope) Value { return number(c.r.Row.RecoveryInstructions) }),

		ofVM("right", "whether all that the VM printed is there and is right", func(v *faults.Verdict) Value { return truth(v.Right) }),
		ofVM("wrong", "whether it printed something wrong, as opposed to nothing", func(v *faults.Verdict) Value { return truth(v.Wrong) }),
		ofVM("detail", "what is wrong with what it printed", func(v *faults.Verdict) Value { return text(v.Detail) }),
		ofVM("probe", "passed, failed and how, or nothing where it was not reached", func(v *faults.Verdict) Value { return text(string(v.Probe)) }),
		ofRow("lost", "how many VMs printed something wrong or not all; of a converged run 0", func(c *scope) Value {
			n := uint64(0)
			for _, v := range c.r.Row.Verdicts {
				if !v.Right {
					n++
				}
			}
			return number(n)
		}),
	}
	for i := range list {
		list[i].row = true
	}
	return list
}

// announced lists the steps of the first recovery.
func (c *scope) announced() (list []string) {
	d := c.r.Row.Detections
	for _, s := range c.r.Row.Steps {
		if len(d) > 1 && s.Position > d[1].Position {
			break
		}
		if s.Code != faults.StepResume && !s.Done {
			list = append(list, s.Name)
		}
	}
	return list
}

func line(p faults.Place) string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

func nanoseconds(t sim.Time) Value { return number(uint64(t / sim.Nanosecond)) }
