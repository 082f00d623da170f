package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// How a guest switches to the FIFO interface: it registers a control block for each
// vCPU, of which the first makes the switch, and then pages of event words, one after
// the other. The VMM holds these frames (held.go) until the guest resets its event
// channels or ends.

// initControl is EVTCHNOP_init_control.
func initControl(d *Domain, a *abi.EvtchnInitControl) int64 {
	a.LinkBits = abi.EvtchnFIFOLinkBits
	if a.Vcpu >= d.nvcpus {
		return -abi.ENOENT
	}
	if uint64(a.Offset) > lastControlOffset || a.Offset&7 != 0 {
		return -abi.EINVAL
	}
	m := mfn(a.ControlGFN)
	if rc := holdFrame(d, m); rc != 0 {
		return rc
	}
	d.eventLock.lock()
	rc, taken := d.placeControl(a.Vcpu, m, uint64(a.Offset))
	d.eventLock.unlock()
	if !taken {
		putPageAndType(pageOf(m))
	}
	if rc == 0 && again() {
		d.relink()
	}
	return rc
}

// placeControl notes where the control block of a vCPU is; taken says whether
// the frame stays in use.
func (d *Domain) placeControl(vcpu uint32, m mfn, offset uint64) (rc int64, taken bool) {
	if d.fifo == nil {
		page := allocHeapPage()
		if page == 0 {
			return -abi.ENOMEM, false
		}
		d.fifo = (*fifo)(frameAddr(page))
	}
	c := &d.fifo.control[vcpu%maxVCPUs]
	switch {
	case c.frame == 0:
		c.offset, taken = offset, true
		d.setHeld(&c.frame, m)
	case !again() || c.frame != m || c.offset != offset: // else this call did it before a recovery
		return -abi.EINVAL, false
	}
	if log := &current().arch.log; !d.usesFIFO() || again() && log.undo != 0 {
		log.undo = 1 // noted: this call makes the switch
		d.startFIFO()
	}
	return 0, taken
}

// startFIFO switches to the FIFO interface. Events that are pending are kept until
// their words exist.
func (d *Domain) startFIFO() {
	atomic.StoreUint32(&d.fifoOn, 1)
	for port := uint32(1); port < abi.NumEvtchn2L; port++ {
		e := d.port(port)
		if e == nil {
			break
		}
		if isPending2L(d.shared, port) {
			e.saved = 1
		}
	}
}

// expandArray is EVTCHNOP_expand_array. Events that were raised while they had
// no word are raised again.
func expandArray(d *Domain, m mfn) int64 {
	if !d.usesFIFO() {
		return -abi.EOPNOTSUPP
	}
	if rc := holdFrame(d, m); rc != 0 {
		return rc
	}
	d.eventLock.lock()
	rc, taken := d.addWords(m)
	d.eventLock.unlock()
	if !taken {
		putPageAndType(pageOf(m))
	}
	if rc == 0 && again() {
		d.relink()
	}
	return rc
}

// addWords notes the next page of event words; taken says whether the frame stays in
// use.
func (d *Domain) addWords(m mfn) (rc int64, taken bool) {
	f, log := d.fifo, &current().arch.log
	n := 0
	for n < fifoPages && f.array[n] != 0 {
		n++
	}
	if was := int(log.undo); again() && was != 0 && was <= n && f.array[(was-1)%fifoPages] == m {
		n = was - 1 // before a recovery
	} else if n == fifoPages {
		return -abi.ENOSPC, false
	} else {
		log.undo, taken = uint64(n+1), true
		d.setHeld(&f.array[n%fifoPages], m)
	}
	for port := uint32(n * wordsPerPage); port < uint32(n+1)*wordsPerPage; port++ {
		e := d.port(port)
		if e == nil && port != 0 {
			break
		}
		if port != 0 && e.saved != 0 {
			setPending(d.vcpu[e.vcpu%maxVCPUs], port)
			e.saved = 0
		}
	}
	return 0, taken
}

// setHeld notes a frame that the interface uses, or, with 0, that it does so no more.
func (d *Domain) setHeld(at *mfn, m mfn) {
	flags := d.fifoLock.lockSave()
	setFrame(at, m)
	d.fifoLock.unlockRestore(flags)
}

// setPriority is EVTCHNOP_set_priority. It takes effect when the port is next
// put into a queue.
func setPriority(d *Domain, port, priority uint32) int64 {
	if !d.usesFIFO() {
		return -abi.ENOSYS
	}
	d.eventLock.lock()
	rc := int64(-abi.EINVAL)
	switch e := d.port(port); {
	case e == nil:
	case e.state == abi.EvtchnstatClosed:
		rc = -abi.EACCES
	case priority <= abi.EvtchnFIFOPriorityMin:
		e.priority, rc = uint8(priority), 0
	}
	d.eventLock.unlock()
	return rc
}

// stopFIFO gives all frames back and returns to the two-level interface. The
// ports need not be closed: whoever raises one finds no word for it.
func (d *Domain) stopFIFO() {
	f := d.fifo
	if f == nil {
		return
	}
	d.eventLock.lock()
	d.eachFIFOFrame(func(at *mfn) {
		m := *at
		d.setHeld(at, 0)
		putPageAndType(pageOf(m))
	})
	f.tails = [len(f.tails)]uint32{}
	atomic.StoreUint32(&d.fifoOn, 0)
	d.eventLock.unlock()
}

// eachFIFOFrame calls fn for the place of each frame that the interface uses.
func (d *Domain) eachFIFOFrame(fn func(at *mfn)) {
	f := d.fifo
	if f == nil {
		return
	}
	for i := range f.array {
		if f.array[i] != 0 {
			fn(&f.array[i])
		}
	}
	for i := range f.control {
		if f.control[i].frame != 0 {
			fn(&f.control[i].frame)
		}
	}
}
