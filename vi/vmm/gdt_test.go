package main

import (
	"testing"

	"resvirt/vi/abi"
)

// TestTableCutOffAnywhere: set_gdt is cut off before any change of the window in which
// the processor sees the table, its changes of frames are taken back or all are counted
// anew, and the vCPU goes on: the window shows what the vCPU holds, and does so when the
// call has been made again. A frame that had been given back would be the guest's to write.
func TestTableCutOffAnywhere(t *testing.T) {
	const pages = abi.FirstReservedGDTPage
	for _, row := range []struct{ gives, undo bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		for cut := range pages + 1 {
			recoverable(t)
			free := heap.nfree
			d, v, m := onGuest(t, 1)
			var window [pages]uint64
			left := -1
			testWindow = func(_, i uint32, entry uint64) {
				if left == 0 {
					panic(cut)
				}
				left--
				window[i] = entry
			}
			t.Cleanup(func() { testWindow = nil })
			list := put(1, 0, uint64(m[4+4]))
			set := func() int64 { return hyperSetGDT(list, 512, 0, 0, 0) }
			op := set
			if row.gives {
				must(t, "set_gdt", set())
				op = func() int64 { return hyperSetGDT(0, 0, 0, 0, 0) }
			}
			commit()
			shown := func(when string) {
				t.Helper()
				for i, f := range v.arch.gdtFrames {
					if pteFrame(window[i]) != f {
						t.Errorf("%+v, cut off before change %d, %s: page %d is frame %#x, the vCPU holds %#x", row, cut, when, i, pteFrame(window[i]), f)
					}
				}
			}
			v.arch.log.start(0)
			left = cut
			func() {
				defer func() { _ = recover() }()
				op()
			}()
			left = -1
			persist().mode = modeReset
			enter(testCPU.core.idle)
			if row.undo && !frameJournal() {
				t.Fatal("the journal was not enough")
			} else if !row.undo {
				persist().mode = modeReboot
				repair()
			}
			persist().mode = modeNone
			enter(v)
			loadGDT(testCPU, v)
			shown("after recovery")
			v.arch.log.again = true
			v.arch.log.start(0)
			must(t, "set_gdt again", op())
			v.arch.log.again = false
			commit()
			shown("made again")
			counted(t, d)
			ended(t, free, d)
		}
	}
}
