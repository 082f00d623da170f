package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// spinning is what a processor waits for in a loop.
type spinning struct {
	in    faults.Place // the function that waits, but not spinlock.lock itself
	lock  *inspect.Lock
	frame *inspect.FrameState // that it waits for, nil if that is not known
}

// spins says what a chain waits for, nil if it does not spin. r are the
// registers of its innermost function; pauses says that it is known to wait.
func (x *explainer) spins(chain []testbed.StackFrame, r testbed.Registers, pauses bool) *spinning {
	i := 0
	for i < len(chain) && (helpsSpin(chain[i].Place) || handlesFailures(chain[i].Place.Function)) {
		if chain[i].Regs != nil {
			r = *chain[i].Regs
		}
		pauses = pauses || passesTime(chain[i].Place)
		i++
	}
	if i == len(chain) || !pauses && !waitsForLock(chain[i].Place) {
		return nil
	}
	if chain[i].Regs != nil {
		r = *chain[i].Regs
	}
	s := &spinning{in: chain[i].Place}
	if !waitsForLock(s.in) {
		candidates := x.candidates(chain[i], r)
		im := x.a.Machine(x.Machine)
		for _, c := range candidates {
			if f, ok := x.a.Checker.Descriptor(im, c); ok && (f.Locked || !f.Validated) {
				s.frame = f
				break
			}
		}
		return s
	}
	if s.lock = x.heldLock(chain[i], r); s.lock == nil {
		return nil // it is about to take the lock
	}
	for ; i < len(chain) && inLock(chain[i].Place); i++ {
	}
	if i < len(chain) {
		s.in = chain[i].Place
	}
	return s
}

// heldLock is the lock that a function works with, if somebody holds it.
func (x *explainer) heldLock(f testbed.StackFrame, r testbed.Registers) *inspect.Lock {
	held := map[uint64]*inspect.Lock{}
	for _, l := range x.a.Locks(x.Machine) {
		if l.Holder >= 0 {
			held[l.Addr] = &l
		}
	}
	for _, c := range x.candidates(f, r) {
		if l := held[c]; l != nil {
			return l
		}
	}
	return nil
}

// has says whether a CPU holds the lock for which it seems to wait. Then it has
// just got it, because taking a lock twice fails an assertion.
func (s *spinning) has(cpu int) bool { return s.lock != nil && s.lock.Holder == int64(cpu) }

// candidates are values with which a function works: its first argument where
// the compiler spills it, registers, and the words in its stack frame.
func (x *explainer) candidates(f testbed.StackFrame, r testbed.Registers) []uint64 {
	var list []uint64
	mem := x.a.Memory(x.Machine)
	if v, err := testbed.ReadWord(mem, f.BP+16); err == nil {
		list = append(list, v)
	}
	list = append(list, r[:16]...)
	for k := uint64(1); k <= 16; k++ {
		if v, err := testbed.ReadWord(mem, f.BP-8*k); err == nil {
			list = append(list, v)
		}
	}
	return list
}

// inLock says whether a place is in the code of spinlocks, which the compiler
// may have put into its callers.
func inLock(p faults.Place) bool {
	return strings.HasSuffix(p.File, "/lock.go") || strings.HasPrefix(p.Function, "main.(*spinlock).")
}

// waitsForLock says whether a place is where a lock is waited for.
func waitsForLock(p faults.Place) bool { return strings.HasPrefix(p.Function, "main.(*spinlock).lock") }

// helpsSpin says whether a function is called by waiting loops.
func helpsSpin(p faults.Place) bool {
	f := strings.TrimSuffix(p.Function, ".abi0")
	return passesTime(p) || f == "main.readTSC" || f == "resvirt/vi/bare.RDTSC" ||
		strings.HasPrefix(f, "sync/atomic.") || strings.HasPrefix(f, "internal/runtime/atomic.")
}

// passesTime says whether a function does nothing but pass time.
func passesTime(p faults.Place) bool {
	f := strings.TrimSuffix(p.Function, ".abi0")
	return f == "resvirt/vi/bare.Pause" || f == "main.cpuRelax"
}

var ofOne = regexp.MustCompile(`\b(CPU|frame|port|entry) [0-9]+\b|\bd[0-9]+(v[0-9]+)?\b|\bidle[0-9]+\b|0x[0-9a-f]+|\[[0-9]+\]`)

// alikeName replaces the numbers in a name, so that runs that failed alike agree.
func alikeName(s string) string {
	return ofOne.ReplaceAllStringFunc(s, func(m string) string {
		word, _, numbered := strings.Cut(m, " ")
		switch {
		case numbered:
			return word + " N"
		case m[0] == '[':
			return "[N]"
		case strings.HasPrefix(m, "0x"):
			return "N"
		case strings.Contains(m, "v"):
			return "vCPU"
		case m[0] == 'i':
			return "idle"
		}
		return "domain"
	})
}

// taken is the place where a lock was taken that was never released.
type taken struct {
	chain    []testbed.StackFrame
	cpu      int
	position uint64
}

// takenWhere executes the run again up to a position and watches a lock being
// taken. It returns nil if it was taken before the state that the run starts from.
func (x *explainer) takenWhere(row *experiments.Row, s experiments.Setting, lock uint64, holder int, until uint64) *taken {
	var last *taken
	watch := func(e faults.TraceEntry) {
		if e.CPU == holder && e.CPL == 0 && x.Machine.Register(e.CPU, 0) == lock {
			last = &taken{x.a.ChainOf(x.Machine, e.CPU), e.CPU, e.Position}
		}
	}
	x.Before(row)
	x.Machine.Trace(watch, x.a.LockEntry())
	defer func() {
		if x.Machine != nil {
			x.Machine.Trace(nil)
		}
	}()
	if ok, _ := faults.RunToTrigger(x.Machine, x.System.Target(), row.Plan); !ok {
		return last
	}
	if err := x.Inject(row, s); err != nil {
		return last
	}
	x.To(until)
	return last
}

// takerOf is the innermost function of a chain that is not about locks.
func takerOf(chain []testbed.StackFrame) faults.Place {
	i := slices.IndexFunc(chain, func(f testbed.StackFrame) bool { return !inLock(f.Place) })
	if i < 0 {
		return faults.Place{}
	}
	return chain[i].Place
}

func shortPlace(p faults.Place) string {
	if p.Function == "" {
		return fmt.Sprintf("%#x, where no code is known", p.PC)
	}
	return fmt.Sprintf("%s (%s:%d)", strings.TrimSuffix(p.Function, ".abi0"), p.File, p.Line)
}
