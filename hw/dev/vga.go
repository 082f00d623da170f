package dev

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// VGAState is everything mutable of the display controller. Its memory is the
// machine's, at the addresses where PCs have it.
type VGAState struct {
	Misc, Feature              uint8
	SeqIndex, GfxIndex, Index  uint8 // of the sequencer, the graphics controller, the CRT controller
	AttrIndex                  uint8
	AttrData                   bool // the next write to port 3C0h is data
	Seq                        [5]uint8
	CRTC                       [25]uint8
	Gfx                        [9]uint8
	Attr                       [21]uint8
	PELMask, PELRead, PELWrite uint8
	PELPart                    uint8  // component that comes next, 0 to 2
	PELReading                 bool   // a read address was written last
	DAC                        string // 256 colours of three components; "" until one is written
}

// VGA is the registers of a VGA (IBM PS/2 Hardware Interface Technical Reference,
// "Video Subsystem") in a text mode: what is written can be read back, and the
// text page can be looked at. It has no planes, so graphics modes show nothing.
type VGA struct {
	VGAState
	host bus.Host
}

var _ bus.Device = (*VGA)(nil)

// First ports of a VGA's registers, and how many they are. The CRT controller's
// are at 3B4h while it is monochrome.
const (
	VGAMono       = 0x3b4
	VGAMonoStatus = 0x3ba
	VGABase       = 0x3c0
	VGABasePorts  = 16
	VGAColour     = 0x3d4
	VGAStatus     = 0x3da
)

// NewVGA returns a controller as firmware leaves it: 80 by 25 characters in colour.
func NewVGA(h bus.Host) *VGA {
	return &VGA{host: h, VGAState: VGAState{
		Misc: 0x67,
		Seq:  [5]uint8{0x03, 0x00, 0x03, 0x00, 0x02},
		CRTC: [25]uint8{0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
		Gfx:  [9]uint8{0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff},
		Attr: [21]uint8{0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0, 0x0f, 0x08, 0},

		AttrIndex: attrShown, PELMask: 0xff,
	}}
}

// Registers of the CRT controller.
const (
	crtOverflow   = 0x07
	crtMaxScan    = 0x09
	crtStartHigh  = 0x0c
	crtStartLow   = 0x0d
	crtCursorHigh = 0x0e
	crtCursorLow  = 0x0f
	crtSyncStart  = 0x10
	crtSyncEnd    = 0x11
	crtDisplayEnd = 0x12
	crtOffset     = 0x13
	crtTotal      = 0x06

	crtLocked = 1 << 7 // in crtSyncEnd: registers 0 to 7 cannot be written
)

// attrShown is the bit of the attribute controller's index that lets the palette be shown.
const attrShown = 1 << 5

// Bits that can be written.
var (
	seqWritable  = [5]uint8{0x03, 0x3d, 0x0f, 0x3f, 0x0e}
	gfxWritable  = [9]uint8{0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff}
	attrWritable = [5]uint8{0xef, 0xff, 0x3f, 0x0f, 0x0f} // from 10h on; the palette has 6 bits
)

// lines is the number of lines of a picture, and the lines at which display ends and
// retrace begins and ends.
func (v *VGA) lines() (total, shown, from, to int) {
	high := func(b8, b9 uint) int { return int(v.CRTC[crtOverflow])>>b8&1<<8 | int(v.CRTC[crtOverflow])>>b9&1<<9 }
	total = int(v.CRTC[crtTotal]) | high(0, 5) + 2
	shown = int(v.CRTC[crtDisplayEnd]) | high(1, 6) + 1
	from = int(v.CRTC[crtSyncStart]) | high(2, 7)
	to = from&^0xf | int(v.CRTC[crtSyncEnd]&0xf)
	if to <= from {
		to += 16
	}
	return total, shown, from, to
}

// lineTime is that of a line in text mode: 100 characters of 9 dots at 28.322 MHz.
const lineTime = 31_777_417 * sim.Picosecond

// status is input status register 1: whether the beam is in vertical retrace, and
// whether it is anywhere else than in what is displayed.
func (v *VGA) status() (s uint8) {
	const retrace, blank = 1 << 3, 1 << 0
	total, shown, from, to := v.lines()
	now := v.host.Now()
	line := int(now / lineTime % sim.Time(total))
	if line >= from && line < to {
		s |= retrace
	}
	if line >= shown || now%lineTime >= lineTime*80/100 {
		s |= blank
	}
	return s
}

// Event implements bus.Device; there are none.
func (v *VGA) Event(uint16, uint64) {}

// Save implements bus.Device.
func (v *VGA) Save() any { return v.VGAState }

// Load implements bus.Device.
func (v *VGA) Load(s any) { v.VGAState = s.(VGAState) }

// Hash implements bus.Device.
func (v *VGA) Hash(h *sim.Hasher) {
	h.Bytes([]byte{v.Misc, v.Feature, v.SeqIndex, v.GfxIndex, v.Index, v.AttrIndex, v.PELMask, v.PELRead, v.PELWrite, v.PELPart})
	h.Bool(v.AttrData)
	h.Bool(v.PELReading)
	h.Bytes(v.Seq[:])
	h.Bytes(v.CRTC[:])
	h.Bytes(v.Gfx[:])
	h.Bytes(v.Attr[:])
	h.Bytes([]byte(v.DAC))
}
