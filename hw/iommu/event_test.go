package iommu

import (
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/hw/pci"
)

// TestOverflow: the log holds one event less than it has entries; then it stops, says so, and
// starts when software has emptied and restarted it (2.5.1).
func TestOverflow(t *testing.T) {
	r := newRig(t).start()
	r.enableMessages()
	const control = controlEnable | controlEventLog | controlEventInterrupt
	r.u.Write(regControl, 8, control)
	r.entry(dteValid|dteTranslation, domain)
	for i := range uint64(300) {
		r.u.Translate(device, i<<12, false)
	}
	if st := r.u.Read(regStatus, 4); st != statusOverflow|statusEventInterrupt {
		t.Errorf("status %x", st)
	}
	if got := r.logged(); len(got) != 255 || got[254][1] != 254<<12 {
		t.Errorf("%d events", len(got))
	}
	if len(r.m.Messages) != 1 {
		t.Errorf("%d messages", len(r.m.Messages))
	}
	r.u.Translate(device, 0, false)
	r.quiet("stopped")
	r.u.Write(regStatus, 4, statusOverflow|statusEventInterrupt)
	r.u.Write(regControl, 8, control&^controlEventLog)
	r.u.Write(regControl, 8, control)
	r.u.Translate(device, 0x5000, false)
	r.expect("restarted", 2, 0x50, domain, device, 0x5000)
	if len(r.m.Messages) != 2 {
		t.Errorf("%d messages", len(r.m.Messages))
	}
}

// TestLateInterrupt: an interrupt that is enabled when there is a reason for it is sent then.
func TestLateInterrupt(t *testing.T) {
	r := newRig(t).start()
	r.enableMessages()
	r.entry(dteValid|dteTranslation, domain)
	r.u.Translate(device, 0, false)
	if len(r.m.Messages) != 0 {
		t.Error("sent before it was enabled")
	}
	if r.u.Write(regControl, 8, controlEnable|controlEventLog|controlEventInterrupt); len(r.m.Messages) != 1 {
		t.Error("not sent")
	}
}

// TestInterrupts: what becomes of a function's message (2.2.5).
func TestInterrupts(t *testing.T) {
	const (
		iv, length  = 1, 9 << 1 // 512 entries
		pass, remap = 1 << 60, 2 << 60
		table       = remapAt
	)
	type message = bustest.Message
	irte := func(vector, dest, kind uint32) uint64 { return uint64(1 | kind<<2 | dest<<8 | vector<<16) }
	for _, c := range []struct {
		name  string
		word  uint64 // the third of the device's entry
		irte  uint64 // of index 5
		data  uint32
		want  message
		flags uint64 // of the fault, if it is refused; 1 for none
	}{
		{"no map", 0, 0, 0x55, message{Addr: 0xfee01000, Data: 0x55}, 0},
		{"refused", iv, 0, 0x55, message{}, 0x28},
		{"ignored", iv | 1<<5, 0, 0x55, message{}, 1},
		{"passed", iv | pass, 0, 0x55, message{Addr: 0xfee01000, Data: 0x55}, 0},
		{"NMI is not passed with them", iv | pass, 0, 0x400, message{}, 0x28},
		{"NMI", iv | 1<<58, 0, 0x400, message{Addr: 0xfee01000, Data: 0x400}, 0},
		{"INIT", iv | 1<<56, 0, 0x500, message{Addr: 0xfee01000, Data: 0x500}, 0},
		{"ExtINT", iv | 1<<57, 0, 0x700, message{Addr: 0xfee01000, Data: 0x700}, 0},
		{"SMI", iv | 7<<56, 0, 0x200, message{}, 0x28},
		{"remapped", iv | remap | length | table, irte(0x99, 3, 0), 5, message{Addr: 0xfee03000, Data: 0x99}, 0},
		{"to the lowest of a logical group", iv | remap | length | table, irte(0x99, 3, 1) | 1<<6, 5, message{Addr: 0xfee03004, Data: 0x199}, 0},
		{"entry off", iv | remap | length | table, irte(0x99, 3, 0) &^ 1, 5, message{}, 0x28},
		{"entry off, quiet", iv | remap | length | table, irte(0x99, 3, 0)&^1 | 2, 5, message{}, 1},
		{"reserved bit", iv | remap | length | table, irte(0x99, 3, 0) | 1<<31, 5, message{}, 0xb8},
		{"for guests", iv | remap | length | table, irte(0x99, 3, 0) | 1<<7, 5, message{}, 0xb8},
		{"an NMI by the table", iv | remap | length | table, irte(0x99, 3, 4), 5, message{}, 0xb8},
		{"beyond the table", iv | remap | 2<<1 | table, irte(0x99, 3, 0), 5, message{}, 0x28},
		{"reserved length", iv | remap | 12<<1 | table, irte(0x99, 3, 0), 5, message{}, 0x28},
	} {
		r := newRig(t).start()
		r.entry(0, domain, c.word)
		r.put(remapAt+16, c.irte<<32)
		addr, data, ok := r.u.Interrupt(device, 0xfee01000, c.data)
		if ok != (c.want != message{}) || ok && (addr != c.want.Addr || data != c.want.Data) {
			t.Errorf("%s: %x %x %v", c.name, addr, data, ok)
		}
		if c.flags > 1 {
			r.expect(c.name, 2, c.flags, domain, device, 0xfee01000)
		} else {
			r.quiet(c.name)
		}
	}
	r := newRig(t).start()
	r.entry(0, domain, iv|remap|length|ramSize)
	if _, _, ok := r.u.Interrupt(device, 0xfee01000, 5); ok {
		t.Error("remapped by a table out of nowhere")
	}
	r.expect("table out of nowhere", 4, 1<<9|0x28, domain, device, ramSize+16)
	r.put(tableAt+myDevice<<3*dteBytes, 0, 0, iv)
	if _, _, ok := r.u.Interrupt(pci.ID(myDevice, 0), 0xfee01000, 5); !ok {
		t.Error("the IOMMU refuses its own interrupt")
	}
	r.entry(dteValid | dteTranslation)
	r.command(all, 0)
	if _, _, ok := r.u.Interrupt(device, 0x8000, 5); ok {
		t.Error("a message to memory is not subject to page tables")
	}
}

// TestRegisters: what keeps which bits (3.4), by all sizes.
func TestRegisters(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ off, want uint64 }{
		{regDeviceTable, 0x000ffffffffff1ff}, {regCommandBase, 0x0f0ffffffffff000}, {regEventBase, 0x0f0ffffffffff000},
		{regExclusionBase, 0x000ffffffffff003}, {regExclusionLimit, 0x000ffffffffff000},
		{regCommandHead, 0x7fff0}, {regCommandTail, 0x7fff0}, {regEventHead, 0x7fff0}, {regEventTail, 0x7fff0},
		{regStatus, 0}, {regFeatures, 0x840}, {regControl, 0x1ffe}, {0x38, 0}, {0x100, 0},
	} {
		v := ^uint64(0)
		if c.off == regControl {
			v--
		}
		if r.u.Write(c.off, 8, v); r.u.Read(c.off, 8) != c.want {
			t.Errorf("register %x is %x, want %x", c.off, r.u.Read(c.off, 8), c.want)
		}
		r.u.Write(c.off, 4, 0)
		if got := r.u.Read(c.off, 8); c.off != regFeatures && c.off != regStatus && got != c.want&^0xffffffff {
			t.Errorf("register %x is %x after its lower half", c.off, got)
		}
	}
	r.u.Write(regDeviceTable+4, 4, 0x5)
	if r.u.Read(regDeviceTable+4, 4) != 5 || r.u.Read(regDeviceTable, 4) != 0 || r.u.Read(regDeviceTable+4, 1) != 5 {
		t.Error("the upper half is wrong")
	}
}

// TestCapability: the block in configuration space (3.2), as drivers find it.
func TestCapability(t *testing.T) {
	r := newRig(t)
	read := func(reg uint32) uint32 {
		r.b.Address().Out(0, 4, 1<<31|myDevice<<11|reg)
		return r.b.Data().In(0, 4)
	}
	for _, c := range []struct{ reg, want uint32 }{
		{0x00, 0x14191022}, {0x08, 0x08060001}, {0x34, 0x40}, {0x40, 0x080b580f}, {0x44, 0xfed80001}, {0x48, 0}, {0x4c, 0}, {0x50, 0x00202800},
		{0x58, 0x00800005},
	} {
		if got := read(c.reg); got != c.want {
			t.Errorf("register %x is %08x, want %08x", c.reg, got, c.want)
		}
	}
}

// TestSnapshots takes the state apart between the steps of a session.
func TestSnapshots(t *testing.T) {
	r, other := newRig(t).start(), newRig(t)
	r.entry(paged(1), domain|1<<33)
	r.put(rootAt, pte(0, data))
	for i := range uint64(40) {
		other.m.Load(r.m.Save())
		if other.m.Digest() != r.m.Digest() {
			t.Fatalf("step %d: digest differs", i)
		}
		for _, x := range []*rig{r, other} {
			x.u.Translate(device, i%3<<12, i%2 == 0)
			if i == 10 {
				x.put(commandAt, cmdDeviceEntry<<60|device, 0, all, 0)
				x.u.Write(regCommandTail, 8, 2*entryBytes)
			}
			x.m.Step(forever)
		}
		if other.m.Digest() != r.m.Digest() {
			t.Fatalf("step %d leads elsewhere", i)
		}
	}
}
