package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// Part of step event_redelivery, for the FIFO interface. A port is put into a queue
// in steps: it is marked as linked, the last port's word or the head in the control
// block refers to it, it becomes the last, the guest is told. If the sender was
// discarded in between, nobody does the rest: a second sender finds the port
// linked. The VMM cannot follow a queue to see which ports are in it, because only
// the guest knows its head. But the VMM knows the last port of each queue. So a
// port that is linked, links to none and is not that port has not been put in
// completely: it is put in once more.

// announceFIFO completes what may have been begun for a port, open or closed.
func (d *Domain) announceFIFO(e *evtchn, port uint32) {
	f := d.fifo
	w := f.word(port)
	if w == nil {
		return
	}
	x := atomic.LoadUint32(w)
	last := f.tails[e.queue%uint8(len(f.tails))] == port
	if x&abi.EvtchnFIFOBusy != 0 {
		atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOBusy)) // else the guest would wait for ever
	}
	if x&abi.EvtchnFIFOLinked != 0 && x&abi.EvtchnFIFOLinkMask == 0 && !last {
		atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOLinked))
	}
	if e.state == abi.EvtchnstatClosed {
		return
	}
	if e.saved != 0 {
		atomic.OrUint32(w, abi.EvtchnFIFOPending)
		e.saved = 0
	}
	if atomic.LoadUint32(w)&abi.EvtchnFIFOPending == 0 {
		return
	}
	if v := d.vcpu[e.vcpu%maxVCPUs]; f.enqueue(v, e, port, w) {
		v.info.EvtchnUpcallPending = 1
	}
	wakePollers(d, port)
}

// announceQueues tells the guest once more of all queues that are not empty. A
// guest looks at the head in the control block only when it has reached the end
// of its queue.
func (d *Domain) announceQueues() {
	if !d.usesFIFO() {
		return
	}
	for q, port := range d.fifo.tails {
		vcpu := uint32(q / fifoQueues)
		c := d.fifo.block(vcpu)
		if vcpu < d.nvcpus && c != nil && d.fifo.linked(port) {
			atomic.OrUint32(&c.Ready, 1<<(q%fifoQueues))
			d.vcpu[vcpu%maxVCPUs].info.EvtchnUpcallPending = 1
		}
	}
}

// relink puts all ports that are pending into their queues if they are not in one. It
// is for a domain whose page of event words recovery took back. A domain may have
// many ports: so the lock is held only for a bucket at a time, and the watchdog is
// told of the progress.
func (d *Domain) relink() {
	d.eachBucket(func(b *evtchnBucket, first uint32) {
		working()
		d.eventLock.lock()
		for i := range b {
			if port := first + uint32(i); port != 0 {
				flags := d.fifoLock.lockSave()
				d.announceFIFO(&b[i], port)
				d.fifoLock.unlockRestore(flags)
			}
		}
		d.eventLock.unlock()
	})
	d.eventLock.lock()
	d.announceQueues()
	d.eventLock.unlock()
	for i := uint32(0); i < d.nvcpus; i++ {
		if v := d.vcpu[i]; v.info.EvtchnUpcallPending != 0 {
			v.unblock()
			v.kick()
		}
	}
}
