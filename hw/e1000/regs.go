package e1000

// Registers that keep what is written, in part by masks (13.3).
const (
	rCTRL = iota
	rEECD
	rEERD
	rCTRLEXT
	rMDIC
	rFCAL
	rFCAH
	rFCT
	rVET
	rITR
	rRCTL
	rFCTTV
	rTXCW
	rTCTL
	rTIPG
	rAIT
	rLEDCTL
	rPBA
	rFCRTL
	rFCRTH
	rRDBAL
	rRDBAH
	rRDLEN
	rRDH
	rRDT
	rRDTR
	rRXDCTL
	rRADV
	rRSRPD
	rTXDMAC
	rTDBAL
	rTDBAH
	rTDLEN
	rTDH
	rTDT
	rTIDV
	rTXDCTL
	rTADV
	rTSPMT
	rRXCSUM
	rWUC
	rWUFC
	rMANC
	numRegs
)

// offsets of these registers.
func offsets() [numRegs]uint32 {
	return [numRegs]uint32{
		rCTRL: 0x0, rEECD: 0x10, rEERD: 0x14, rCTRLEXT: 0x18, rMDIC: 0x20, rFCAL: 0x28, rFCAH: 0x2c, rFCT: 0x30, rVET: 0x38,
		rITR: 0xc4, rRCTL: 0x100, rFCTTV: 0x170, rTXCW: 0x178, rTCTL: 0x400, rTIPG: 0x410, rAIT: 0x458, rLEDCTL: 0xe00, rPBA: 0x1000,
		rFCRTL: 0x2160, rFCRTH: 0x2168, rRDBAL: 0x2800, rRDBAH: 0x2804, rRDLEN: 0x2808, rRDH: 0x2810, rRDT: 0x2818, rRDTR: 0x2820,
		rRXDCTL: 0x2828, rRADV: 0x282c, rRSRPD: 0x2c00, rTXDMAC: 0x3000, rTDBAL: 0x3800, rTDBAH: 0x3804, rTDLEN: 0x3808, rTDH: 0x3810,
		rTDT: 0x3818, rTIDV: 0x3820, rTXDCTL: 0x3828, rTADV: 0x382c, rTSPMT: 0x3830, rRXCSUM: 0x5000, rWUC: 0x5800, rWUFC: 0x5808, rMANC: 0x5820,
	}
}

// Offsets of the others.
const (
	offCTRLDup = 0x4
	offSTATUS  = 0x8
	offICR     = 0xc0
	offICS     = 0xc8
	offIMS     = 0xd0
	offIMC     = 0xd8
	offStats   = 0x4000
	offMTA     = 0x5200
	offRA      = 0x5400
	offVFTA    = 0x5600
)

// Bits of CTRL, STATUS, RCTL, TCTL and RAH.
const (
	ctrlFullDuplex = 1 << 0
	ctrlSetLinkUp  = 1 << 6
	ctrlReset      = 1 << 26
	ctrlVLAN       = 1 << 30
	ctrlPHYReset   = 1 << 31

	statusFullDuplex = 1 << 0
	statusLinkUp     = 1 << 1
	statusGigabit    = 2<<6 | 2<<8 // as set, and as detected

	rctlEnable    = 1 << 1
	rctlUnicast   = 1 << 3 // promiscuous
	rctlMulticast = 1 << 4 // promiscuous
	rctlLong      = 1 << 5
	rctlBroadcast = 1 << 15
	rctlVLAN      = 1 << 18
	rctlExtend    = 1 << 25 // buffer sizes times 16
	rctlStripCRC  = 1 << 26

	tctlEnable = 1 << 1
	tctlPad    = 1 << 3

	rahValid = 1 << 31
)

// regAt is the index of the register at an offset, -1 if there is none.
func regAt(off uint32) int {
	for i, o := range offsets() {
		if o == off {
			return i
		}
	}
	return -1
}

// resetRegs is the reset by CTRL.RST (14.8): everything but the PHY and the
// EEPROM, from which the address comes again.
func (c *Controller) resetRegs() {
	s := &c.state
	for ev := evSend; ev <= evSentBy; ev++ {
		if ev != evLink {
			c.host.Cancel(ev)
		}
	}
	*s = State{Link: s.Link, PHY: s.PHY, IOAddr: s.IOAddr}
	r := &s.Regs
	r[rCTRL] = ctrlFullDuplex | ctrlSetLinkUp // the latter as the EEPROM has it
	r[rEECD] = eecdPresent
	r[rVET] = 0x8100
	r[rPBA] = 0x00100030 // 48 KiB to receive, 16 KiB to send
	r[rLEDCTL] = 0x07068302
	r[rTXDCTL], r[rRXDCTL] = 0, 1<<16
	r[rTSPMT] = 0x01000400
	s.RA[0] = uint32(c.mac[0]) | uint32(c.mac[1])<<8 | uint32(c.mac[2])<<16 | uint32(c.mac[3])<<24
	s.RA[1] = uint32(c.mac[4]) | uint32(c.mac[5])<<8 | rahValid
	c.drive()
}

// Reset implements pci.Function. The controller has no function level reset; on its way
// from D3hot to D0 it resets itself as by CTRL.RST (14.8).
func (c *Controller) Reset() { c.resetRegs() }

// status is the STATUS register.
func (c *Controller) status() uint32 {
	v := uint32(statusFullDuplex | statusGigabit)
	if c.linkUp() {
		v |= statusLinkUp
	}
	return v
}

func (c *Controller) linkUp() bool { return c.state.Link && c.state.Regs[rCTRL]&ctrlSetLinkUp != 0 }
