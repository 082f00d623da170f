package e1000

import (
	"bytes"
	"testing"
)

// TestSleepResets: on its way from D3hot to D0 the controller forgets rings, causes, frames and
// its configuration, keeps its link, and works again once it is set up; in D3hot it does nothing.
func TestSleepResets(t *testing.T) {
	b := newBench(t)
	b.start()
	b.set(0xc8, icrLink)
	bar := b.conf(0x10)
	power := func(state uint32) {
		b.bus.Address().Out(0, 4, 1<<31|5<<11|0xe0)
		b.bus.Data().Out(0, 2, state)
	}
	power(3)
	b.far.Send(bytes.Repeat([]byte{0xff}, 60))
	b.m.Drain()
	if b.m.RAM[rxRing+12] != 0 || b.reg(0x100) != 0xffffffff {
		t.Error("it does not sleep")
	}
	power(0)
	if b.conf(0x10) != 0 || b.conf(4)&7 != 0 || b.slot.Up {
		t.Error("its configuration is left")
	}
	b.bus.Address().Out(0, 4, 1<<31|5<<11|0x10)
	b.bus.Data().Out(0, 4, bar)
	b.bus.Address().Out(0, 4, 1<<31|5<<11|4)
	b.bus.Data().Out(0, 2, 7)
	if b.reg(0x2800) != 0 || b.reg(0x100) != 0 || b.reg(0xd0) != 0 || b.reg(0xc0) != 0 || b.reg(offSTATUS)&statusLinkUp == 0 || b.reg(offRA) != 2 {
		t.Error("its registers are not as after a reset")
	}
	b.start()
	b.far.Send(bytes.Repeat([]byte{0xff}, 60))
	if b.m.Drain(); b.m.RAM[rxRing+12]&rxDone == 0 {
		t.Error("it does not work again")
	}
}
