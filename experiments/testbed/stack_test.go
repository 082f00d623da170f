package testbed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// text is a stack on one line.
func (s Stack) text() string {
	var b strings.Builder
	for _, l := range s.Levels {
		if l.Left != Called {
			fmt.Fprintf(&b, "(%s) ", l.Left)
		}
		fmt.Fprintf(&b, "%s:%s ", l.Image, l.function())
	}
	return b.String() + "| " + s.End.String()
}

// function is the name of a level's function.
func (l *StackLevel) function() string {
	if len(l.Calls) == 0 {
		return ""
	}
	return strings.TrimSuffix(inspect.ShortName(l.Calls[len(l.Calls)-1].Function), ".abi0")
}

// eachState calls f at every n-th instruction of some stretches of the golden run.
func eachState(t testing.TB, g *Guests, l goldenRun, every, most int, f func(m *Hardware, cpu int)) {
	t.Helper()
	m := l.fork(0)
	for i := range l.checkpoints() {
		if i%4 != 0 || !l.restore(m, i) {
			continue
		}
		n := 0
		m.Trace(func(e faults.TraceEntry) {
			if n++; n%every == 0 {
				f(m, e.CPU)
			}
		})
		m.Run(faults.Until{Position: m.Position() + uint64(every*most)})
	}
}

// begins are the functions that begin a stack.
var begins = []string{"guest.Boot", "guest.workerStart", "entry", "entryAP", "resetStackAndCall", "rebootBoot", "rebootOther", "onFreshStack"}

// realGuests is the system that is shared, and what looks into its VMs.
func realGuests(t *testing.T) (*campaign.Lab, *Guests) {
	t.Helper()
	l := realLab(t)
	g, err := GuestsOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	return l, g
}

// In a run without a fault every stack is complete, whatever instruction a processor is
// at: from the VMM through the kernel of a guest to where its stack, or that of the
// program in it, begins.
func TestStacksAreCompleteAtEveryInstruction(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	stacks, kinds, ends := 0, map[string]int{}, map[string]int{}
	eachState(t, g, goldenRun{l}, 11, 250, func(m *Hardware, cpu int) {
		s := g.StackOf(m, cpu)
		last := &s.Levels[len(s.Levels)-1]
		stacks++
		if slices.ContainsFunc(s.Levels, func(l StackLevel) bool { return l.function() == "guest.sysExecve" || l.function() == "guest.switchTo" }) {
			return // the program's memory may be gone, or no longer what the page tables map
		}
		if s.End != inspect.StackBegins || !slices.Contains(begins, last.function()) {
			if ends[s.End.String()]++; ends[s.End.String()] < 4 {
				t.Errorf("position %d, CPU %d: %s", m.Position(), cpu, s.text())
			}
		}
		for i := range s.Levels {
			kinds[s.Levels[i].Image+", "+s.Levels[i].Left.String()]++
		}
	})
	t.Logf("%d stacks: %v", stacks, kinds)
	for _, kind := range []string{"vmm, called", "vmm, interrupted", "control, hypercall", "appvm, hypercall", "appvm, called",
		"appvm, interrupted", "workload, interrupted", "workload, system call", "workload, called"} {
		if kinds[kind] == 0 {
			t.Errorf("no level of kind %q among %d stacks", kind, stacks)
		}
	}
}

// Frame pointers lead from function to function as well, but for those without a frame.
// What they find must be among the levels, in the same order.
func TestFramePointersAgreeWithStacks(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	compared := 0
	eachState(t, g, goldenRun{l}, 41, 120, func(m *Hardware, cpu int) {
		s := g.StackOf(m, cpu)
		first := &s.Levels[0]
		if first.View() == nil {
			return // a stub of a hypercall page
		}
		if f, ok := first.View().Image().Func(first.PC); !ok || first.PC-f.Start < 16 || strings.HasSuffix(first.Calls[0].File, ".s") {
			return // RBP may not be its own yet
		}
		at := 0
		bp := first.GPR[inspect.RBP]
		for bp != 0 && bp%8 == 0 {
			ret, err := ReadWord(first.Memory(), bp+8)
			if err != nil {
				break
			}
			if _, ok := first.View().Image().Func(ret - 1); !ok {
				break // RBP was used for something else
			}
			found := slices.IndexFunc(s.Levels[at:], func(l StackLevel) bool { return l.PC == ret })
			if found < 0 {
				t.Errorf("position %d: frame pointers lead to %s, which is not in %s", m.Position(), first.View().Image().Where(ret), s.text())
				return
			}
			compared++
			at += found + 1
			next, err := ReadWord(first.Memory(), bp)
			if err != nil || next <= bp {
				break
			}
			bp = next
		}
	})
	if compared < 1000 {
		t.Errorf("only %d callers were compared", compared)
	}
}

// Variables whose values are known otherwise: where a hypercall is dispatched, its
// number and arguments are those that the guest has in its registers.
func TestVariablesOfARunHaveTheValuesOfTheGuest(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	dispatch, _ := g.vmm.Addr("main.dispatch")
	m := goldenRun{l}.fork(0)
	seen := 0
	m.Trace(func(e faults.TraceEntry) {
		if e.PC != dispatch || m.CPL(e.CPU) != 0 {
			return
		}
		s := g.StackOf(m, e.CPU)
		i := slices.IndexFunc(s.Levels, func(l StackLevel) bool { return l.Domain != "" })
		if i < 2 || s.Levels[i-2].function() != "hypercall" && s.Levels[i-3].function() != "hypercall" || s.Levels[1].function() != "hypercall" {
			return // an entry of a multicall
		}
		seen++
		guest := &s.Levels[i]
		known := g.KnownIn(m)
		want := map[string]string{}
		for name, reg := range map[string]int{"nr": inspect.RAX, "a1": inspect.RDI, "a2": inspect.RSI, "a3": inspect.RDX, "a4": 10, "a5": 8} {
			want[name] = fmt.Sprintf("%#x", guest.GPR[reg])
		}
		want["v"], want["r"] = fmt.Sprintf("%sv0", guest.Domain), fmt.Sprintf("CPU%d.guest", e.CPU)
		for _, level := range s.Levels[:2] {
			for _, x := range level.Locals() {
				text, ok := want[x.Name]
				if !ok || x.Absent != inspect.Present || x.Call != 0 {
					continue
				}
				delete(want, x.Name)
				got := level.View().ShowLocal(&x, inspect.Style{Known: known.At})
				if n, err := x.Value.Uint(); err == nil && !strings.HasPrefix(x.Type(), "*") {
					got = fmt.Sprintf("%#x", n)
				}
				if got != text {
					t.Errorf("position %d: %s is %s, should be %s", m.Position(), x.Name, got, text)
				}
			}
		}
		if len(want) > 1 { // r may have been overwritten
			t.Errorf("position %d: no values of %v", m.Position(), want)
		}
	})
	m.Run(faults.Until{Position: m.Position() + 90_000})
	if seen < 15 {
		t.Errorf("only %d hypercalls were seen", seen)
	}
}

// After a failure the handler runs on a fresh stack, and the other processor in an NMI.
func TestStacksOfARecovery(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	m := goldenRun{l}.fork(0)
	for m.CPL(0) == 3 {
		m.Run(faults.Until{Position: m.Position() + 1})
	}
	before := g.StackOf(m, 0)
	failing := before.Levels[0]
	full := slices.IndexFunc(l.Experiment.Settings, func(s experiments.Setting) bool { return s.Name == "full" })
	m.SetPolicy(experiments.MustPolicy(l.Experiment.Settings[full], l.System))
	m.SetRegister(0, faults.RIP, 0)
	fresh, nmi, failed, copying, all := 0, 0, 0, 0, 0
	m.Trace(func(e faults.TraceEntry) {
		if m.CPL(e.CPU) == 3 {
			return
		}
		if all++; all%4 != 0 {
			return
		}
		s := g.StackOf(m, e.CPU)
		last := &s.Levels[len(s.Levels)-1]
		if s.End == inspect.StackGivenUp {
			fresh++
		}
		if last.Left == Failed {
			failed++
		}
		if first := &s.Levels[0]; first.Copied && first.function() == "copyImage" {
			copying++
		}
		if slices.ContainsFunc(s.Levels, func(l StackLevel) bool { return l.function() == "trapEntryOwn" }) && last.Image != "vmm" {
			nmi++ // through the NMI to the guest that it interrupted
		}
	})
	m.Run(faults.Until{Position: m.Position() + 20000})
	t.Logf("failed in %s: %d stacks, %d given up before, %d through an NMI", failing.function(), all, fresh, nmi)
	if fresh < 100 || nmi < 100 || failed < fresh*9/10 || copying == 0 {
		t.Errorf("of %d stacks %d tell of one that was given up, %d of these from where; %d lead through an NMI to a guest, %d replace the image", all, fresh, failed, nmi, copying)
	}
}

// Guests that do not run have stacks as well.
func TestStacksOfGuestsThatWait(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	waiting, complete := 0, 0
	eachState(t, g, goldenRun{l}, 211, 30, func(m *Hardware, _ int) {
		list, err := g.In(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, guest := range list {
			c, err := g.ContextOf(m, guest)
			if err != nil || c.CPU >= 0 {
				continue
			}
			s := g.StackIn(m, guest)
			if strings.Contains(s.text(), "guest.switchTo") {
				continue // between two processes: the stack is the old one's, the address space the new one's
			}
			waiting++
			if s.End == inspect.StackBegins && s.Levels[0].Domain == guest.Name {
				complete++
			} else if waiting-complete < 5 {
				t.Logf("position %d, %s: %s", m.Position(), guest.Name, s.text())
			}
		}
	})
	if waiting < 50 || complete < waiting*95/100 {
		t.Errorf("%d of %d stacks are complete", complete, waiting)
	}
}

// A damaged machine is looked at without harm: stacks end, with a reason.
func TestStacksOfDamagedMachinesEnd(t *testing.T) {
	t.Parallel()
	l, g := realGuests(t)
	m := goldenRun{l}.fork(0)
	m.Run(faults.Until{Position: m.Position() + 3000})
	whole := m.Snapshot()
	rng := rand.New(rand.NewPCG(1, 2))
	ends := map[inspect.StackEnd]int{}
	for range 80 {
		m.Restore(whole)
		m.Run(faults.Until{Position: m.Position() + rng.Uint64N(200)})
		for cpu := range m.CPUs() {
			for range 1 + rng.IntN(4) {
				r := faults.Register(rng.IntN(int(faults.Registers)))
				m.SetRegister(cpu, r, m.Register(cpu, r)^1<<rng.IntN(64))
			}
			block := g.blockOf(cpu) - g.vmm.Base + g.vmm.Phys
			for range rng.IntN(200) {
				m.WritePhys(block+rng.Uint64N(1<<16), []byte{byte(rng.Uint32())})
			}
			s := g.StackOf(m, cpu)
			if len(s.Levels) == 0 || len(s.Levels) > stackLimit || s.End == inspect.Continues {
				t.Fatalf("%d levels, %v", len(s.Levels), s.End)
			}
			ends[s.End]++
			for i := range s.Levels {
				for _, x := range s.Levels[i].Locals() {
					if s.Levels[i].View().ShowLocal(&x, inspect.Style{Width: 30}) == "" {
						t.Errorf("%s is shown as nothing", x.Name)
					}
				}
			}
			g.Roots(m, cpu)
		}
		list, err := g.In(m)
		if err != nil {
			continue
		}
		for _, guest := range list {
			if s := g.StackIn(m, guest); s.End == inspect.Continues {
				t.Errorf("the stack of %s goes on after its end", guest.Name)
			}
		}
	}
	if len(ends) < 3 {
		t.Errorf("stacks ended for the reasons %v alone", ends)
	}
}

func BenchmarkStacks(b *testing.B) {
	l, err := real()
	if err != nil {
		b.Fatal(err)
	}
	g, err := GuestsOf(l.System)
	if err != nil {
		b.Fatal(err)
	}
	m := goldenRun{l}.fork(0)
	var states []faults.Snapshot
	for range 20 {
		m.Run(faults.Until{Position: m.Position() + 1500})
		states = append(states, m.Snapshot())
	}
	for _, s := range states {
		m.Restore(s)
		g.StackOf(m, m.Next())
	}
	b.Run("stack", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if i%50 == 0 {
				m.Restore(states[i/50%len(states)])
			}
			g.StackOf(m, m.Next())
		}
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			g.KnownIn(m)
		}
	})
	b.Run("roots", func(b *testing.B) {
		for b.Loop() {
			g.Roots(m, 0)
		}
	})
	b.Run("locals", func(b *testing.B) {
		s := g.StackOf(m, m.Next())
		for b.Loop() {
			for i := range s.Levels {
				s.Levels[i].Locals()
			}
		}
	})
}

// goldenRun forks the states of a golden run.
type goldenRun struct{ *campaign.Lab }

func (l goldenRun) checkpoints() int { return len(l.Golden.Checkpoints) }

// fork is a machine in the state of a checkpoint.
func (l goldenRun) fork(i int) *Hardware {
	return l.System.Fork(l.Golden.Checkpoints[i].State).(*Hardware)
}

// restore brings a machine to a checkpoint; false if that has no state.
func (l goldenRun) restore(m *Hardware, i int) bool {
	state := l.Golden.Checkpoints[i].State
	if state != nil {
		m.Trace(nil)
		m.Restore(state)
	}
	return state != nil
}
