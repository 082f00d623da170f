package nvme

import (
	"encoding/binary"

	"resvirt/sim"
)

// doorbell is a write of a queue's tail or head (3.1.24, 3.1.25).
func (c *Controller) doorbell(q uint16, completion bool, v uint32) {
	s := &c.state
	if !c.ready() {
		return
	}
	v &= 0xffff
	var size uint32
	if q < queues {
		if size = s.SQ[q].Size; completion {
			size = s.CQ[q].Size
		}
	}
	switch {
	case size == 0:
		c.errorEvent(0) // write to the doorbell of no queue
	case v >= size:
		c.errorEvent(1) // value out of range
	case completion:
		s.CQ[q].Head = v
		c.level()
		for i := range s.SQ {
			if s.SQ[i].CQ == q {
				c.wake(uint16(i)) // it may have waited for room
			}
		}
		c.sendEvents()
	default:
		s.SQ[q].Tail = v
		c.wake(q)
	}
}

// wake has a submission queue read soon if there is something in it.
func (c *Controller) wake(q uint16) {
	s := &c.state.SQ[q]
	if s.Size != 0 && s.Head != s.Tail && !s.Fetching {
		s.Fetching = true
		c.host.At(c.host.Now()+c.time.DMALatency, evFetch, uint64(q))
	}
}

// fetch takes commands as long as there is room for their completions.
func (c *Controller) fetch(q uint16) {
	s := &c.state.SQ[q]
	s.Fetching = false
	for c.ready() && s.Size != 0 && s.Head != s.Tail && c.room(s.CQ) > c.under(s.CQ) {
		cmd := Command{Queue: q, Used: true}
		if !c.config.ReadRAM(s.Base+uint64(s.Head)*64, cmd.Raw[:]) {
			c.fail()
			return
		}
		s.Head = (s.Head + 1) % s.Size
		if q == 0 && cmd.Raw[0] == adminAsync {
			c.asyncRequest(cmd.id())
			continue
		}
		c.start(cmd)
	}
}

// start finds a place for a command and sets the time of its end: after the
// disk has begun it and transferred its bytes, and after its own latency.
func (c *Controller) start(cmd Command) {
	s := &c.state
	at := len(s.Flight)
	for i := range s.Flight {
		if !s.Flight[i].Used {
			at = i
			break
		}
	}
	if at == len(s.Flight) {
		s.Flight = append(s.Flight, cmd)
	} else {
		s.Flight[at] = cmd
	}
	free := c.disk.occupy(c.host.Now(), c.time.DiskCommand+c.transfer(&cmd))
	c.host.At(free+c.time.DiskLatency, evDone, uint64(at))
}

// transfer is the time for which a command's bytes occupy the disk.
func (c *Controller) transfer(cmd *Command) sim.Time {
	if cmd.Queue == 0 {
		return 0
	}
	bytes := sim.Time(cmd.blocks() * sectorSize)
	switch cmd.Raw[0] {
	case ioRead, ioCompare:
		return bytes * c.time.DiskReadByte
	case ioWrite:
		return bytes * c.time.DiskWriteByte
	}
	return 0
}

// done carries a command out and completes it.
func (c *Controller) done(at int) {
	cmd := c.state.Flight[at]
	c.state.Flight[at] = Command{}
	c.trim()
	if cmd.Dead || !c.ready() {
		return
	}
	var result uint32
	var status uint16
	switch {
	case cmd.Aborted:
		status = aborted
	case cmd.Queue == 0:
		result, status = c.admin(&cmd)
	default:
		status = c.io(&cmd)
	}
	c.complete(&cmd, result, status)
}

// trim forgets free places at the end, so that the state is the same as if
// they had never been needed.
func (c *Controller) trim() {
	f := c.state.Flight
	for len(f) > 0 && !f[len(f)-1].Used {
		f = f[:len(f)-1]
	}
	c.state.Flight = f
}

// complete posts a command's completion and logs an error.
func (c *Controller) complete(cmd *Command, result uint32, status uint16) {
	if status != success {
		status |= doNotRetry
		e := &c.state.Errors
		*e = Errors{Count: e.Count + 1, Queue: cmd.Queue, ID: cmd.id(), Status: status, NSID: cmd.nsid()}
		if cmd.Queue != 0 {
			e.LBA = cmd.lba()
		}
	}
	c.post(cmd.Queue, cmd.id(), result, status)
}

// post writes a completion queue entry (4.6) and signals it.
func (c *Controller) post(queue, id uint16, result uint32, status uint16) {
	sq := &c.state.SQ[queue]
	q := &c.state.CQ[sq.CQ]
	var e [16]byte
	binary.LittleEndian.PutUint32(e[0:], result)
	binary.LittleEndian.PutUint16(e[8:], uint16(sq.Head))
	binary.LittleEndian.PutUint16(e[10:], queue)
	binary.LittleEndian.PutUint16(e[12:], id)
	phase := status << 1
	if q.Phase {
		phase |= 1
	}
	binary.LittleEndian.PutUint16(e[14:], phase)
	if !c.config.WriteRAM(q.Base+uint64(q.Tail)*16, e[:]) {
		c.fail()
		return
	}
	if q.Tail = (q.Tail + 1) % q.Size; q.Tail == 0 {
		q.Phase = !q.Phase
	}
	c.level()
	if q.Interrupts && (c.config.MSIX() || c.state.Mask&1 == 0) {
		c.config.Signal(int(q.Vector))
	}
}

// level drives the interrupt pin, and tells where: up while an entry waits to be taken (7.5.1.1).
func (c *Controller) level() (up bool) {
	s := &c.state
	for i := range s.CQ {
		q := &s.CQ[i]
		up = up || q.Size != 0 && q.Interrupts && q.Head != q.Tail
	}
	up = up && s.Mask&1 == 0
	c.config.SetLevel(up)
	return up
}

// room is the number of free entries of a completion queue.
func (c *Controller) room(q uint16) int {
	s := &c.state.CQ[q]
	return int((s.Head + s.Size - s.Tail - 1) % s.Size)
}

// under is the number of commands under way that will need one.
func (c *Controller) under(q uint16) (n int) {
	for i := range c.state.Flight {
		f := &c.state.Flight[i]
		if f.Used && !f.Dead && c.state.SQ[f.Queue].CQ == q {
			n++
		}
	}
	return n
}
