// Package toy is a machine small enough to reason about, and a System around
// it. Tests run whole campaigns on it in milliseconds.
package toy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// toy has 2 processors. Each runs a loop of 20 instructions of 1 ns, the first 4 at privilege level 0, and
// every register fails in a way of its own when it is changed.
//
//	rax  accumulates: a change shows in the output         (silent)
//	rbx  is overwritten in each loop                       (converged)
//	rcx  is checked in each loop                           (panic)
//	rdx  stops the processor, which the watchdog sees      (hang detected)
//	rsi  stops both processors, unseen                     (hang)
//	rdi  is never used                                     (latent)
//	r8   reaches what the model lacks                      (unsupported)
//	r9   crashes the host program                          (tool error)
//	rip  is checked in each instruction                    (panic)
//
// Of memory, a change of static data shows in the output; of code, any change
// of an instruction that executes is found.
type toy struct {
	s      toyState
	events []faults.Event
	trace  func(faults.TraceEntry)
}

type toyState struct {
	cpu    [2]toyCPU
	turn   int
	left   int
	scoped uint64
	data   [64]byte // memory, 16 bytes of each class
	flips  [80]byte // the fetch overlay of the program
	policy uint64
	serial []byte
	final  *faults.Stop
}

type toyCPU struct {
	reg     [faults.Registers]uint64
	clock   sim.Time
	retired uint64
	step    uint64 // of the program
	loops   uint64
	failing int // > 0: in the detection entry or recovery
	hang    bool
	stuck   int // hang periods seen
	done    bool
}

const (
	toyBase  = 0x1000
	toyPanic = 0xdead0
	toyHang  = 0xdead8
	toyLoops = 1000
)

func newToy() *toy {
	t := &toy{}
	t.s.left = 500
	for i := range t.s.cpu {
		c := &t.s.cpu[i]
		c.reg[1], c.reg[faults.RIP] = 0x1000, toyBase
	}
	return t
}

func (t *toy) Position() uint64                               { return t.s.cpu[0].retired + t.s.cpu[1].retired }
func (t *toy) Now() sim.Time                                  { return t.s.cpu[t.s.turn].clock }
func (t *toy) Next() int                                      { return t.s.turn }
func (t *toy) CPUs() int                                      { return len(t.s.cpu) }
func (t *toy) Register(c int, r faults.Register) uint64       { return t.s.cpu[c].reg[r] }
func (t *toy) SetRegister(c int, r faults.Register, v uint64) { t.s.cpu[c].reg[r] = v }
func (t *toy) Scoped() uint64                                 { return t.s.scoped }
func (t *toy) InScope(c int) bool                             { return t.CPL(c) == 0 }
func (t *toy) Policy() uint64                                 { return t.s.policy }
func (t *toy) SetPolicy(p uint64)                             { t.s.policy = p }
func (t *toy) Serial() []byte                                 { return t.s.serial }
func (t *toy) Events() []faults.Event                         { return t.events }

// Trace calls f before each instruction, or before those at the addresses only.
func (t *toy) Trace(f func(faults.TraceEntry), only ...uint64) {
	t.trace = f
	if f != nil && len(only) > 0 {
		t.trace = func(e faults.TraceEntry) {
			if slices.Contains(only, e.PC) {
				f(e)
			}
		}
	}
}

// Stall is part of checks.Disturbable.
func (t *toy) Stall(c int, d sim.Time) { t.s.cpu[c].clock += d }

// Provoke is part of checks.Disturbable.
func (t *toy) Provoke() error {
	if c := &t.s.cpu[t.s.turn]; !c.done {
		c.hang, c.stuck = true, 250
	}
	return nil
}

func (t *toy) CPL(c int) uint8 {
	if p := &t.s.cpu[c]; p.step%20 < 4 || p.failing > 0 {
		return 0
	}
	return 3
}

func (t *toy) Digest() sim.Digest {
	h := fnv.New128a()
	fmt.Fprintf(h, "%v %v %v %v %v %v %s", t.s.cpu, t.s.turn, t.s.left, t.s.policy, t.s.data, t.s.flips, t.s.serial)
	d, err := sim.ParseDigest(fmt.Sprintf("%x", h.Sum(nil)))
	if err != nil {
		panic(err)
	}
	return d
}

func (t *toy) Snapshot() faults.Snapshot {
	s := t.s
	s.serial = bytes.Clone(s.serial)
	return s
}

func (t *toy) Restore(s faults.Snapshot) {
	t.s = s.(toyState)
	t.s.serial = bytes.Clone(t.s.serial)
	t.events = nil
}

func (t *toy) Run(u faults.Until) faults.Stop {
	scoped := uint64(0)
	for {
		switch {
		case t.s.final != nil:
			return *t.s.final
		case u.Position != 0 && t.Position() >= u.Position, u.Time != 0 && t.Now() >= u.Time:
			return faults.Stop{CPU: t.s.turn}
		}
		if t.CPL(t.s.turn) == 0 {
			if scoped++; u.Scoped != 0 && scoped == u.Scoped {
				return faults.Stop{CPU: t.s.turn}
			}
		}
		cpu := t.s.turn
		if t.trace != nil {
			t.trace(faults.TraceEntry{CPU: cpu, Position: t.Position(), PC: t.Register(cpu, faults.RIP), CPL: t.CPL(cpu)})
		}
		watched := t.step(cpu)
		if t.s.left--; t.s.left <= 0 || t.s.cpu[cpu].done {
			t.s.turn, t.s.left = 1-cpu, 500
			if t.s.cpu[t.s.turn].done {
				t.s.turn = cpu
			}
		}
		if watched && u.Watched {
			return faults.Stop{Reason: faults.Watched, CPU: cpu}
		}
	}
}

func (t *toy) event(k faults.EventKind, cpu int, pc, value uint64) {
	c := &t.s.cpu[cpu]
	t.events = append(t.events, faults.Event{Kind: k, CPU: cpu, Position: t.Position(), Time: c.clock, PC: pc, Value: value})
}

func (t *toy) end(s faults.Stop) { t.s.final = &s }

// step executes an instruction and tells whether it was a watched one.
func (t *toy) step(cpu int) bool {
	c := &t.s.cpu[cpu]
	if t.CPL(cpu) == 0 {
		t.s.scoped++
	}
	c.clock += sim.Nanosecond
	c.retired++
	if c.failing > 0 {
		t.recover(cpu)
		return c.failing == 1
	}
	if c.hang {
		if c.stuck++; c.stuck == 300 && c.reg[6] == 0 {
			t.event(faults.EventWatched, cpu, toyHang, 0)
			c.failing = 1
			return true
		}
		return false
	}
	if c.reg[9] != 0 {
		panic("the toy broke")
	}
	if t.struck(c) || c.reg[1] != 0x1000 && c.step%20 == 2 || c.reg[faults.RIP] != toyBase+4*(c.step%20) {
		t.event(faults.EventWatched, cpu, toyPanic, 0)
		c.failing = 1
		return true
	}
	switch {
	case c.reg[2] != 0 || c.reg[6] != 0:
		c.hang = true
	case c.reg[8] != 0:
		t.end(faults.Stop{Reason: faults.Unsupported, CPU: cpu, Detail: "frobnicate"})
	}
	t.work(cpu, c)
	return false
}

func (t *toy) work(cpu int, c *toyCPU) {
	switch c.step % 20 {
	case 0:
		c.reg[3] = c.step
	case 10:
		c.reg[0] = c.reg[0]*6364136223846793005 + 1
	case 19:
		if c.loops++; c.loops%100 == 0 || c.loops == 1 {
			what := fmt.Sprintf("sum %x", c.reg[0]+uint64(t.s.data[0]))
			if c.loops == 1 {
				what = "start"
			}
			t.s.serial = fmt.Appendf(t.s.serial, "(d%d) %s\n", cpu+1, what)
		}
		if c.loops == toyLoops {
			t.s.serial = fmt.Appendf(t.s.serial, "(d%d) probe ok\n", cpu+1)
			c.done = true
			if t.s.cpu[1-cpu].done {
				t.end(faults.Stop{Reason: faults.Exited, CPU: cpu, Code: 1})
			}
		}
	}
	c.step++
	c.reg[faults.RIP] = toyBase + 4*(c.step%20)
}

// recover is the toy's recovery: with bit 0 of the policy the processor runs
// again, with a wrong sum unless bit 1 is set, too.
func (t *toy) recover(cpu int) {
	c := &t.s.cpu[cpu]
	c.failing++
	switch {
	case t.s.policy&1 == 0 && c.failing == 10:
		t.event(faults.EventPost, cpu, 0, 0x7e)
		t.end(faults.Stop{Reason: faults.AllHalted, CPU: cpu})
	case c.failing == 20:
		t.event(faults.EventPost, cpu, 0, 1)
	case c.failing == 100:
		t.event(faults.EventPost, cpu, 0, 0x7f)
		c.failing, c.hang, c.stuck = 0, false, 0
		c.reg[1], c.reg[2], c.reg[faults.RIP] = 0x1000, 0, toyBase+4*(c.step%20)
		if t.s.policy&2 == 0 {
			c.reg[0]++
		}
		t.event(faults.EventUserEntry, cpu, 0, 0)
	}
}

// System is an experiments.System around the toy. Version is part of its identity.
type System struct{ Version string }

// Boot is part of experiments.System.
func (System) Boot() (faults.Machine, error) { return newToy(), nil }

// Fork is part of experiments.System.
func (System) Fork(s faults.Snapshot) faults.Machine {
	t := newToy()
	t.Restore(s)
	return t
}

// Started is part of experiments.System.
func (System) Started(serial []byte) bool { return bytes.Count(serial, []byte("start\n")) == 2 }

// Measured is part of experiments.System.
func (System) Measured([]byte) bool { return false }

// Facts is part of experiments.System.
func (System) Facts(m faults.Machine) experiments.Counters {
	t := m.(*toy)
	return experiments.Counters{Target: t.Position() / 5, CPUs: []experiments.CPUCounter{toyCounter(&t.s.cpu[0]), toyCounter(&t.s.cpu[1])}}
}

// Margin is part of experiments.System.
func (System) Margin() sim.Time { return sim.Microsecond }

// Identity is part of experiments.System.
func (s System) Identity() []string { return []string{"toy " + s.Version} }

// Parts is part of experiments.System.
func (System) Parts() []experiments.Part {
	var list []experiments.Part
	for _, text := range []string{"the toy", "its notes"} {
		digest := sha256.Sum256([]byte(text))
		list = append(list, experiments.Part{Kind: "image", Name: text, Digest: hex.EncodeToString(digest[:]), Data: []byte(text)})
	}
	return list
}

// Semantics is part of experiments.System.
func (System) Semantics() string { return "toy 1" }

// toyCounter counts every loop as a tick and a switch, and every 100th as a
// period.
func toyCounter(c *toyCPU) experiments.CPUCounter {
	return experiments.CPUCounter{Ticks: c.loops, Switches: c.loops, Periods: c.loops / 100}
}

// Steps is part of experiments.System. The toy has two.
func (System) Steps() []string { return []string{"restart", "patch"} }

// Target is part of experiments.System.
func (System) Target() *faults.Target {
	return &faults.Target{
		Name: "toy", Symbols: toySymbols{}, Entries: []faults.Entry{{PC: toyPanic, Kind: faults.ByPanic}, {PC: toyHang, Kind: faults.ByHang}},
		Recovered: 0x7f, GivenUp: 0x7e, StepNames: map[uint64]string{1: "patch"}, ExitOK: 1, WaysBack: 1,
		Cause: func(m faults.Machine, cpu int) faults.Cause {
			return faults.Cause{What: "check failed", PC: m.Register(cpu, faults.RIP)}
		},
		Judge: toyJudge,
		Memory: func(_ faults.Machine, c faults.Class) []faults.Range {
			return []faults.Range{{Start: 16 * uint64(c), Len: 1}, {Start: 16*uint64(c) + 4, Len: 1}}
		},
	}
}

type toySymbols struct{}

func (toySymbols) Func(pc uint64) (string, uint64, bool) {
	return "toy.loop", toyBase, pc >= toyBase && pc < toyBase+80
}

func (toySymbols) Calls(pc uint64) []faults.Call {
	if pc < toyBase || pc >= toyBase+80 {
		return nil
	}
	return []faults.Call{{Function: "toy.loop", File: "toy.go", Line: int(pc-toyBase)/4 + 1}}
}

func toyJudge(golden, got []byte) []faults.Verdict {
	var list []faults.Verdict
	for i := 1; i <= 2; i++ {
		v := faults.Verdict{VM: fmt.Sprintf("d%d", i)}
		want, have := toyLines(golden, v.VM), toyLines(got, v.VM)
		v.Complete = bytes.Contains(have, []byte("probe"))
		if bytes.Contains(have, []byte("probe ok")) {
			v.Probe = "passed"
		}
		switch {
		case bytes.Equal(want, have):
			v.Right = true
		case bytes.HasPrefix(want, have):
			v.Detail = "output is missing"
		default:
			v.Wrong, v.Detail = true, "output is wrong"
		}
		list = append(list, v)
	}
	return list
}

func toyLines(b []byte, vm string) (out []byte) {
	for line := range bytes.Lines(b) {
		if bytes.HasPrefix(line, []byte("("+vm+")")) {
			out = append(out, line...)
		}
	}
	return out
}
