package apic

import (
	"testing"

	"resvirt/sim"
)

// io is an I/O APIC whose messages are noted, and taken unless refused.
type io struct {
	*IOAPIC
	sent   []IPI
	refuse bool
}

func newIO() *io {
	o := &io{}
	o.IOAPIC = NewIOAPIC(0, func(ipi IPI) bool {
		o.sent = append(o.sent, ipi)
		return !o.refuse
	})
	return o
}

func (o *io) put(reg uint8, v uint32) {
	o.Write(ioSelect, 4, uint64(reg))
	o.Write(ioWindow, 4, uint64(v))
}

func (o *io) get(reg uint8) uint32 {
	o.Write(ioSelect, 4, uint64(reg))
	return uint32(o.Read(ioWindow, 4))
}

// sends checks how many messages have come since it was last asked.
func (o *io) sends(t *testing.T, want int, when string) {
	t.Helper()
	if len(o.sent) != want {
		t.Errorf("%s: sent %+v, want %d", when, o.sent, want)
	}
	o.sent = nil
}

func TestIORegisters(t *testing.T) {
	o := newIO()
	if o.get(ioVersion) != 0x170020 || o.get(ioRedir) != 0x10000 || o.get(ioRedir+47) != 0 || o.get(0x40) != 0xffffffff {
		t.Errorf("version %#x, entry %#x", o.get(ioVersion), o.get(ioRedir))
	}
	o.put(ioID, 0xffffffff)
	o.put(ioRedir+4, 0xffffffff)
	o.put(ioRedir+5, 0xffffffff)
	if o.get(ioID) != 0xf<<24 || o.get(ioArbitration) != 0xf<<24 || o.get(ioRedir+4) != 0x1afff || o.get(ioRedir+5) != 0xff<<24 {
		t.Errorf("after ones: ID %#x, entry %#x %#x", o.get(ioID), o.get(ioRedir+4), o.get(ioRedir+5))
	}
	if o.Read(ioSelect, 4) != ioRedir+5 || o.Read(ioWindow, 1) != 0 || o.Read(0x24, 4) != 0 {
		t.Error("wrong bytes of the memory interface")
	}
}

func TestIOEdge(t *testing.T) {
	o := newIO()
	o.SetPin(1, true)
	o.put(ioRedir+3, 5<<24)
	o.put(ioRedir+2, 0x931) // unmasked, logical, lowest priority
	o.sends(t, 0, "an edge while masked")
	o.SetPin(1, true)
	o.SetPin(1, false)
	o.sends(t, 0, "no edge, falling edge")
	o.SetPin(1, true)
	if len(o.sent) != 1 || o.sent[0] != (IPI{Mode: ModeLowest, Vector: 0x31, Logical: true, Dest: 5}) {
		t.Errorf("sent %+v", o.sent)
	}
	o.sent = nil
	o.EOI(0x31)
	o.put(ioRedir+2, 0x2431) // NMI, active low
	o.SetPin(1, false)
	if len(o.sent) != 1 || o.sent[0].Mode != ModeNMI {
		t.Errorf("sent %+v", o.sent)
	}
}

// TestIOLevel: remote IRR is set while the interrupt is in service; what is still
// asserted at the end comes again.
func TestIOLevel(t *testing.T) {
	o := newIO()
	o.put(ioRedir+0x20, 0xa050) // pin 16, level, active low; its line is low
	o.sends(t, 1, "asserted when unmasked")
	if o.get(ioRedir+0x20) != 0xe050 {
		t.Errorf("entry %#x, no remote IRR", o.get(ioRedir+0x20))
	}
	o.EOI(0x51)
	o.SetPin(16, true)
	o.SetPin(16, false)
	o.sends(t, 0, "in service")
	o.EOI(0x50)
	o.sends(t, 1, "still asserted")
	if a := o.Redir[16]; a&redirRemoteIRR == 0 {
		t.Error("no remote IRR again")
	}
	fresh := newIO()
	fresh.Load(o.Save())
	var h1, h2 sim.Hasher
	o.Hash(&h1)
	fresh.Hash(&h2)
	fresh.EOI(0x50)
	if h1.Sum() != h2.Sum() || len(fresh.sent) != 1 {
		t.Error("a loaded I/O APIC differs")
	}
	o.SetPin(16, true)
	o.Write(ioEOI, 4, 0x50)
	o.sends(t, 0, "released")
	o.SetPin(16, false)
	o.sends(t, 1, "asserted again")
	o.put(ioRedir+0x20, 0x12050) // edge and masked: software's way to forget it
	o.put(ioRedir+0x20, 0xa050)
	o.sends(t, 1, "set up anew")
	o.EOI(0x50)
	o.sent, o.refuse = nil, true
	o.EOI(0x50)
	o.put(ioRedir+0x20, 0xa050)
	if o.sends(t, 2, "to nobody, tried again when written"); o.Redir[16]&redirRemoteIRR != 0 {
		t.Error("remote IRR although nobody took it")
	}
}
