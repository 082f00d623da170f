package step

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/explain"
	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/sim"
	"resvirt/vi/inspect"
)

// specimen is a state with invented facts of all panes, for golden screens: those of a real run
// change whenever an image does.
func specimen(w, h int) State {
	s := begin()
	s.W, s.H = w, h
	at := faults.Place{PC: 0xffff82d0402113fe, Function: "main.ackInterrupts", Offset: 0xe, File: "vi/vmm/recover_ack_interrupts.go", Line: 13}
	strike := faults.Strike{Kind: faults.RegisterFlip, CPU: 1, Position: 13_399_870, Time: 8_166_120 * sim.Nanosecond, What: "rbx", Bit: 5, Place: faults.Place{Function: "main.schedule", File: "vi/vmm/sched.go", Line: 119}}
	row := &experiments.Row{Setting: "full", Index: 17, Strike: &strike, Outcome: faults.Recovered, EndPosition: 15_949_210, EndTime: 9 * sim.Millisecond,
		Verdicts: []faults.Verdict{{VM: "d0", Right: true}, {VM: "d1", Right: true}}}
	events := []recording.Event{
		{Kind: recording.Fault, Number: 1, CPU: 1, Position: 13_399_870, Name: "register"},
		{Kind: recording.Detection, Number: 1, CPU: 1, Position: 13_401_000, Name: "panic", Detection: 1},
	}
	names := []string{"microreboot", "nmi_ipi", "ack_interrupts", "nmi_ack", "reinit_locks", "page_frames", "sched_metadata"}
	for i, n := range names {
		row.Steps = append(row.Steps, faults.Step{Name: n})
		events = append(events, recording.Event{Kind: recording.Step, Number: i + 1, Position: 13_402_000 + uint64(i)*90_000, Name: n, Detection: 1})
	}
	events = append(events, recording.Event{Kind: recording.Complete, Number: 1, Position: 14_050_000, Detection: 1}, recording.Event{Kind: recording.End, Number: 1, CPU: -1, Position: 15_949_210})
	s.Run = &subject{Path: "quick.db", Row: row, Setting: experiments.Setting{Name: "full", Steps: names}, Steps: append(names, "full_reboot", "doubt"), CPUs: 2, Events: events,
		Start: 10_000_000, End: 15_949_210, GoldenEnd: 15_008_498, Base: based{row, experiments.Setting{Name: "full", Steps: names}}}
	s.Now = &scene{At: 13_582_118, Name: "S3+118", Time: 8_167_730 * sim.Nanosecond, CPU: 1, Next: 1, Place: at}
	s.Now.Facts = specimenFacts(s.Run, at)
	s.Last = &scene{At: 13_582_117, Facts: s.Now.Facts}
	before := *s.Now.Facts[registersPane].(*contents)
	before.this[1] = 0xdf
	s.Last.Facts[registersPane] = &before
	s.Known = known{proof: "replay = row", chain: []explain.Link{
		{Kind: explain.TheFault, CPU: 1, Position: 13_399_870, Text: "bit 5 of rbx flipped, 0x1 became 0x21"},
		{Kind: explain.TheDetection, CPU: 1, Position: 13_401_000, Text: "panic, #PF page fault"},
		{Kind: explain.Evidence, Depth: 1, CPU: -1, Text: "address 0x108 is next to 0: a nil pointer"},
		{Kind: explain.TheEnd, CPU: -1, Position: 15_949_210, Text: "recovered"},
	}, health: specimenHealth(events), names: map[recording.Position]string{events[0].Position + 12: "F+12"}}
	s.Known.events = recording.Merged(events, []recording.Event{
		{Kind: recording.Printed, CPU: -1, Position: 14_600_000, VM: "d1", Name: "cow 9ab6614b"},
		{Kind: recording.Probed, CPU: -1, Position: 15_000_000, VM: "d1", Name: "probe ok", Probe: faults.ProbePassed},
		{Kind: recording.Probed, CPU: -1, Position: 15_300_000, VM: "d2", Name: "probe failed: fork 0x1", Probe: faults.ProbeFailed + "fork 0x1"},
		{Kind: recording.Gone, CPU: -1, Position: 15_600_000, VM: "d1"},
	})
	return s
}

func specimenHealth(events []recording.Event) *recording.Health {
	h := &recording.Health{}
	for i, e := range events {
		h.Positions, h.Count = append(h.Positions, e.Position), append(h.Count, max(5-i, 0))
	}
	h.Broken = []recording.Broken{
		{Violation: inspect.Violation{Kind: inspect.Interrupts, Place: "vector e0", Is: "in service", Should: "acknowledged"}, Since: events[0].Position + 12, Exact: true},
		{Violation: inspect.Violation{Kind: inspect.Locks, Place: "sched[1].lock", Is: "held by CPU 1", Should: "free"}, Since: events[1].Position, Until: events[3].Position, Repairer: &events[2]},
	}
	return h
}

func specimenFacts(r *subject, at faults.Place) (f [panes]any) {
	frames := []frame{
		{Place: faults.Place{PC: at.PC, Function: "main.inService", File: at.File, Line: 30}, Expanded: true, level: 0},
		{Place: at, level: 0, call: 1},
		{Place: faults.Place{Function: "main.recoverVMM", File: "vi/vmm/recover.go", Line: 39}, level: 1},
		{Place: faults.Place{Function: "appvm:main.syscall", File: "vi/guest/syscall.go", Line: 7}, Domain: "d1", Left: testbed.Hypercall, level: 2},
	}
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("\tline %d of this file", i+1))
	}
	f[sourcePane] = &listing{cpu: 1, frames: frames, chosen: 1, lines: lines, vars: []testbed.Shown{
		{Name: "v", Type: "uint8", Text: "224", Register: 1}, {Name: "c", Type: "*CPU", Text: "CPU1", Register: 3}, {Name: "n", Type: "int", Text: "not live here", Absent: true, Register: -1},
	}}
	c := &code{cpu: 1, at: 3}
	for i := range 20 {
		c.list = append(c.list, instruction{pc: at.PC - 12 + uint64(4*i), in: fmt.Sprintf("+%#x", 4*i), text: fmt.Sprintf("mov rax, qword ptr [rbx+%#x]", 8*i), line: (i % 3 / 2) * (10 + i)})
	}
	f[instructionsPane] = c
	regs := &contents{cpu: 1, where: "ackInterrupts+0xe", doing: "VMM d1v0", cr2: 0x108, cr3: 0x9d1000, hasControl: true, asked: true, hasGolden: true, goldenWhere: "appvm:main.loop+0x4", goldenCR3: 0x77000}
	for i := range regs.this {
		regs.this[i], regs.golden[i] = 0xffff830000000000+uint64(i)<<12, 0xffff830000000000+uint64(i)<<12
	}
	regs.this[faults.RIP], regs.this[1], regs.this[faults.RFLAGS], regs.golden[faults.RFLAGS] = at.PC, 0xe0, 0x246, 0x202
	f[registersPane] = regs
	f[invariantsPane] = &damage{at: 13_582_118, in: "S3+118", now: []broken{
		{where: inspect.Where{Kind: inspect.Interrupts, Place: "vector e0"}, is: "in service", should: "acknowledged"},
		{where: inspect.Where{Kind: inspect.Locks, Place: "d2v0.lock"}, is: "held by CPU 0", should: "free", way: underWay},
	}}
	f[componentsPane] = &parts{phase: "recovers, step 3 of 7", doing: []testbed.Doing{{Kind: testbed.InNMI, Domain: -1}, {Kind: testbed.InVMM, Domain: 1}}, list: []recording.Component{
		{Name: "VMM"},
		{Name: "d0", VCPUs: []testbed.VCPU{{VM: "d0", CPU: -1, State: testbed.VCPUBlocked}}, Lines: []string{"created d1"}, Wanted: 9},
		{Name: "d1", VCPUs: []testbed.VCPU{{VM: "d1", CPU: 1, Call: "multicall", Part: 2, Parts: 8, PartCall: "mmu_update"}}, Lines: []string{"cow 9ab6614b"}, Wanted: 12, Verdict: faults.Verdict{VM: "d1"}},
		{Name: "d2", Lines: []string{"arith e0c2b"}, Wanted: 3, Verdict: faults.Verdict{VM: "d2", Wrong: true}},
	}}
	w := &choices{}
	for i, n := range r.Steps {
		w.steps = append(w.steps, choice{name: n, on: i < 7, announced: i < 7})
	}
	f[whatifPane] = w
	f[stackPane] = &chains{chosen: 1, list: []chain{{1, "VMM d1v0", frames}, {0, "NMI handler", []frame{{Place: faults.Place{Function: "main.waitMask", File: "vi/vmm/ipi.go", Line: 12}}}}}}
	m := &dump{cpu: 1, at: 0xffff83000021ff60, what: "rsp = 0xffff83000021ff60", walk: []string{"cr3 0x9d1000, pages of 0xffff83000021ff60:", "L4[262] 00000000009d7063 rwx", "physical 0x21ff60"}}
	m.from = m.at&^7 - 8*wordsShown/2
	for i := range wordsShown {
		m.this, m.golden = append(m.this, word{ok: true, v: uint64(i) << 32}), append(m.golden, word{ok: true, v: uint64(i%5) << 32})
	}
	m.this[33].name = "schedule+0x3"
	f[memoryPane], f[whyPane] = m, reasons{}
	f[timelinePane] = specimenCourse(r)
	f[structuresPane] = &grove{list: []testbed.Node{
		{Path: "CPU1", Name: "CPU1", Type: "CPU", Text: "{ID:1 core:{…}}", More: true, Open: true, Address: 0xffff82d040211000},
		{Path: "CPU1.ID", Name: "ID", Type: "uint32", Depth: 1, Text: "1", Address: 0xffff82d040211000},
		{Path: "CPU1.curr", Name: "curr", Type: "*VCPU", Depth: 1, Text: "d1v0", More: true, Address: 0xffff82d040211008},
		{Path: "main.policy", Name: "policy", Type: "uint64", Text: "12", Address: 0xffff82d040212000}},
		golden: map[string]testbed.Node{"CPU1.curr": {Path: "CPU1.curr", Text: "d2v0"}}}
	f[tlbPane] = specimenTLB()
	f[apicPane] = &controller{cpu: 1, this: []apicLine{{"in service", "e0"}, {"requested", "31 f1: wait, f1 is not above the priority"}, {"timer", "one-shot 812 of 9000, divided by 1, expires in 81.2us"}}, golden: []apicLine{{"in service", "none"}, {"requested", "31 f1: wait, f1 is not above the priority"}}}
	f[pagesPane] = &differing{asked: true, hasGolden: true, list: []differingPage{{0x200, 8, 0x1f8, 0xffff82d0402001f8, "main.policy"}, {0x9d7, 4000, 0, 0xffff8300009d7000, "d1: L4 table"}}}
	return f
}

func specimenTLB() *buffer {
	at := func(va, pa uint64) cpu.Translation {
		return cpu.Translation{VA: va, PA: pa, Size: 4096, Writable: true, NoExecute: true}
	}
	t := &buffer{cpu: 1, stale: 2, golden: map[key3]bool{{va: 0xffff82d040211000, pa: 0x411000}: true}}
	moved, gone, text := at(0x7000, 0x9000), at(0x8000, 0xa000), at(0xffff82d040211000, 0x411000)
	text.Global, text.Writable, text.NoExecute, text.Size = true, false, false, 1<<21
	t.list = []cached{{Translation: moved, now: at(0x7000, 0xb000), mapped: true}, {Translation: gone}, {Translation: text, now: text, mapped: true, name: "ackInterrupts+0x0"}}
	return t
}

func specimenCourse(r *subject) *course {
	a := &along{from: r.Start, to: r.End}
	for i := range uint64(32) {
		p := r.Start + (r.End-r.Start)*i/32
		kind := []testbed.DoingKind{testbed.InUser, testbed.InVMM, testbed.InGuest, testbed.Idle}[i%4]
		m := recording.Moment{Position: p, CPUs: []testbed.Doing{{Kind: kind, Domain: 1}, {Kind: testbed.InUser, Domain: 2}}}
		if p < r.GoldenEnd {
			a.golden = append(a.golden, m)
		}
		if p > 13_401_000 && p < 14_050_000 {
			m.CPUs = []testbed.Doing{{Kind: testbed.InNMI, Domain: -1}, {Kind: testbed.InVMM, Domain: -1}}
		}
		a.this = append(a.this, m)
	}
	return &course{r.Start, r.End, a}
}

// withOther is the specimen with another run, without a step, which moves together with it.
func (s State) withOther() State {
	name := s.Run.Row.Steps[2].Name
	row := *s.Run.Row
	row.Outcome, row.Steps = faults.Hang, row.Steps[:2]
	b := *s.Run
	b.Row, b.Change = &row, "without "+name
	s.What = what{switched: []string{name}, forks: []*forked{{text: b.Change, row: &row, parts: "part at S3+18 (13,582,018): A goes to main.begin+0x71 steps.go:103, B to main.begin+0x47 steps.go:105", partAt: 13_582_018, partIn: "S3+18", endA: s.Run.Row.EndTime}}}
	s = s.focus(whatifPane)
	now, other := *s.Now, *s.Now
	other.Name, other.CPU = "S2+118", 0
	now.Other, now.Of = &other, &b
	s.Now, s.Ask.Beside = &now, b.Change
	return s
}
