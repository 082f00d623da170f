package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// evtchn is one end of an event channel.
type evtchn struct {
	state      uint8 // abi.EvtchnstatX
	virq       uint8
	remoteID   uint16 // unbound: who may bind
	vcpu       uint32 // the vCPU that is told
	remotePort uint32 // of a PIRQ: its number
	consumer   uint8  // 1, interdomain: the other end is the hypervisor's, see serveConsole

	// Of the FIFO interface (evtchn_fifo.go).
	priority uint8
	queue    uint8 // the queue in which it was last; stays when the port is closed
	saved    uint8 // 1: pending, but its word does not exist yet

	remote *Domain // interdomain: holds a reference
}

// A domain's ports lie in buckets of a heap page each, and what points to these
// in groups of a page each. Ports exist up to the first bucket that does not.
const (
	evtchnPerBucket = 128
	bucketsPerGroup = pageSize / 8
	evtchnGroups    = maxPorts / evtchnPerBucket / bucketsPerGroup
	maxPorts        = abi.EvtchnFIFONrChannels
	evtchnBuckets   = maxPorts / evtchnPerBucket
)

type evtchnBucket [evtchnPerBucket]evtchn

type evtchnGroup [bucketsPerGroup]*evtchnBucket

// bucket is one of d's buckets, nil if it does not exist.
func (d *Domain) bucket(i uint32) *evtchnBucket {
	g := d.groups[i/bucketsPerGroup%evtchnGroups]
	if g == nil {
		return nil
	}
	return g[i%bucketsPerGroup]
}

// addBucket makes room for more ports. Port 0 is never given out.
func (d *Domain) addBucket(i uint32) bool {
	at := &d.groups[i/bucketsPerGroup%evtchnGroups]
	if *at == nil {
		m := allocHeapPage()
		if m == 0 {
			return false
		}
		*at = (*evtchnGroup)(frameAddr(m))
	}
	m := allocHeapPage()
	if m == 0 {
		return false
	}
	(*at)[i%bucketsPerGroup] = (*evtchnBucket)(frameAddr(m))
	return true
}

// port is one of d's event channels, nil if there is no such port.
func (d *Domain) port(n uint32) *evtchn {
	if n == 0 || n >= maxPorts {
		return nil
	}
	b := d.bucket(n / evtchnPerBucket)
	if b == nil {
		return nil
	}
	return &b[n%evtchnPerBucket]
}

// maxSearch bounds the search for a free port. A port that was closed while it was in
// a queue of the guest's is not free yet, so that a search may pass many. Buckets
// without a closed port are marked as full and not searched again.
const maxSearch = 4096

// freePort finds a closed port; d.eventLock is held. A port that is still in a
// queue of the guest's is not free.
func (d *Domain) freePort() uint32 {
	assert(d.eventLock.held())
	seen, limit := 0, d.portLimit()
	for i := uint32(0); i*evtchnPerBucket < limit && seen < maxSearch && !d.dying; i++ {
		if d.full[i/64%uint32(len(d.full))]>>(i%64)&1 != 0 {
			continue
		}
		if d.bucket(i) == nil && !d.addBucket(i) {
			return 0
		}
		closed := false
		for n := max(1, i*evtchnPerBucket); n < min(limit, (i+1)*evtchnPerBucket); n++ {
			e := d.port(n)
			if e.state != abi.EvtchnstatClosed {
				continue
			}
			if closed = true; !d.inQueue(n) {
				e.priority, e.saved = abi.EvtchnFIFOPriorityDefault, 0
				return n
			}
		}
		if closed {
			seen += evtchnPerBucket
		} else if limit >= (i+1)*evtchnPerBucket {
			setBits(&d.full[i/64%uint32(len(d.full))], 1<<(i%64))
		}
	}
	return 0
}

// notFull notes that a port is about to be closed: its bucket is to be searched.
func (d *Domain) notFull(port uint32) {
	i := port / evtchnPerBucket
	clearBits(&d.full[i/64%uint32(len(d.full))], 1<<(i%64))
}

// eachBucketPage calls fn for the pages that hold ports and for those that point to them.
func (d *Domain) eachBucketPage(fn func(unsafe.Pointer)) {
	for _, g := range d.groups {
		if g == nil {
			continue
		}
		for _, b := range g {
			if b != nil {
				fn(unsafe.Pointer(b))
			}
		}
		fn(unsafe.Pointer(g))
	}
}

// eachBucket calls fn for all buckets, with the number of the first port.
func (d *Domain) eachBucket(fn func(b *evtchnBucket, first uint32)) {
	for i := uint32(0); i < evtchnBuckets; i++ {
		b := d.bucket(i)
		if b == nil {
			return
		}
		fn(b, i*evtchnPerBucket)
	}
}
