package testbed

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
)

// crash runs the golden run until a CPU is in the VMM's function at the k-th
// instruction of it from the given percentage on, and does something to the machine.
type crash struct {
	function string
	percent  uint64
	k        int
	do       func(t *testing.T, l *campaign.Lab, m *Hardware, cpu int)
}

// failstop makes the CPU jump to address 0.
func failstop(_ *testing.T, _ *campaign.Lab, m *Hardware, cpu int) { m.SetRegister(cpu, faults.RIP, 0) }

// wildStack makes the CPU's stack pointer point to nowhere.
func wildStack(_ *testing.T, _ *campaign.Lab, m *Hardware, cpu int) { m.SetRegister(cpu, 4, 1<<62) }

// lostLock takes the lock of the page allocator for a CPU that is not there, so
// that the next one to want it hangs.
func lostLock(t *testing.T, l *campaign.Lab, m *Hardware, _ int) {
	vmm := l.System.(*VI).images["vmm"]
	addr, ok := vmm.Addr("main.heap")
	if !ok {
		t.Fatal("no main.heap")
	}
	m.WritePhys(addr-vmm.Base+vmm.Phys, []byte{8, 0, 0, 0})
}

// badGate damages the IDT's gate of page faults, and makes the VMM fail.
func badGate(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
	poke(t, m, cpu, m.CPU(cpu).IDTR.Base+14*16, 0)
	failstop(t, l, m, cpu)
}

// badCode damages the descriptor of the VMM's code, and makes it fail.
func badCode(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
	poke(t, m, cpu, m.CPU(cpu).GDTR.Base+0xe008, 0)
	failstop(t, l, m, cpu)
}

// badStack damages the stack pointer for exceptions from guests, and makes the
// VMM fail.
func badStack(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
	poke(t, m, cpu, m.CPU(cpu).TR.Base+4, 1<<62)
	failstop(t, l, m, cpu)
}

// poke writes a word at an address of the VMM's.
func poke(t *testing.T, m *Hardware, cpu int, va, v uint64) {
	t.Helper()
	pa, ok := m.CPU(cpu).Translate(va)
	if !ok {
		t.Fatalf("%#x is not mapped", va)
	}
	m.WritePhys(pa, binary.LittleEndian.AppendUint64(nil, v))
}

// at brings m to the instruction of a crash and returns the CPU about to execute it.
func (c *crash) at(t *testing.T, l *campaign.Lab, m *Hardware) int {
	t.Helper()
	g := l.Golden
	m.Restore(g.Checkpoints[len(g.Checkpoints)*int(c.percent)/100/10*10].State)
	var position uint64
	k, last := c.k, uint64(0)
	m.Trace(func(e faults.TraceEntry) {
		if position != 0 || e.CPL != 0 || e.Position == last {
			return
		}
		if name, _, _ := l.System.Target().Symbols.Func(e.PC); name == c.function || name == c.function+".abi0" {
			if k--; k == 0 {
				position = e.Position
			}
		}
		last = e.Position
	})
	from := m.Position()
	for m.Run(faults.Until{Position: m.Position() + 20000}).Reason == faults.Reached && position == 0 {
	}
	m.Trace(nil)
	if position == 0 {
		t.Fatalf("%s does not run from position %d on", c.function, from)
	}
	m.Restore(g.Checkpoints[len(g.Checkpoints)*int(c.percent)/100/10*10].State)
	m.Run(faults.Until{Position: position})
	return m.Next()
}

// follow runs the machine to its end under a setting, and classifies the run.
func (c *crash) follow(t *testing.T, l *campaign.Lab, setting string) (faults.Observation, faults.Outcome, string) {
	t.Helper()
	i := slices.IndexFunc(l.Experiment.Settings, func(s experiments.Setting) bool { return s.Name == setting })
	if i < 0 {
		t.Fatalf("no setting %s", setting)
	}
	return c.under(t, l, experiments.MustPolicy(l.Experiment.Settings[i], l.System))
}

// under does what follow does, for a policy word.
func (c *crash) under(t *testing.T, l *campaign.Lab, policy uint64) (faults.Observation, faults.Outcome, string) {
	t.Helper()
	m := l.System.Fork(l.Golden.Checkpoints[0].State).(*Hardware)
	cpu := c.at(t, l, m)
	m.SetPolicy(policy)
	c.do(t, l, m, cpu)
	o := faults.Observe(m, l.System.Target(), &l.Golden.Golden, policy)
	verdicts := l.System.Target().Judge(l.Golden.Output, o.Output)
	outcome, reason := faults.Classify(l.System.Target(), &l.Golden.Golden, &o, verdicts)
	return o, outcome, reason
}

// Failures in the middle of operations for which there are repairs: a table
// half validated, a lock held, an interrupt in service, half a context switch,
// registers half saved, half a multicall, a line half printed, a wild stack
// pointer, a hang.
func TestRecovery(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	for _, c := range []crash{
		{"main.allocTable", 20, 400, failstop},
		{"main.freeTable", 40, 400, failstop},
		{"main.(*spinlock).unlock", 30, 3, failstop},
		{"main.handleIRQ", 30, 40, failstop},
		{"main.timerSoft", 50, 30, failstop},
		{"main.contextSwitch", 30, 20, failstop},
		{"main.loadContext", 30, 20, failstop},
		{"main.sysCommon", 30, 8, failstop},
		{"main.trapEntry", 30, 8, failstop},
		{"main.hyperMulticall", 40, 50, failstop},
		{"main.outCounted", 20, 50, failstop},
		{"main.allocTable", 20, 400, wildStack},
		{"main.allocFrames", 40, 3, lostLock},
	} {
		t.Run(strings.TrimPrefix(c.function, "main."), func(t *testing.T) {
			o, outcome, reason := c.follow(t, l, "full")
			if outcome != faults.Recovered {
				t.Errorf("full: %s: %s; detected %v", outcome, reason, o.Detections)
			}
			o, outcome, reason = c.follow(t, l, "none")
			steps := slices.ContainsFunc(o.Steps, func(s faults.Step) bool { return s.Code < uint64(len(l.System.Steps())) })
			if outcome != faults.ComponentLost || !o.GivenUp || o.Recovered || steps {
				t.Errorf("none: %s: %s, steps %v", outcome, reason, o.Steps)
			}
		})
	}
}

// The damage may be in tables that the processor itself reads. With every step
// allowed, such a failure is detected and repaired, too.
func TestDamagedTables(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	for name, do := range map[string]func(*testing.T, *campaign.Lab, *Hardware, int){
		"gate": badGate, "code descriptor": badCode, "stack": badStack,
	} {
		c := crash{"main.allocTable", 20, 400, do}
		o, outcome, reason := c.under(t, l, 1<<len(l.System.Steps())-1)
		if outcome != faults.Recovered {
			t.Errorf("%s: %s: %s; detected %v", name, outcome, reason, o.Detections)
		}
	}
}

// A hang is told apart from a panic.
func TestHangIsDetected(t *testing.T) {
	l := realLab(t)
	c := crash{"main.allocFrames", 40, 3, lostLock}
	if o, _, _ := c.follow(t, l, "none"); len(o.Detections) == 0 || o.Detections[0].Kind != "hang" {
		t.Errorf("detected %v", o.Detections)
	}
}

// A failure while recovering starts recovery again, and not for ever.
func TestFailuresInRecovery(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	step := uint64(slices.Index(l.System.Steps(), "page_frames"))
	for strikes, want := range []faults.Outcome{1: faults.Recovered, 2: faults.Recovered, 3: faults.ComponentLost} {
		if strikes == 0 {
			continue
		}
		again := func(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
			failstop(t, l, m, cpu)
			for range strikes {
				for had := len(posts(m, step)); len(posts(m, step)) == had; {
					if s := m.Run(faults.Until{Position: m.Position() + 500}); s.Reason != faults.Reached {
						t.Fatalf("%v", s)
					}
				}
				all := posts(m, step)
				failstop(t, l, m, all[len(all)-1].CPU)
			}
		}
		c := crash{"main.allocTable", 20, 400, again}
		o, outcome, reason := c.follow(t, l, "full")
		if outcome != want || o.GivenUp != (want != faults.Recovered) {
			t.Errorf("%d failures while recovering: %s: %s", strikes, outcome, reason)
		}
	}
}

func posts(m faults.Machine, value uint64) (list []faults.Event) {
	for _, e := range m.Events() {
		if e.Kind == faults.EventPost && e.Value == value {
			list = append(list, e)
		}
	}
	return list
}

// The record of the failure survives the microreboot.
func TestFailureIsRecorded(t *testing.T) {
	l := realLab(t)
	vmm := l.System.(*VI).images["vmm"]
	addr, ok := vmm.Addr("main.failure")
	if !ok {
		t.Fatal("no main.failure")
	}
	var m *Hardware
	c := crash{"main.allocTable", 20, 400, func(t *testing.T, l *campaign.Lab, h *Hardware, cpu int) {
		m = h
		failstop(t, l, h, cpu)
	}}
	if _, outcome, reason := c.follow(t, l, "full"); outcome != faults.Recovered {
		t.Fatal(outcome, reason)
	}
	var b [48]byte
	m.ReadPhys(addr-vmm.Base+vmm.Phys, b[:])
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	if word(0) != 1 || word(2) != 14 || word(3) != 0 || word(4) != 0 {
		t.Errorf("count, cpu, kind, pc, address, code: %x", b)
	}
}
