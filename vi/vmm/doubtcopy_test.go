package main

import "testing"

// What the guest's page tables say decides whether a copy that failed is the
// guest's fault.
func TestGuestDenies(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	c := testCPU
	c.core.curr, c.core.sched.curr, v.cpu = v, v, 0
	v.arch.flags |= inKernelMode
	l1 := v.arch.guestTable
	for range 3 {
		l1 = pteFrame(tableAt(l1)[0])
	}
	tab := tableAt(l1)
	tab[1] |= pteP | pteU | pteW
	tab[2] = tab[1] &^ pteW
	tab[3] = 0
	clock := uint64(1000000)
	for _, x := range []struct {
		what   string
		va, n  uint64
		write  bool
		failed bool
	}{
		{"written where it may be written", 0x1ff8, 8, true, true},
		{"read", 0x2000, 8, false, true},
		{"written where it may only be read", 0x2000, 8, true, false},
		{"over the border to such a page", 0x1ffc, 8, true, false},
		{"not mapped", 0x3000, 1, false, false},
		{"no table", 1 << 39, 1, false, false},
		{"the hypervisor's", directMapBase, 8, false, false},
	} {
		clock += 1000000
		testTSC = clock * 1000
		failed := func() (failed bool) {
			defer func() { failed = recover() != nil }()
			guestDenies(x.va, x.n, x.write)
			return false
		}()
		if failed != x.failed {
			t.Errorf("%s: a failure of the VMM: %v", x.what, failed)
		}
	}
	persist().policy &^= 1 << stepDoubt
	testTSC = (clock + 1000000) * 1000
	guestDenies(0x1000, 8, true) // without the step nothing is doubted
}

// A CPU hangs if its timers stand still, or if it never leaves the VMM.
func TestStands(t *testing.T) {
	recoverable(t)
	for _, x := range []struct {
		what        string
		ticks, left uint64
		cs          uint16
		periods     int // until it hangs, 0 = never
	}{
		{"nothing gets on", 0, 0, selHVCode, hangPeriods},
		{"timers run", 1, 0, selHVCode, stayPeriods},
		{"timers run and a guest does", 1, 0, 3, 0},
		{"all is well", 1, 1, selHVCode, 0},
	} {
		c := testCPU
		c.stuck, c.staying, c.lastTicks, c.lastLeft = 0, 0, c.core.watchdogTicks, c.core.left
		hung := 0
		for n := 1; n <= 2*stayPeriods && hung == 0; n++ {
			c.core.watchdogTicks += x.ticks
			c.core.left += x.left
			if c.stands(&regs{CS: x.cs}) {
				hung = n
			}
		}
		if hung != x.periods {
			t.Errorf("%s: hangs after %d periods, should after %d", x.what, hung, x.periods)
		}
	}
}
