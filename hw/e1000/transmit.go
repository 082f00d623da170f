package e1000

import (
	"encoding/binary"

	"resvirt/sim"
)

// Commands of transmit descriptors (3.3.3.1, 3.3.7.1). TSE is IC in legacy ones;
// IFCS is taken as set.
const (
	txEnd      = 1 << 0
	txSumTSE   = 1 << 2
	txReport   = 1 << 3
	txExtended = 1 << 5
	txVLAN     = 1 << 6
	txDelay    = 1 << 7

	txDone = 1 << 0
)

// Packet is the part of a packet that has been read so far.
type Packet struct {
	Data    []byte
	Begun   bool
	Options byte // of the first data descriptor: which checksums to insert
}

// maxPacket bounds what software can make the controller collect: the largest
// payload of a segmentation context and a header.
const maxPacket = 1<<20 + 1<<8

// startSending has the ring read soon if there is something in it.
func (c *Controller) startSending() {
	s := &c.state
	if !s.Sending && s.Regs[rTCTL]&tctlEnable != 0 && s.Regs[rTDH] != s.Regs[rTDT] && s.Regs[rTDLEN] != 0 {
		s.Sending = true
		c.host.At(c.host.Now()+c.time.DMALatency, evSend, 0)
	}
}

// send reads descriptors up to the end of a packet and sends it; the next turn
// comes when the wire is free.
func (c *Controller) send() {
	s := &c.state
	r := &s.Regs
	s.Sending = false
	for n := c.ringSize(rTDLEN); r[rTDH]%n != r[rTDT]%n && r[rTCTL]&tctlEnable != 0; {
		at := uint64(r[rTDBAH])<<32 | uint64(r[rTDBAL]) + uint64(r[rTDH]%n)*descSize
		var d [descSize]byte
		c.config.ReadRAM(at, d[:])
		free, whole := c.descriptor(&d)
		r[rTDH] = (r[rTDH]%n + 1) % n
		if cmd := d[11]; cmd&txReport != 0 {
			d[12] |= txDone
			c.config.WriteRAM(at+12, d[12:13])
			if cmd&txDelay != 0 {
				c.delaySent()
			} else {
				c.sent()
			}
		}
		if whole && r[rTDH] != r[rTDT]%n {
			s.Sending = true
			c.host.At(free, evSend, 0)
			return
		}
	}
	c.cause(icrSentAll)
}

// descriptor carries one descriptor out. At the end of a packet it is sent.
func (c *Controller) descriptor(d *[descSize]byte) (free sim.Time, whole bool) {
	p := &c.state.Packet
	le := binary.LittleEndian
	cmd, n := d[11], int(le.Uint16(d[8:]))
	extended := cmd&txExtended != 0
	if extended {
		if d[10]>>4 == 0 {
			c.setContext(d)
			return 0, false
		}
		n = int(le.Uint32(d[8:]) & 0xfffff)
		if !p.Begun {
			p.Options = d[13]
		}
	}
	p.Begun = true
	if n = min(n, maxPacket-len(p.Data)); n > 0 {
		at := len(p.Data)
		p.Data = append(p.Data, make([]byte, n)...)
		c.config.ReadRAM(le.Uint64(d[:]), p.Data[at:])
	}
	if cmd&txEnd == 0 {
		return 0, false
	}
	tag := -1
	if cmd&txVLAN != 0 && c.state.Regs[rCTRL]&ctrlVLAN != 0 {
		tag = int(le.Uint16(d[14:]))
	}
	data, options := p.Data, p.Options
	*p = Packet{}
	switch {
	case extended && cmd&txSumTSE != 0:
		return c.segment(data, options, tag), true
	case extended:
		c.state.Context[0].insert(data, options)
	case cmd&txSumTSE != 0:
		insertSum(data, int(d[13]), int(d[10]), 0)
	}
	return c.transmit(data, tag), true
}

// transmit puts a frame on the wire. Data that are too short or too long for a
// frame are not sent.
func (c *Controller) transmit(f []byte, tag int) sim.Time {
	if tag >= 0 && len(f) >= 12 {
		t := []byte{byte(c.state.Regs[rVET] >> 8), byte(c.state.Regs[rVET]), byte(tag >> 8), byte(tag)}
		f = append(append(append([]byte(nil), f[:12]...), t...), f[12:]...)
	}
	if c.state.Regs[rTCTL]&tctlPad != 0 && len(f) < 60 {
		f = append(f, make([]byte, 60-len(f))...)
	}
	if len(f) < 14 || len(f) > 16384 || !c.linkUp() || c.wire == nil {
		return c.host.Now()
	}
	c.countFrame(f, true)
	return c.wire.Send(f)
}

func (p *Packet) hash(h *sim.Hasher) {
	h.Bytes(p.Data)
	h.Bool(p.Begun)
	h.Uint64(uint64(p.Options))
}
