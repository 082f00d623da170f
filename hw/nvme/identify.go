package nvme

import (
	"encoding/binary"
	"fmt"
)

// model and revision of the drive, padded with spaces. Serial number, subsystem and EUI-64
// tell drives apart; the controllers of one drive have them in common.
const (
	model    = "Simulated NVMe disk"
	firmware = "1.0"
)

func (n *Namespace) serial() string { return fmt.Sprintf("%04d", n.number+1) }

func (n *Namespace) subsystem() string {
	return fmt.Sprintf("nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-%012d", n.number+1)
}

// eui64 is locally administered.
func (n *Namespace) eui64() uint64 { return 0x0200_0000_0000_0001 + uint64(n.number) }

// identify is the command Identify (5.15).
func (c *Controller) identify(cmd *Command) uint16 {
	var b []byte
	switch cmd.dword(10) & 0xff {
	case 0:
		switch n := cmd.nsid(); {
		case n == everyNamespace:
			b = c.namespace() // what is common to all
		case n != 1:
			return invalidNamespace
		default:
			b = c.namespace()
		}
	case 1:
		b = c.controller()
	case 2: // active namespaces above a number
		if cmd.nsid() >= everyNamespace-1 {
			return invalidNamespace
		}
		if b = make([]byte, pageSize); cmd.nsid() == 0 {
			b[0] = 1
		}
	case 3: // the namespace's identifiers: an EUI-64
		if cmd.nsid() != 1 {
			return invalidNamespace
		}
		b = make([]byte, pageSize)
		b[0], b[1] = 1, 8
		binary.BigEndian.PutUint64(b[4:], c.disk.eui64())
	default:
		return invalidField
	}
	return c.send(cmd, b)
}

func text(b []byte, s string) {
	for i := range b {
		b[i] = ' '
	}
	copy(b, s)
}

// controller is figure 247.
func (c *Controller) controller() []byte {
	b := make([]byte, pageSize)
	le := binary.LittleEndian
	le.PutUint16(b[0:], vendor)
	le.PutUint16(b[2:], vendor)
	text(b[4:24], c.disk.serial())
	text(b[24:64], model)
	text(b[64:72], firmware)
	b[77] = maxShift
	if c.disk.ports > 1 {
		b[76] = 1 << 1 // the subsystem has several controllers
	}
	le.PutUint16(b[78:], uint16(c.port+1)) // controller identifier
	le.PutUint32(b[80:], version)
	b[111] = 1 // an I/O controller
	b[258] = 3 // four aborts at once
	b[259] = maxAERs - 1
	b[260] = 1<<1 | 1          // one firmware slot, read-only
	le.PutUint16(b[266:], 343) // warning and critical temperatures in K
	le.PutUint16(b[268:], 358)
	b[512] = 0x66 // entries of 64 bytes
	b[513] = 0x44 // and of 16
	le.PutUint16(b[514:], maxEntries)
	le.PutUint32(b[516:], 1)              // namespaces
	le.PutUint16(b[520:], 1<<3|1<<2|1<<0) // write zeroes, dataset management, compare
	b[525] = 3<<1 | 1                     // a write cache; Flush may address all namespaces
	copy(b[768:1024], c.disk.subsystem())
	le.PutUint16(b[2048:], 2500) // the power state takes 25 W
	return b
}

// namespace is figure 245.
func (c *Controller) namespace() []byte {
	b := make([]byte, pageSize)
	le := binary.LittleEndian
	n := c.disk.Size() / sectorSize
	le.PutUint64(b[0:], n)
	le.PutUint64(b[8:], n)
	le.PutUint64(b[16:], n)
	if c.disk.ports > 1 {
		b[30] = 1 // other controllers lead to it
	}
	b[33] = 1 // deallocated blocks read as zeros
	binary.BigEndian.PutUint64(b[120:], c.disk.eui64())
	b[130] = 9 // blocks of 1<<9 bytes, no metadata
	return b
}

// Log pages (5.14.1).
const (
	logError    = 1
	logHealth   = 2
	logFirmware = 3
)

// log returns a log page. Beyond its end it reads as zeros.
func (c *Controller) log(cmd *Command) uint16 {
	n := int64(cmd.dword(10)>>16|cmd.dword(11)<<16) + 1
	off := uint64(cmd.dword(13))<<32 | uint64(cmd.dword(12))
	if n > pageSize<<maxShift/4 || off != 0 {
		return invalidField // LPA offers no offsets
	}
	b := make([]byte, 4*n)
	page := make([]byte, 512)
	switch cmd.dword(10) & 0xff {
	case logError:
		c.errorLog(page)
		if cmd.dword(10)&(1<<15) == 0 {
			c.state.Reported = false
		}
	case logHealth:
		c.healthLog(page)
	case logFirmware:
		page[0] = 1
		text(page[8:16], firmware)
	default:
		return badLogPage
	}
	copy(b, page)
	return c.send(cmd, b)
}

func (c *Controller) errorLog(b []byte) {
	le, e := binary.LittleEndian, &c.state.Errors
	if e.Count == 0 {
		return
	}
	le.PutUint64(b[0:], e.Count)
	le.PutUint16(b[8:], e.Queue)
	le.PutUint16(b[10:], e.ID)
	le.PutUint16(b[12:], e.Status<<1)
	le.PutUint16(b[14:], 0xffff) // no particular byte of the command
	le.PutUint64(b[16:], e.LBA)
	le.PutUint32(b[24:], e.NSID)
}

func (c *Controller) healthLog(b []byte) {
	le, s := binary.LittleEndian, &c.state.Stats
	le.PutUint16(b[1:], 310) // K
	b[3], b[4] = 100, 10     // spare blocks in percent, and when to worry
	le.PutUint64(b[32:], (s.SectorsRead+999)/1000)
	le.PutUint64(b[48:], (s.SectorsWritten+999)/1000)
	le.PutUint64(b[64:], s.Reads)
	le.PutUint64(b[80:], s.Writes)
	le.PutUint64(b[176:], c.state.Errors.Count)
}
