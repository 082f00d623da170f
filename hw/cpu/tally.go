package cpu

import "resvirt/models"

// tally counts what a processor executes by class, for people. It is no part of
// the State. Whoever charges a class's time in the long way counts it here;
// blocks count how often they ran up to each instruction.
type tally struct {
	counts [models.NumClasses]uint64
	blocks []*blockRest // of all that ran since

	running *block // what has begun and not ended
	left    uint64 // instructions that were allowed when it did
}

// begin notes that a block begins while left instructions are allowed, end that
// whatever ran has ended. Without a tally they do nothing.
func (t *tally) begin(b *block, left uint64) {
	if t != nil {
		t.end(left)
		t.running, t.left = b, left
	}
}

func (t *tally) end(left uint64) {
	if t != nil && t.running != nil {
		t.note(t.running, t.left-left)
		t.running = nil
	}
}

// note counts a run of the first n instructions of a block. Forks share blocks:
// of machines that do, only one may count.
func (t *tally) note(b *block, n uint64) {
	r := b.rest
	if r.ran == nil {
		r.ran = make([]uint64, len(r.insts)+1)
		t.blocks = append(t.blocks, r)
	}
	r.ran[n]++
}

// CountClasses begins to count.
func (c *CPU) CountClasses() { c.tally = new(tally) }

// Classes returns the counts of instructions and of events inside them; all 0
// without CountClasses.
func (c *CPU) Classes() (counts [models.NumClasses]uint64) {
	if c.tally == nil {
		return counts
	}
	counts = c.tally.counts
	for _, b := range c.tally.blocks {
		for n, runs := range b.ran {
			for i := range b.insts[:n] {
				counts[b.insts[i].Class()] += runs
			}
		}
	}
	return counts
}
