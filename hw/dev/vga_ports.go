package dev

// VGAPorts is a range of a VGA's ports.
type VGAPorts struct {
	VGA   *VGA
	First uint16
}

// Ports of the block from 3C0h on.
const (
	vgaAttr     = 0x3c0
	vgaAttrRead = 0x3c1
	vgaMisc     = 0x3c2 // read: input status 0
	vgaEnable   = 0x3c3
	vgaSeq      = 0x3c4
	vgaSeqData  = 0x3c5
	vgaPELMask  = 0x3c6
	vgaPELRead  = 0x3c7
	vgaPELWrite = 0x3c8
	vgaPELData  = 0x3c9
	vgaFeature  = 0x3ca
	vgaMiscRead = 0x3cc
	vgaGfx      = 0x3ce
	vgaGfxData  = 0x3cf
)

// here returns a port's number as if the controller were in colour; ok is false
// where it does not answer because it is in the other of the two.
func (p VGAPorts) here(port uint16) (n uint16, ok bool) {
	n = p.First + port
	colour := p.VGA.Misc&1 != 0
	switch n {
	case VGAMono, VGAMono + 1, VGAMonoStatus:
		return n + VGAColour - VGAMono, !colour
	case VGAColour, VGAColour + 1, VGAStatus:
		return n, colour
	}
	return n, true
}

// In reads a byte.
func (p VGAPorts) In(port uint16) uint8 {
	v := p.VGA
	n, ok := p.here(port)
	if !ok {
		return 0xff
	}
	switch n {
	case VGAColour:
		return v.Index
	case VGAColour + 1:
		return get(v.CRTC[:], v.Index)
	case VGAStatus:
		v.AttrData = false
		return v.status()
	case vgaAttr:
		return v.AttrIndex
	case vgaAttrRead:
		return get(v.Attr[:], v.AttrIndex&0x1f)
	case vgaMisc:
		return 1 << 4 // a colour display is connected
	case vgaEnable:
		return 1
	case vgaSeq:
		return v.SeqIndex
	case vgaSeqData:
		return get(v.Seq[:], v.SeqIndex)
	case vgaPELMask:
		return v.PELMask
	case vgaPELRead:
		if v.PELReading {
			return 3
		}
		return 0
	case vgaPELWrite:
		return v.PELWrite
	case vgaPELData:
		return v.readColour()
	case vgaFeature:
		return v.Feature
	case vgaMiscRead:
		return v.Misc
	case vgaGfx:
		return v.GfxIndex
	case vgaGfxData:
		return get(v.Gfx[:], v.GfxIndex)
	}
	return 0xff
}

// get reads a register of a group; those that do not exist are 0.
func get(group []uint8, i uint8) uint8 {
	if int(i) < len(group) {
		return group[i]
	}
	return 0
}

// put writes the bits of a register that can be written.
func put(group []uint8, i, x uint8, writable []uint8) {
	if int(i) < len(group) {
		group[i] = x & writable[i]
	}
}

// Out writes a byte.
func (p VGAPorts) Out(port uint16, x uint8) {
	v := p.VGA
	n, ok := p.here(port)
	if !ok {
		return
	}
	switch n {
	case VGAColour:
		v.Index = x
	case VGAColour + 1:
		v.setCRTC(x)
	case VGAStatus:
		v.Feature = x & 3
	case vgaAttr:
		v.setAttr(x)
	case vgaMisc:
		v.Misc = x &^ (1 << 4)
	case vgaSeq:
		v.SeqIndex = x & 7
	case vgaSeqData:
		put(v.Seq[:], v.SeqIndex, x, seqWritable[:])
	case vgaPELMask:
		v.PELMask = x
	case vgaPELRead:
		v.PELRead, v.PELPart, v.PELReading = x, 0, true
	case vgaPELWrite:
		v.PELWrite, v.PELPart, v.PELReading = x, 0, false
	case vgaPELData:
		v.writeColour(x)
	case vgaGfx:
		v.GfxIndex = x & 0xf
	case vgaGfxData:
		put(v.Gfx[:], v.GfxIndex, x, gfxWritable[:])
	}
}

// setCRTC writes the register that the index selects. Of a locked one only the bit
// of the line compare can be written.
func (v *VGA) setCRTC(x uint8) {
	const lineCompare = 1 << 4
	switch i := v.Index; {
	case int(i) >= len(v.CRTC):
	case i > crtOverflow || v.CRTC[crtSyncEnd]&crtLocked == 0:
		v.CRTC[i] = x
	case i == crtOverflow:
		v.CRTC[i] = v.CRTC[i]&^lineCompare | x&lineCompare
	}
}

// setAttr writes the attribute controller's index and data by turns. The palette
// can be written while it is not shown.
func (v *VGA) setAttr(x uint8) {
	if v.AttrData = !v.AttrData; v.AttrData {
		v.AttrIndex = x & 0x3f
		return
	}
	switch i := v.AttrIndex & 0x1f; {
	case i >= 0x10 && int(i) < len(v.Attr):
		v.Attr[i] = x & attrWritable[i-0x10]
	case i < 0x10 && v.AttrIndex&attrShown == 0:
		v.Attr[i] = x & 0x3f
	}
}

// readColour and writeColour go through the components of one colour after the
// other (PS/2 reference, "Video DAC").
func (v *VGA) readColour() uint8 {
	x := uint8(0)
	if at := 3*int(v.PELRead) + int(v.PELPart); v.DAC != "" {
		x = v.DAC[at]
	}
	if v.PELPart++; v.PELPart == 3 {
		v.PELPart = 0
		v.PELRead++
	}
	return x
}

func (v *VGA) writeColour(x uint8) {
	b := make([]byte, 3*256)
	copy(b, v.DAC)
	b[3*int(v.PELWrite)+int(v.PELPart)] = x & 0x3f
	v.DAC = string(b)
	if v.PELPart++; v.PELPart == 3 {
		v.PELPart = 0
		v.PELWrite++
	}
}
