package cpu

import "resvirt/hw/softfloat"

// x87Control executes the instructions that move control and state and do not
// touch the error pointers.
func (c *CPU) x87Control(i *Inst) bool {
	f := &c.FPU
	switch i.Op {
	case OpFWAIT:
	case OpFNINIT:
		f.reset()
	case OpFNCLEX:
		f.FSW &^= 0x3f | fswSF | fswES | fswB
	case OpFLDCW:
		if v, ok := c.loadN(i.Seg, c.address(i), 2); ok {
			f.setControl(uint16(v))
			f.summarize()
		}
	case OpFNSTCW:
		c.storeN(i.Seg, c.address(i), 2, uint64(f.FCW))
	case OpFNSTSW:
		if i.Prefix&PrefixMem == 0 {
			c.GPR[RAX] = c.GPR[RAX]&^0xffff | uint64(f.FSW)
		} else {
			c.storeN(i.Seg, c.address(i), 2, uint64(f.FSW))
		}
	case OpFNSTENV:
		if c.storeEnvironment(i, c.address(i), 0) {
			f.FCW |= 0x3f
			f.summarize()
		}
	case OpFLDENV:
		c.loadEnvironment(i, c.address(i), 0)
	case OpFNSAVE:
		c.save87(i)
	case OpFRSTOR:
		c.restore87(i)
	default:
		return false
	}
	return true
}

// The environment is seven words or, with 32-bit operands, seven double words
// (APM vol. 2, 11.4.4): control, status, tags, and pointers with selectors.
func environmentUnit(i *Inst) int {
	if i.Size == 2 {
		return 2
	}
	return 4
}

// storeEnvironment writes the environment. more is how many bytes the caller
// will store behind it, so that a fault comes before any store.
func (c *CPU) storeEnvironment(i *Inst, off uint64, more int) bool {
	unit := environmentUnit(i)
	if !c.probeWrite(i.Seg, off, 7*unit+more) {
		return false
	}
	f := &c.FPU
	p := c.packPointers(unit)
	words := [7]uint64{uint64(f.FCW), uint64(f.FSW), uint64(f.fullTags()), p[0], p[1], p[2], p[3]}
	if unit == 4 {
		for k := range 3 {
			words[k] |= 0xffff_0000
		}
	}
	for k, v := range words {
		c.storeN(i.Seg, off+uint64(k*unit), unit, v)
	}
	return true
}

// loadEnvironment is FLDENV; nothing changes when more bytes behind the
// environment cannot be read.
func (c *CPU) loadEnvironment(i *Inst, off uint64, more int) bool {
	unit := environmentUnit(i)
	if !c.probeRead(i.Seg, off, 7*unit+more) {
		return false
	}
	var words [7]uint64
	for k := range words {
		words[k], _ = c.loadN(i.Seg, off+uint64(k*unit), unit)
	}
	f := &c.FPU
	f.setControl(uint16(words[0]))
	f.FSW = uint16(words[1])
	f.summarize()
	f.FTW = 0
	for k := range 8 {
		if words[2]>>(2*k)&3 != 3 {
			f.FTW |= 1 << k
		}
	}
	f.Pointers = c.unpackPointers([4]uint64(words[3:]), unit)
	return true
}

// fullTags is the two-bit form of the tags: valid, zero, special, empty.
func (f *FPU) fullTags() (tags uint16) {
	for k := range 8 {
		tag := uint16(2)
		switch class := softfloat.Number80(softfloat.Extended(f.ST[k])).Class(); {
		case f.FTW>>k&1 == 0:
			tag = 3
		case class == softfloat.ClassNormal:
			tag = 0
		case class == softfloat.ClassZero:
			tag = 1
		}
		tags |= tag << (2 * k)
	}
	return tags
}

func (c *CPU) save87(i *Inst) {
	off := c.address(i)
	if !c.storeEnvironment(i, off, 80) {
		return
	}
	off += uint64(7 * environmentUnit(i))
	for k := range uint8(8) {
		c.store80(i.Seg, off+10*uint64(k), c.FPU.raw(k))
	}
	c.FPU.reset()
}

func (c *CPU) restore87(i *Inst) {
	off := c.address(i)
	if !c.loadEnvironment(i, off, 80) {
		return
	}
	off += uint64(7 * environmentUnit(i))
	for k := range uint8(8) {
		c.FPU.ST[c.FPU.physical(k)] = Float80(c.read80(i.Seg, off+10*uint64(k)))
	}
}
