package e1000

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	crcBytes = 4
	maxFrame = 1522 // with VLAN tag and checksum
	descSize = 16
)

// Bits of status and errors of a receive descriptor (3.2.3).
const (
	rxDone        = 1 << 0
	rxEnd         = 1 << 1
	rxIgnoreSums  = 1 << 2
	rxVLAN        = 1 << 3
	rxTCPChecked  = 1 << 5
	rxIPChecked   = 1 << 6
	rxInexact     = 1 << 7
	rxTCPError    = 1 << 5
	rxIPError     = 1 << 6
	defaultBuffer = 2048
)

// Receive takes a frame, without checksum, off the wire. The frame must not
// change any more.
func (c *Controller) Receive(frame []byte) {
	s := &c.state
	if s.Regs[rRCTL]&rctlEnable == 0 || !c.linkUp() {
		return
	}
	n := len(frame) + crcBytes
	switch {
	case n < 64:
		c.count(stUndersize)
		return
	case n > maxFrame && s.Regs[rRCTL]&rctlLong == 0 || n > 16384:
		c.count(stOversize)
		return
	}
	if accepted, _ := c.filter(frame); !accepted {
		return
	}
	if s.FIFOBytes+n > int(s.Regs[rPBA]&0x7f)<<10 {
		c.count(stMissed)
		c.cause(icrOverrun)
		return
	}
	s.FIFO = append(s.FIFO, frame)
	s.FIFOBytes += n
	c.startStoring()
}

// startStoring has frames go to memory if there are any.
func (c *Controller) startStoring() {
	if len(c.state.FIFO) > 0 && !c.state.Storing {
		c.state.Storing = true
		c.host.At(c.host.Now()+c.time.DMALatency, evStore, 0)
	}
}

// store writes frames to memory while there are descriptors. A frame for which
// there are too few waits, whatever it has used up of them.
func (c *Controller) store() {
	s := &c.state
	s.Storing = false
	for len(s.FIFO) > 0 && s.Regs[rRCTL]&rctlEnable != 0 {
		frame := s.FIFO[0]
		data, status, errors, special, sum := c.prepare(frame)
		size := c.bufferSize()
		if free := int(c.free()); free*size < len(data) {
			c.count(stNoBuffer)
			return
		}
		for len(data) > 0 {
			n := min(len(data), size)
			st := status | rxDone
			if n == len(data) {
				st |= rxEnd
			}
			c.storeBuffer(data[:n], sum, st, errors, special)
			data = data[n:]
		}
		s.FIFO = s.FIFO[1:]
		s.FIFOBytes -= len(frame) + crcBytes
		c.countFrame(frame, false)
		if c.free() <= c.ringSize(rRDLEN)>>(1+s.Regs[rRCTL]>>8&3) {
			c.cause(icrFewBuffers)
		}
		c.delayReceived()
	}
}

// storeBuffer fills the buffer of the next descriptor.
func (c *Controller) storeBuffer(b []byte, sum uint16, status, errors byte, special uint16) {
	r := &c.state.Regs
	at := uint64(r[rRDBAH])<<32 | uint64(r[rRDBAL]) + uint64(r[rRDH]%c.ringSize(rRDLEN))*descSize
	var d [descSize]byte
	c.config.ReadRAM(at, d[:8])
	le := binary.LittleEndian
	c.config.WriteRAM(le.Uint64(d[:]), b)
	le.PutUint16(d[8:], uint16(len(b)))
	le.PutUint16(d[10:], sum)
	d[12], d[13] = status, errors
	le.PutUint16(d[14:], special)
	c.config.WriteRAM(at, d[:])
	n := c.ringSize(rRDLEN)
	r[rRDH] = (r[rRDH]%n + 1) % n
}

// ringSize is the number of descriptors of a ring; at least one, so that
// nothing divides by zero where software has set up none.
func (c *Controller) ringSize(reg int) uint32 { return max(c.state.Regs[reg]/descSize, 1) }

// free is the number of descriptors that the controller owns.
func (c *Controller) free() uint32 {
	r, n := &c.state.Regs, c.ringSize(rRDLEN)
	if r[rRDLEN] == 0 {
		return 0
	}
	return (r[rRDT]%n + n - r[rRDH]%n) % n
}

// bufferSize is that of every receive buffer (13.4.22).
func (c *Controller) bufferSize() int {
	v := c.state.Regs[rRCTL]
	n := defaultBuffer >> (v >> 16 & 3)
	if v&rctlExtend != 0 && n != defaultBuffer {
		n *= 16
	}
	return n
}

// prepare turns a frame into what software gets: with or without tag and
// checksum, and with its sums checked.
func (c *Controller) prepare(frame []byte) (data []byte, status, errors byte, special, sum uint16) {
	r := &c.state.Regs
	_, exact := c.filter(frame)
	if !exact {
		status |= rxInexact
	}
	data = append([]byte(nil), frame...)
	if r[rCTRL]&ctrlVLAN != 0 && c.tagged(frame) {
		status |= rxVLAN
		special = binary.BigEndian.Uint16(frame[14:])
		data = append(data[:12], data[16:]...)
	}
	st, errors := c.checkSums(data)
	status |= st
	if start := int(r[rRXCSUM] & 0xff); start < len(data) {
		sum = fold(onesSum(data[start:]))
	}
	if r[rRCTL]&rctlStripCRC == 0 {
		data = binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(frame))
	}
	return data, status, errors, special, sum
}

func (c *Controller) tagged(frame []byte) bool {
	return len(frame) >= 18 && uint32(binary.BigEndian.Uint16(frame[12:])) == c.state.Regs[rVET]&0xffff
}

func isBroadcast(f []byte) bool {
	return f[0]&f[1]&f[2]&f[3]&f[4]&f[5] == 0xff
}

// filter tells whether a frame is for this controller (3.2.1), and whether an
// exact match says so.
func (c *Controller) filter(f []byte) (accepted, exact bool) {
	s, rctl := &c.state, c.state.Regs[rRCTL]
	if rctl&rctlVLAN != 0 && c.tagged(f) {
		id := binary.BigEndian.Uint16(f[14:]) & 0xfff
		if s.VFTA[id>>5]>>(id&31)&1 == 0 {
			return false, false
		}
	}
	low, high := binary.LittleEndian.Uint32(f), uint32(binary.LittleEndian.Uint16(f[4:]))
	for i := 0; i < len(s.RA); i += 2 {
		if s.RA[i] == low && s.RA[i+1]&0xffff == high && s.RA[i+1]&(rahValid|3<<16) == rahValid {
			return true, true
		}
	}
	switch {
	case isBroadcast(f):
		return rctl&(rctlBroadcast|rctlMulticast) != 0, true
	case f[0]&1 == 0:
		return rctl&rctlUnicast != 0, false
	case rctl&rctlMulticast != 0:
		return true, false
	}
	shift := [...]uint{4, 3, 2, 0}[rctl>>12&3]
	hash := (uint32(f[5])<<8 | uint32(f[4])) >> shift & 0xfff
	return s.MTA[hash>>5]>>(hash&31)&1 != 0, false
}
