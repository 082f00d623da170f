package nvme

import "resvirt/hw/pci"

// Registers (3.1).
const (
	regCAP   = 0x00
	regVS    = 0x08
	regINTMS = 0x0c
	regINTMC = 0x10
	regCC    = 0x14
	regCSTS  = 0x1c
	regAQA   = 0x24
	regASQ   = 0x28
	regACQ   = 0x30
)

// Their fields. CAP: 1024 entries a queue, which must be contiguous; 4 KiB
// pages only; a timeout of 4 times 500 ms; the NVM command set.
const (
	capabilities = uint64(maxEntries-1) | 1<<16 | 4<<24 | 1<<37
	version      = 0x00010400

	ccEnable      = 1 << 0
	ccShutdown    = 3 << 14
	ccWritable    = 0x00fffff1
	cstsReady     = 1 << 0
	cstsFatal     = 1 << 1
	cstsShutdown  = 3 << 2
	cstsShutdone  = 2 << 2
	aqaWritable   = 0x0fff0fff
	pageAddresses = ^uint64(pageSize - 1)
)

// ReadBAR implements pci.Function.
func (c *Controller) ReadBAR(bar int, off uint64, size int) uint64 {
	if c.config.InTable(bar, off) {
		return pci.ReadRegs(off, size, c.config.ReadTable)
	}
	return pci.ReadRegs(off, size, c.read)
}

// WriteBAR implements pci.Function.
func (c *Controller) WriteBAR(bar int, off uint64, size int, v uint64) {
	if c.config.InTable(bar, off) {
		pci.WriteRegs(off, size, v, c.config.WriteTable)
		return
	}
	pci.WriteRegs(off, size, v, c.write)
}

func (c *Controller) read(off uint64) uint32 {
	s := &c.state
	switch off {
	case regCAP:
		return uint32(capabilities & 0xffffffff)
	case regCAP + 4:
		return uint32(capabilities >> 32)
	case regVS:
		return version
	case regINTMS, regINTMC:
		return s.Mask
	case regCC:
		return s.CC
	case regCSTS:
		return s.CSTS
	case regAQA:
		return s.AQA
	case regASQ:
		return uint32(s.ASQ)
	case regASQ + 4:
		return uint32(s.ASQ >> 32)
	case regACQ:
		return uint32(s.ACQ)
	case regACQ + 4:
		return uint32(s.ACQ >> 32)
	}
	return 0
}

func (c *Controller) write(off uint64, v uint32) {
	s := &c.state
	switch off {
	case regINTMS:
		s.Mask |= v
		c.level()
	case regINTMC:
		was := s.Mask
		s.Mask &^= v
		if c.level() && was&1 != 0 && s.Mask&1 == 0 && !c.config.MSIX() {
			c.config.Signal(0) // the message that the mask held back (7.5.1.1)
		}
	case regCC:
		c.writeCC(v & ccWritable)
	case regAQA:
		s.AQA = v & aqaWritable
	case regASQ:
		s.ASQ = s.ASQ&^0xffffffff | uint64(v)&pageAddresses
	case regASQ + 4:
		s.ASQ = s.ASQ&0xffffffff | uint64(v)<<32
	case regACQ:
		s.ACQ = s.ACQ&^0xffffffff | uint64(v)&pageAddresses
	case regACQ + 4:
		s.ACQ = s.ACQ&0xffffffff | uint64(v)<<32
	default:
		if off >= doorbells && off < msixTable {
			c.doorbell(uint16(off-doorbells)/8, off&4 != 0, v)
		}
	}
}

// writeCC enables, disables and shuts down (3.1.5, 7.6). There is nothing that
// a shutdown would have to save: it is complete at once.
func (c *Controller) writeCC(v uint32) {
	s := &c.state
	was := s.CC
	s.CC = v
	switch {
	case was&ccEnable == 0 && v&ccEnable != 0:
		c.enable()
	case was&ccEnable != 0 && v&ccEnable == 0:
		c.reset()
	}
	switch {
	case v&ccShutdown == 0:
		s.CSTS &^= cstsShutdown
	case was&ccShutdown == 0:
		s.CSTS = s.CSTS&^cstsShutdown | cstsShutdone
	}
}

// enable starts the controller with its admin queues, or fails for good when
// software asks for what CAP does not offer.
func (c *Controller) enable() {
	s := &c.state
	if s.CC>>4&7 != 0 || s.CC>>7&0xf != 0 || s.CC>>11&7 != 0 {
		s.CSTS |= cstsFatal
		return
	}
	s.SQ[0] = SQ{Base: s.ASQ, Size: s.AQA&0xfff + 1}
	s.CQ[0] = CQ{Base: s.ACQ, Size: s.AQA>>16 + 1, Phase: true, Interrupts: true}
	if s.SQ[0].Size < 2 || s.CQ[0].Size < 2 {
		s.CSTS |= cstsFatal
		return
	}
	c.host.At(c.host.Now()+c.time.DiskReady, evReady, 0)
}

// reset drops everything but the admin queues' addresses (7.3.2) and what the logs count.
func (c *Controller) reset() {
	c.host.Cancel(evReady)
	c.host.Cancel(evFetch)
	c.host.Cancel(evDone)
	s := &c.state
	*s = State{AQA: s.AQA, ASQ: s.ASQ, ACQ: s.ACQ, CC: s.CC, Errors: s.Errors, Stats: s.Stats}
	c.level()
}

// Reset implements pci.Function: a function level reset. It takes the admin queues'
// addresses as well; what the logs count stays (7.3.2).
func (c *Controller) Reset() {
	c.reset()
	s := &c.state
	s.CC, s.AQA, s.ASQ, s.ACQ = 0, 0, 0, 0
}

// fail is the end of a controller that cannot reach its queues: only a reset helps (9.5).
func (c *Controller) fail() { c.state.CSTS |= cstsFatal }

func (c *Controller) ready() bool { return c.state.CSTS&(cstsReady|cstsFatal) == cstsReady }
