package e1000

import "resvirt/sim"

// Bits of EECD (13.4.3), through which software talks to the EEPROM bit by bit.
const (
	eecdClock   = 1 << 0
	eecdSelect  = 1 << 1
	eecdIn      = 1 << 2 // into the EEPROM
	eecdOut     = 1 << 3
	eecdRequest = 1 << 6
	eecdGrant   = 1 << 7
	eecdPresent = 1 << 8
)

// EEPROM is the serial side of a 93C46, 64 words with a Microwire interface: a
// start bit, two bits of opcode and six of address go in, 16 bits come out. It
// cannot be written here.
type EEPROM struct {
	In    uint16 // bits since the start bit, it included
	Count uint8
	Out   uint8 // bits that came out
	Data  bool  // the output
}

const opRead = 6 // start bit and opcode

// word is the EEPROM's content (5.6).
func (c *Controller) word(i int) uint16 {
	switch i {
	case 0, 1, 2:
		return uint16(c.mac[2*i]) | uint16(c.mac[2*i+1])<<8
	case 0x0a:
		return 0x4408 // signature; subsystem from here
	case 0x0b:
		return 0x001e
	case 0x0c, 0x0e:
		return 0x8086
	case 0x0d:
		return 0x100e
	case 0x3f:
		sum := uint16(0xbaba)
		for k := range 0x3f {
			sum -= c.word(k)
		}
		return sum
	}
	return 0
}

// readWord is a read by EERD, done at once (13.4.4).
func (c *Controller) readWord(v uint32) uint32 {
	if v&1 == 0 {
		return v & 0xff00
	}
	return uint32(c.word(int(v>>8&0x3f)))<<16 | v&0xff00 | 1<<4
}

func (c *Controller) readEECD() uint32 {
	v := c.state.Regs[rEECD] | eecdPresent
	if v&eecdRequest != 0 {
		v |= eecdGrant
	}
	if c.state.EE.Data {
		v |= eecdOut
	}
	return v
}

// writeEECD clocks the EEPROM.
func (c *Controller) writeEECD(v uint32) {
	e, was := &c.state.EE, c.state.Regs[rEECD]
	c.state.Regs[rEECD] = v & (eecdClock | eecdSelect | eecdIn | eecdRequest | 3<<4)
	switch {
	case v&eecdSelect == 0:
		*e = EEPROM{}
	case v&eecdClock == 0 || was&eecdClock != 0:
	case e.Count < 9:
		if bit := uint16(v & eecdIn / eecdIn); bit != 0 || e.Count > 0 {
			e.In = e.In<<1 | bit
			e.Count++
		}
	case e.In>>6 == opRead:
		i := int(e.In&0x3f) + int(e.Out/16)
		e.Data = c.word(i&0x3f)>>(15-e.Out%16)&1 != 0
		e.Out++
	}
}

func (e *EEPROM) hash(h *sim.Hasher) {
	h.Uint64(uint64(e.In)<<16 | uint64(e.Count)<<8 | uint64(e.Out))
	h.Bool(e.Data)
}
