package cpu

import (
	"unsafe"

	"resvirt/models"
)

// Tally counts what the processors of a machine execute by class, for people. It
// is no part of the State. Whoever charges a class's time in the long way counts
// it here. What the dispatcher executes is counted ahead of time, by runs of
// instructions that follow each other, in blocks that are made only while somebody
// counts: the first run of a block where the dispatcher looks closer at blocks,
// which it then does at each, and those after a conditional branch by a uop. When
// one of a run is left to the stepper's functions after all, it and those after it
// are taken back. So whoever does not count spends nothing on it.
type Tally struct {
	counts [models.NumClasses]uint64
	quick  int64              // see quick
	runs   map[string]*uint64 // how often instructions of these classes, a byte each, were begun in a row
}

// NewTally returns a tally that has counted nothing.
func NewTally() *Tally { return &Tally{runs: map[string]*uint64{}} }

// Classes returns the counts of instructions and of events inside them.
func (t *Tally) Classes() [models.NumClasses]uint64 {
	counts := t.counts
	for run, n := range t.runs {
		for _, class := range []byte(run) {
			counts[class] += *n
		}
	}
	return counts
}

// CountClasses begins to count.
func (c *CPU) CountClasses(t *Tally) {
	c.tally = t
	c.Resync() // blocks are others from now on
}

// counting returns the uops of a block with those that count, and what counts the
// run it begins with. A run ends with a conditional branch, and before what is left to
// the stepper's functions: another block goes on after that.
func (t *Tally) counting(ops []uop, insts []Inst) (out []uop, first *uint64) {
	for len(ops) > 0 {
		n := straight(ops, insts)
		from := ops[0].at - ops[0].pair
		upto := from
		if n > 0 {
			upto = ops[n-1].at + 1
		}
		if runs := t.run(insts[from:upto]); first == nil {
			first = runs
		} else if n > 0 {
			out = append(out, uop{code: uCount, link: unsafe.Pointer(runs)})
		}
		for _, u := range ops[:max(n, 1)] {
			u.upto = upto
			out = append(out, u)
		}
		if n == 0 {
			break
		}
		ops = ops[n:]
	}
	return out, first
}

// straight is the length of the run that uops of a block begin with.
func straight(ops []uop, insts []Inst) (n int) {
	for n < len(ops) && ops[n].code > uEnd {
		n++
		if insts[ops[n-1].at].Op == OpJCC {
			break
		}
	}
	return n
}

// run returns the count of runs of instructions of the same classes.
func (t *Tally) run(insts []Inst) *uint64 {
	var classes []byte
	for i := range insts {
		classes = append(classes, byte(insts[i].Class()))
	}
	n := t.runs[string(classes)]
	if n == nil {
		n = new(uint64)
		t.runs[string(classes)] = n
	}
	return n
}

// bound is the clock before which a block may begin and end: quick, or what that
// would be without a tally.
func (t *Tally) bound(quick int64) int64 {
	if t == nil {
		return quick
	}
	return t.quick
}

// part counts the run that begins what is to be executed of a block, uops in their
// exact form, and leaves out what is after it.
func (t *Tally) part(ops []uop, insts []Inst) []uop {
	if t == nil {
		return ops
	}
	n := straight(ops, insts)
	for i := range ops[:n] {
		t.counts[insts[i].Class()]++
		ops[i].upto = uint8(n)
	}
	if n == 0 {
		ops[0].upto = 0
	}
	return ops[:max(n, 1)]
}

// takeBack says that instructions that were counted ahead of time are not executed.
func (t *Tally) takeBack(insts []Inst) {
	for i := range insts {
		t.counts[insts[i].Class()]--
	}
}

// countedBy returns the code of p's page that counts in t. Machines that share the
// page and count take turns in having such code, each its own.
func (p *pageCode) countedBy(t *Tally) *pageCode {
	if t == nil || p == nil {
		return p
	}
	c := p.counted.Load()
	if c == nil || c.tally != t {
		c = &pageCode{dialect: p.dialect, tally: t}
		p.counted.Store(c)
	}
	return c
}
