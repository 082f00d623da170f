package testbed

import (
	"errors"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/vi/inspect"
)

var otherKinds = []faults.Kind{faults.Code, faults.CodeKept, faults.Memory, faults.Software, faults.SoftwareKept}

// labOf is the shared lab with another fault model.
func labOf(t *testing.T, kinds []faults.Kind, perRun int) *campaign.Lab {
	t.Helper()
	l := *realLab(t)
	l.Model.Kinds, l.Model.PerRun = kinds, perRun
	return &l
}

// Faults of the other types strike, leave a proof that holds in the golden run,
// are the same under every setting, and come out alike on both engines.
func TestOtherFaultsOnTheSystem(t *testing.T) {
	t.Parallel()
	l := labOf(t, otherKinds, 1)
	s := *l.System.(*VI)
	s.spec.Engine = machine.Plain{}
	m, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	plain, fast := &campaign.Worker{Lab: l, Machine: m}, &campaign.Worker{Lab: l}
	settings := []experiments.Setting{l.Experiment.Settings[0], l.Experiment.Settings[len(l.Experiment.Settings)-1]}
	for i := range len(otherKinds) {
		rows := fast.Unit(i, settings)
		if k := otherKinds[i]; k == faults.Code || k == faults.Software {
			again := plain.Unit(i, settings[:1])
			if d, err := experiments.Compare(&rows[0], &again[0]); err != nil || len(d) > 0 {
				t.Errorf("fault %d on the plain engine: %v %v", i, d, err)
			}
		}
		for _, r := range rows {
			if r.Outcome == faults.ToolError || r.Strike == nil || *r.Strike != *rows[0].Strike {
				t.Errorf("%s: %s %s %+v", r.Run(), r.Outcome, r.Reason, r.Strike)
				continue
			}
			fast.Restore(l.Golden.Before(r.Plan.Time, l.System.Margin()).State)
			fast.Machine.Run(faults.Until{Position: r.Strike.Position})
			clean := fast.Machine.Digest()
			if err := r.Strike.Check(fast.Machine); err != nil {
				t.Errorf("%s: %v", r.Run(), err)
			}
			if fast.Machine.Digest() == clean {
				t.Errorf("%s: the fault changed no state", r.Run())
			}
		}
	}
}

// A fault that ends when detection begins leaves nothing behind; one that is
// kept is there until the image is replaced.
func TestOverlayEndsWithDetection(t *testing.T) {
	t.Parallel()
	for _, kind := range []faults.Kind{faults.Code, faults.CodeKept} {
		l := labOf(t, []faults.Kind{kind}, 1)
		w := &campaign.Worker{Lab: l}
		none := l.Experiment.Settings[0]
		detected := 0
		for i := 0; i < 12 && detected < 3; i++ {
			r := w.Unit(i, []experiments.Setting{none})[0]
			flips := len(w.Machine.(*Hardware).Memory().Flips())
			if len(r.Detections) > 0 {
				detected++
			}
			if want := len(r.Detections) == 0 || kind == faults.CodeKept; want != (flips != 0) {
				t.Errorf("%s %d: %d detections, %d flips at the end", kind, i, len(r.Detections), flips)
			}
		}
		if detected == 0 {
			t.Errorf("%s: nothing was detected", kind)
		}
		full := l.Experiment.Settings[len(l.Experiment.Settings)-1]
		for i := 0; i < 12 && kind == faults.CodeKept; i++ {
			if r := w.Unit(i, []experiments.Setting{full})[0]; r.Outcome == faults.Recovered && len(w.Machine.(*Hardware).Memory().Flips()) != 0 {
				t.Errorf("%s: the image was replaced and the fault is still there", r.Run())
			} else if r.Outcome == faults.Recovered {
				return
			}
		}
	}
}

// Several faults of a run strike in order, each by its own trigger.
func TestSeveralFaultsOnTheSystem(t *testing.T) {
	t.Parallel()
	l := labOf(t, []faults.Kind{faults.RegisterFlip, faults.Memory, faults.Software}, 3)
	w, other := &campaign.Worker{Lab: l}, &campaign.Worker{Lab: l}
	struck := 0
	for i := range 6 {
		r, again := w.Unit(i, l.Experiment.Settings[:1])[0], other.Unit(i, l.Experiment.Settings[:1])[0]
		if d, err := experiments.Compare(&r, &again); err != nil || len(d) > 0 {
			t.Errorf("run %d: %v %v", i, d, err)
		}
		if len(r.Further) != 2 || r.Outcome == faults.ToolError {
			t.Fatalf("run %d: %s %s: %+v", i, r.Outcome, r.Reason, r.Further)
		}
		at := r.Strike.Position
		for _, f := range r.Further {
			if f.Strike == nil {
				continue
			}
			if struck++; f.Strike.Position < at || f.Strike.Kind != r.Plan.Kind || f.Strike.Time+l.System.Margin() < f.Plan.Time {
				t.Errorf("run %d: %+v", i, f)
			}
			at = f.Strike.Position
		}
	}
	if struck == 0 {
		t.Error("no further fault struck")
	}
}

// The classes of memory lie in RAM, do not overlap, and hold what they must.
func TestMemoryClasses(t *testing.T) {
	l := realLab(t)
	w := &campaign.Worker{Lab: l}
	for i := range 3 {
		p := faults.Draw("classes", i, faults.Model{Kinds: []faults.Kind{faults.Null}, From: 100, To: 900}, l.Golden.Span)[0]
		w.ToTrigger(p)
		m, target := w.Machine, l.System.Target()
		owner := map[uint64]faults.Class{}
		var size [faults.Classes]uint64
		holds := func(c faults.Class, pa uint64) {
			if got, ok := owner[pa]; !ok || got != c {
				t.Errorf("%#x is not of %s", pa, c)
			}
		}
		for c := range faults.Classes {
			for _, r := range target.Memory(m, c) {
				size[c] += r.Len
				for pa := r.Start; pa < r.Start+r.Len; pa += 8 {
					if was, twice := owner[pa]; twice || pa >= uint64(l.Experiment.Machine.MemoryMB)<<20 {
						t.Fatalf("%#x of %s is %s, too, or no RAM", pa, c, was)
					}
					owner[pa] = c
				}
			}
		}
		vmm := l.System.(*VI).images["vmm"]
		phys := func(name string) uint64 {
			addr, ok := vmm.Addr(name)
			if !ok {
				t.Fatal("no variable", name)
			}
			return addr - vmm.Base + vmm.Phys
		}
		holds(faults.Static, phys("main.domains")&^7)
		holds(faults.PageTables, word(m, phys("main.rootTable")))
		table, _ := m.Translate(m.Next(), word(m, phys("main.frameTableBase")))
		holds(faults.Heap, table)
		if rsp, ok := m.Translate(m.Next(), m.Register(m.Next(), 4)); !ok {
			t.Error("no stack")
		} else if m.Register(m.Next(), 4)-vmm.Base < 64<<20 { // just after SYSCALL it is still the guest's
			holds(faults.Stack, rsp)
		}
		onStack := uint64(0) // bytes that there must be: a CPU that executes the VMM uses its stack
		for id := range l.Experiment.Machine.CPUs {
			if m.CPL(id) == 0 && m.Register(id, 4)-vmm.Base < 64<<20 {
				onStack = 8
			}
		}
		if size[faults.Static] < 64<<10 || size[faults.Heap] < 512<<10 || size[faults.Stack] < onStack || size[faults.PageTables] < 16*4096 {
			t.Errorf("sizes %v", size)
		}
	}
}

func TestNothingToStrikeIsNotApplied(t *testing.T) {
	l := realLab(t)
	w := &campaign.Worker{Lab: l}
	p := faults.Plan{Kind: faults.Memory, Time: (l.Golden.Span.Start + l.Golden.Span.End) / 2}
	w.ToTrigger(p)
	target := *l.System.Target()
	target.Memory = nil
	if _, err := faults.Inject(w.Machine, &target, p); !errors.Is(err, faults.ErrNothing) {
		t.Error(err)
	}
}

// Code that takes and releases the VMM's locks is recognized, inlined or not,
// and other atomic accesses are not taken for it.
func TestLocksAreKnown(t *testing.T) {
	s := realLab(t).System.(*VI)
	vmm := s.images["vmm"]
	taken, released, other := 0, 0, 0
	for _, f := range vmm.Symbols() {
		if fn, ok := vmm.Func(f.Start); !ok || fn != f {
			continue
		}
		for pc := f.Start; pc < f.End; {
			code := make([]byte, 15)
			if inspect.Initial(vmm)(pc, code) != nil {
				break
			}
			i, err := x86asm.Decode(code, 64)
			if err != nil {
				break
			}
			_, inMemory := i.Args[0].(x86asm.Mem)
			switch lock := s.target.Locking(s.target.Locate(pc)); {
			case inMemory && i.Op == x86asm.CMPXCHG && lock:
				taken++
			case inMemory && i.Op == x86asm.XCHG && lock:
				released++
			case inMemory && (i.Op == x86asm.CMPXCHG || i.Op == x86asm.XCHG):
				other++
			}
			pc += uint64(i.Len)
		}
	}
	if taken == 0 || released == 0 || other == 0 {
		t.Errorf("%d take a lock, %d release one, %d are something else", taken, released, other)
	}
}
