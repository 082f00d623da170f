package main

import (
	"testing"

	"resvirt/vi/abi"
)

// Walks of page tables hold no reference. So a walk may meet what another vCPU
// has just written into a table, or what the next owner of a table's frame writes
// there. Whatever it finds, the result must be an error of the guest's.
func TestWalkOfTablesThatChange(t *testing.T) {
	const va = 256 << 21 // below the tables that onGuest makes, and nothing lies there
	for level, slot := range []uint64{0, 0, 256} {
		for _, e := range []uint64{pteP | uint64(pteAddr), pteP | testFrames<<pageShift, pteP | ptePS, pteP, 0, ^uint64(0)} {
			world(t, 1)
			free := heap.nfree
			d, v, m := onGuest(t, 1)
			at := &tableAt(m[level])[slot]
			old := *at
			*at = e
			if rc := updateVA(va, entryTo(m[4], pteU), 0, d); rc != -abi.EINVAL {
				t.Errorf("level %d, entry %#x: update_va_mapping: %d", level, e, rc)
			}
			if rc := setLDT(v, va, 1); rc != -abi.EINVAL {
				t.Errorf("level %d, entry %#x: an LDT: %d", level, e, rc)
			}
			if _, st := swapL1(v, va, false, 0, 0); st == 0 {
				t.Errorf("level %d, entry %#x: a granted frame is mapped", level, e)
			}
			if tableWrite(v, guestRegs(), va) {
				t.Errorf("level %d, entry %#x: a write is emulated", level, e)
			}
			*at = old
			commit()
			counted(t, d)
			d.shutDown(0)
			ended(t, free, d)
		}
	}
}
