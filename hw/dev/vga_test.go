package dev

import (
	"testing"

	"resvirt/sim"
)

// vgaPort accesses a port of the controller by its number on the bus.
func vgaPort(v *VGA, port uint16) (VGAPorts, uint16) {
	for _, first := range []uint16{VGAStatus, VGAColour, VGABase, VGAMonoStatus, VGAMono} {
		if port >= first {
			return VGAPorts{VGA: v, First: first}, port - first
		}
	}
	panic("BUG: no port of a VGA")
}

func vgaIn(v *VGA, port uint16) uint8 { p, n := vgaPort(v, port); return p.In(n) }

func vgaOut(v *VGA, port uint16, x uint8) { p, n := vgaPort(v, port); p.Out(n, x) }

// TestVGARegisters: every index of every group can be written and read, with the bits
// that the manual (IBM PS/2 Hardware Interface, "Video Subsystem") gives it.
func TestVGARegisters(t *testing.T) {
	v := NewVGA(&board{})
	vgaOut(v, 0x3d4, 0x11)
	vgaOut(v, 0x3d5, 0x0e) // unlocks
	for _, g := range []struct {
		index uint16
		n     int
		bits  func(i int) uint8
	}{
		{0x3c4, 5, func(i int) uint8 { return seqWritable[i] }},
		{0x3ce, 9, func(i int) uint8 { return gfxWritable[i] }},
		{0x3d4, 25, func(int) uint8 { return 0xff }},
	} {
		for i := range 256 {
			if i == 0x11 {
				continue // would lock
			}
			vgaOut(v, g.index, uint8(i))
			at := int(vgaIn(v, g.index))
			want := uint8(0)
			if at < g.n {
				want = g.bits(at)
			}
			vgaOut(v, g.index+1, 0xff)
			if got := vgaIn(v, g.index+1); at != 0x11 && got != want {
				t.Errorf("port %#x, index %#x: %#x, want %#x", g.index, i, got, want)
			}
		}
	}
	for i := range 32 { // the palette while it is not shown, then the modes
		vgaIn(v, 0x3da)
		vgaOut(v, 0x3c0, uint8(i))
		vgaOut(v, 0x3c0, 0xff)
		want := uint8(0)
		if i < 16 {
			want = 0x3f
		} else if i < 21 {
			want = attrWritable[i-16]
		}
		if got := vgaIn(v, 0x3c1); got != want {
			t.Errorf("attribute %#x: %#x, want %#x", i, got, want)
		}
	}
	v.Misc &^= 1
	vgaOut(v, 0x3b4, 5)
	if vgaIn(v, 0x3b4) != 5 || vgaIn(v, 0x3d4) != 0xff || vgaIn(v, 0x3da) != 0xff {
		t.Error("a monochrome controller is not where it belongs")
	}
}

// TestVGAState: what is saved does not change, and what differs has another digest.
func TestVGAState(t *testing.T) {
	v, w := NewVGA(&board{}), NewVGA(&board{})
	sum := func(v *VGA) sim.Digest {
		var h sim.Hasher
		v.Hash(&h)
		return h.Sum()
	}
	for _, port := range []uint16{0x3c0, 0x3c2, 0x3c4, 0x3c6, 0x3c7, 0x3c8, 0x3c9, 0x3ce, 0x3d4, 0x3da} {
		saved, was := v.Save(), sum(v)
		vgaOut(v, port, 0x03)
		if w.Load(saved); sum(w) != was {
			t.Errorf("port %#x: the saved state has changed", port)
		}
		if sum(v) == was {
			t.Errorf("port %#x: a write leaves the digest", port)
		}
	}
	if w.Load(v.Save()); vgaIn(w, 0x3c9) != vgaIn(v, 0x3c9) {
		t.Error("a loaded state reads another colour")
	}
}
