package driver

import (
	"unsafe"

	"resvirt/vi/back"
)

// Submit gives the disk a command; false while it has no room, or is not started.
func (n *NVMe) Submit(c *back.DiskCommand) bool {
	if !n.ready || n.nfree == 0 || n.io.full() || len(c.Pages) > nvmePages {
		return false
	}
	id := n.free[n.nfree-1]
	s := submission{id: id, nsid: namespace, cdw: [6]uint32{uint32(c.Sector), uint32(c.Sector >> 32), c.Sectors - 1}}
	switch c.Op {
	case back.DiskRead, back.DiskWrite:
		s.opcode = nvmRead
		if c.Op == back.DiskWrite {
			s.opcode = nvmWrite
		}
		n.pages(&s, c)
	case back.DiskFlush:
		s.opcode, s.cdw = nvmFlush, [6]uint32{}
	case back.DiskDiscard: // 6.7: one range, deallocate
		s.opcode, s.cdw = nvmDataset, [6]uint32{0, 1 << 2}
		list, machine := n.list(id)
		*(*[2]uint64)(list) = [2]uint64{uint64(c.Sectors) << 32, c.Sector}
		s.prp[0] = machine
	}
	n.nfree--
	n.tag[id] = c.Tag
	n.since[id] = max(n.Kernel.Now(), 1)
	n.io.put(&s)
	n.ring(&n.io)
	return true
}

// list is the memory that belongs to a command's number.
func (n *NVMe) list(id uint16) (unsafe.Pointer, uint64) {
	at := uint64(id) * nvmeList
	p := &n.lists[at/pageSize]
	return unsafe.Add(p.At, at%pageSize), p.Machine + at%pageSize
}

// pages says where a command's memory is: up to two pages in the command itself, more
// in a list (4.3).
func (n *NVMe) pages(s *submission, c *back.DiskCommand) {
	s.prp[0] = c.Pages[0] + uint64(c.Offset)
	switch {
	case len(c.Pages) == 2:
		s.prp[1] = c.Pages[1]
	case len(c.Pages) > 2:
		list, machine := n.list(s.id)
		copy((*[nvmePages]uint64)(list)[:], c.Pages[1:])
		s.prp[1] = machine
	}
}

// Next is the next command that has ended; more is false where there is none.
func (n *NVMe) Next() (tag uint32, ok, more bool) {
	if !n.ready {
		return 0, false, false
	}
	c, more := n.take(&n.io)
	if !more {
		return 0, false, false
	}
	if c.id >= nvmeDepth || n.since[c.id] == 0 {
		n.Why, n.ready = "the controller ended a command that it was not given", false
		return 0, false, false
	}
	n.since[c.id] = 0
	n.free[n.nfree] = c.id
	n.nfree++
	return n.tag[c.id], c.status>>1 == 0, true
}

// Check says whether all is well: the controller is running, and no command is older than
// patience (ns).
func (n *NVMe) Check(patience uint64) bool {
	if !n.ready {
		return false
	}
	if s := n.Registers.read(nvmeCSTS); s&(csReady|csFatal) != csReady {
		return n.fails("the controller has stopped")
	}
	now := n.Kernel.Now()
	for _, t := range n.since {
		if t != 0 && now-t > patience {
			return n.fails("a command does not end")
		}
	}
	return true
}
