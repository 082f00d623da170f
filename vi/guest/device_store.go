package guest

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/pvio"
)

// XenStore in the domain where its server runs as a process. Clients open
// /dev/xen/xenbus, as under Linux: what they write are requests, what they read are answers
// and watch events, as bytes. Each open file is a connection of its own: a page with rings
// as a domain's, granted to this domain itself, and an event channel. The server reads the
// list of them from /dev/xen/xsd; page and channel outlive it, so that another server can
// go on where one ended.

const (
	maxStores = 8
	refStores = 8 // first of the references of these pages
)

// stores are the connections; serial tells one from those that were in its place before.
var stores [maxStores]struct {
	uses   uint16
	serial uint32
	page   uint32 // 0: there was none yet
	port   uint32
}

// storeServer is the channel by which the server learns that the list has changed.
var storeServer struct {
	port uint32
	uses uint16
}

var xenbusFile = fileOps{
	open: xenbusOpen, dup: func(n uint16) { stores[n].uses++ }, close: xenbusClose,
	read: xenbusRead, write: xenbusWrite, ready: xenbusReady,
}

var xsdFile = fileOps{open: xsdOpen, read: xsdRead, mmap: xsdMmap}

// selfPort makes an event channel with both ends in this domain, the other still unbound.
func selfPort() (uint32, bool) {
	a := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: abi.DomidSelf}
	if evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&a)) != 0 {
		return 0, false
	}
	bindPort(a.Port, portStore)
	return a.Port, true
}

// idle says whether a place in the list can be used anew: the server has let go of the page.
func storeIdle(n int) bool {
	const used = abi.GTFReading | abi.GTFWriting
	return stores[n].uses == 0 && *grantWord(uint32(refStores + n))&used == 0
}

func xenbusOpen(path []byte) (uint16, int64) {
	if string(path) != "/dev/xen/xenbus" {
		return 0, -abi.ENOENT
	}
	for n := range stores {
		s := &stores[n]
		if !storeIdle(n) {
			continue
		}
		if s.page == 0 {
			s.page = allocZero()
		}
		port, ok := selfPort()
		if s.page == 0 || !ok {
			return 0, -abi.ENOMEM
		}
		zeroPage(kva(s.page))
		permit(uint32(refStores+n), grants.self, s.page, 0)
		s.uses, s.port = 1, port
		s.serial++
		Notify(storeServer.port)
		return uint16(n), 0
	}
	return 0, -abi.EMFILE
}

// xenbusClose ends a connection. The server is told and unmaps the page.
func xenbusClose(n uint16) {
	s := &stores[n]
	if s.uses--; s.uses > 0 {
		return
	}
	ClosePort(s.port)
	s.port = 0
	Notify(storeServer.port)
}

func storePage(n uint16) *pvio.StorePage { return (*pvio.StorePage)(ptr(kva(stores[n].page))) }

// xenbusRead gives what has come, and waits for the first byte.
func xenbusRead(n uint16, buf, count uint64) int64 {
	r := storePage(n)
	for done := uint64(0); ; {
		at := r.RspCons
		have := uint64(atomic.LoadUint32(&r.RspProd) - at)
		switch {
		case have > uint64(len(r.Rsp)):
			return -abi.EIO
		case done == count || have == 0 && done > 0:
			Notify(stores[n].port)
			return int64(done)
		case have == 0:
			if e := waitFile(); e < 0 {
				return e
			}
			continue
		}
		i := uint64(at) % uint64(len(r.Rsp))
		k := min(have, count-done, uint64(len(r.Rsp))-i)
		if !copyOut(buf+done, addr(unsafe.Pointer(&r.Rsp))+i, k) {
			return -abi.EFAULT
		}
		atomic.StoreUint32(&r.RspCons, at+uint32(k))
		done += k
	}
}

// xenbusWrite puts all bytes into the ring, and waits for room.
func xenbusWrite(n uint16, buf, count uint64) int64 {
	r := storePage(n)
	for done := uint64(0); done < count; {
		at := r.ReqProd
		used := uint64(at - atomic.LoadUint32(&r.ReqCons))
		switch {
		case used > uint64(len(r.Req)):
			return -abi.EIO
		case used == uint64(len(r.Req)):
			Notify(stores[n].port)
			if e := waitFile(); e < 0 {
				return e
			}
			continue
		}
		i := uint64(at) % uint64(len(r.Req))
		k := min(uint64(len(r.Req))-used, count-done, uint64(len(r.Req))-i)
		if !copyIn(addr(unsafe.Pointer(&r.Req))+i, buf+done, k) {
			return -abi.EFAULT
		}
		atomic.StoreUint32(&r.ReqProd, at+uint32(k))
		done += k
	}
	Notify(stores[n].port)
	return int64(count)
}

func xenbusReady(n uint16) uint16 {
	r := storePage(n)
	ready := uint16(0)
	if atomic.LoadUint32(&r.RspProd) != r.RspCons {
		ready |= pollIn
	}
	if r.ReqProd-atomic.LoadUint32(&r.ReqCons) < uint32(len(r.Req)) {
		ready |= pollOut
	}
	return ready
}

func xsdOpen(path []byte) (uint16, int64) {
	if string(path) != "/dev/xen/xsd" {
		return 0, -abi.ENOENT
	}
	return 0, 0
}

// xsdRead gives the list: the port that tells of changes, and of each connection reference,
// port and serial number; port 0 where there is none.
func xsdRead(_ uint16, buf, count uint64) int64 {
	var list [1 + maxStores][3]uint32
	list[0][1] = storeServer.port
	for n := range stores {
		list[1+n] = [3]uint32{uint32(refStores + n), stores[n].port, stores[n].serial}
	}
	count = min(count, uint64(unsafe.Sizeof(list)))
	if !copyOut(buf, addr(unsafe.Pointer(&list)), count) {
		return -abi.EFAULT
	}
	return int64(count)
}

// storeMemory is memory for the server that outlives it.
var storeMemory struct {
	n     uint32
	pages [1280]uint16
}

// xsdMmap maps it, in the size that the first server asked for. It is zero at first.
func xsdMmap(_ uint16, length, prot, off uint64) int64 {
	m := &storeMemory
	n := uint32(length / pageSize)
	if off != 0 || n > uint32(len(m.pages)) || m.n != 0 && n != m.n {
		return -abi.EINVAL
	}
	for m.n < n {
		p := allocZero()
		if p == 0 {
			for ; m.n > 0; m.n-- {
				mem.drop(uint32(m.pages[m.n-1]))
			}
			return -abi.ENOMEM
		}
		m.pages[m.n] = uint16(p)
		m.n++
	}
	va, r := addForeign(length, uint8(prot&(protRead|protWrite)))
	if r < 0 {
		return r
	}
	for i := range n {
		if !current.space.set(va+uint64(i)*pageSize, pteFor(uint32(m.pages[i]), foreignFlags(va))) {
			sysMunmap(va, length)
			return -abi.ENOMEM
		}
	}
	return int64(va)
}

// endStores takes the grants back when all processes have ended.
func endStores() {
	for n := range stores {
		if stores[n].page != 0 && storeIdle(n) {
			revoke(uint32(refStores+n), 0)
			stores[n].serial = 0
		}
	}
}
