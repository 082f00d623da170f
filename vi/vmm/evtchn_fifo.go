package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// The FIFO interface of event channels. The words of events that are pending form a
// queue for each vCPU and priority: the VMM appends, the guest takes out at the
// other end, and only the guest knows where its head is. The VMM does not trust the
// guest's pages: it uses only bits of the word that it is about to change, keeps the
// last port of each queue in its own memory, and follows no link. A guest that
// writes nonsense into its words loses events, and nothing else.
//
// All accesses are made with d.fifoLock held, so that a page which has been
// taken out of the tables here is not written any more.

const (
	wordsPerPage = pageSize / 4
	fifoPages    = abi.EvtchnFIFONrChannels / wordsPerPage
	fifoQueues   = abi.EvtchnFIFOMaxQueues // of each vCPU
	linkTries    = 4
)

// fifo is a domain's part, in a heap page of its own.
type fifo struct {
	array   [fifoPages]mfn // pages of event words, 0 = none
	control [maxVCPUs]fifoControl
	tails   [maxVCPUs * fifoQueues]uint32 // the last port of each queue, 0 = none
}

// fifoControl is where a vCPU's control block lies.
type fifoControl struct {
	frame  mfn // 0 = nowhere
	offset uint64
}

const _ = pageSize - unsafe.Sizeof(fifo{})

// lastControlOffset is the offset of a control block that ends with its page.
const lastControlOffset = pageSize - uint64(unsafe.Sizeof(abi.EvtchnFIFOControlBlock{}))

// word is a port's event word, nil if its page is not there.
func (f *fifo) word(port uint32) *uint32 {
	m := atomic.LoadUint64((*uint64)(&f.array[port/wordsPerPage%fifoPages]))
	if m == 0 || port == 0 {
		return nil
	}
	return (*uint32)(unsafe.Add(frameAddr(mfn(m)), uintptr(port%wordsPerPage)*4))
}

// linked says whether a port is in a queue.
func (f *fifo) linked(port uint32) bool {
	w := f.word(port)
	return w != nil && atomic.LoadUint32(w)&abi.EvtchnFIFOLinked != 0
}

// block is a vCPU's control block, nil if there is none.
func (f *fifo) block(vcpu uint32) *abi.EvtchnFIFOControlBlock {
	c := &f.control[vcpu%maxVCPUs]
	m := atomic.LoadUint64((*uint64)(&c.frame))
	if m == 0 {
		return nil
	}
	return (*abi.EvtchnFIFOControlBlock)(unsafe.Add(frameAddr(mfn(m)), uintptr(c.offset)))
}

// setPendingFIFO raises a port towards v. An event whose word does not exist yet
// is raised when the word comes.
func (d *Domain) setPendingFIFO(v *VCPU, port uint32) {
	e, told := d.port(port), false
	flags := d.fifoLock.lockSave()
	if w := d.fifo.word(port); w != nil {
		atomic.OrUint32(w, abi.EvtchnFIFOPending)
		told = d.fifo.enqueue(v, e, port, w)
	} else {
		e.saved = 1
	}
	d.fifoLock.unlockRestore(flags)
	if told {
		v.markPending()
	}
	wakePollers(d, port)
}

// enqueue appends a port to a queue of v's, unless it is masked or in a queue
// already, and says whether v has to be told.
//
// Recovery can see how many of the steps were done (recover_event_redelivery_fifo.go): a
// port that is linked, links to nothing and is not the last of its queue has not been put
// in completely.
func (f *fifo) enqueue(v *VCPU, e *evtchn, port uint32, w *uint32) bool {
	c := f.block(v.id)
	if c == nil || atomic.LoadUint32(w)&(abi.EvtchnFIFOMasked|abi.EvtchnFIFOLinked) != 0 {
		return false
	}
	// If the port is still noted as a queue's last, that queue is empty: the
	// guest has taken the port out.
	if t := &f.tails[e.queue%uint8(len(f.tails))]; *t == port {
		*t = 0
	}
	priority := uint32(e.priority % fifoQueues)
	e.queue = uint8(v.id*fifoQueues + priority)
	t := &f.tails[e.queue%uint8(len(f.tails))]
	atomic.OrUint32(w, abi.EvtchnFIFOLinked)
	last := f.word(*t)
	linked := last != nil && setLink(last, port)
	if !linked {
		atomic.StoreUint32(&c.Head[priority], port)
	}
	*t = port
	if linked {
		return false
	}
	atomic.OrUint32(&c.Ready, 1<<priority)
	return true
}

// setLink lets the last word of a queue link to a port; false if the guest has
// taken that word out, so that the queue is empty. As long as it is in the queue
// the guest may only mask and unmask the event, clear its pending bit, and take it
// out. It does not unmask while the word is marked busy, so that a few tries are
// enough. With a guest that breaks these rules the event is lost.
func setLink(w *uint32, port uint32) bool {
	for try := 0; try <= linkTries; try++ {
		x := atomic.LoadUint32(w)
		if x&abi.EvtchnFIFOLinked == 0 {
			if try != 0 {
				atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOBusy))
			}
			return false
		}
		if atomic.CompareAndSwapUint32(w, x, x&^(abi.EvtchnFIFOBusy|abi.EvtchnFIFOLinkMask)|port) {
			return true
		}
		if try == 0 {
			atomic.OrUint32(w, abi.EvtchnFIFOBusy)
		}
	}
	atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOBusy))
	return true
}

func (d *Domain) clearPendingFIFO(port uint32) {
	flags := d.fifoLock.lockSave()
	if w := d.fifo.word(port); w != nil {
		atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOPending))
	}
	d.fifoLock.unlockRestore(flags)
}

func (d *Domain) isPendingFIFO(port uint32) bool {
	flags := d.fifoLock.lockSave()
	w := d.fifo.word(port)
	pending := w != nil && atomic.LoadUint32(w)&abi.EvtchnFIFOPending != 0
	d.fifoLock.unlockRestore(flags)
	return pending
}

func (d *Domain) unmaskFIFO(v *VCPU, port uint32) {
	told := false
	flags := d.fifoLock.lockSave()
	if w := d.fifo.word(port); w != nil {
		atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOMasked))
		if atomic.LoadUint32(w)&abi.EvtchnFIFOPending != 0 {
			told = d.fifo.enqueue(v, d.port(port), port, w)
		}
	}
	d.fifoLock.unlockRestore(flags)
	if told {
		v.markPending()
	}
}
