// Command xenstored is XenStore's server as a service: package xenstore on the rings of VMs
// and of the other services. What it knows lies in memory that the kernel keeps for it.
package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
	"resvirt/vi/seam"
	"resvirt/vi/xenstore"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

var (
	evtchn  p.Evtchn
	gntdev  p.Gntdev
	privcmd p.Privcmd
	xsd     int
	server  xenstore.Server
)

// start is called by Boot with the initial stack.
func start(uint64) {
	evtchn, gntdev, privcmd = p.Evtchn(p.Open("/dev/xen/evtchn")), p.Gntdev(p.Open("/dev/xen/gntdev")), p.Privcmd(p.Open("/dev/xen/privcmd"))
	xsd = int(p.Open("/dev/xen/xsd"))
	if evtchn < 0 || gntdev < 0 || privcmd < 0 || xsd < 0 {
		fatal("a device cannot be opened")
	}
	at := p.Map(xsd, uint64(unsafe.Sizeof(xenstore.Store{})), true, 0)
	if at < 0 {
		fatal("there is no memory for what it knows")
	}
	server.Start((*xenstore.Store)(p.Ptr(uint64(at))), xenstore.Ops{Map: mapPage, Unmap: unmapPage, Bind: bind, Unbind: unbind, Notify: notify, Status: status})
	ended := evtchn.BindVirq(abi.VirqDomExc)
	readList()
	changed := evtchn.BindInterdomain(0, list[0][1])
	if ended < 0 || changed < 0 {
		fatal("there is no event channel")
	}
	readList() // what came before the channel
	for {
		for server.Turn() {
		}
		n := p.Read(int(evtchn), portBytes(len(ports)))
		if n == p.EINTR {
			p.Exit(0)
		}
		if n < 4 {
			fatal("events cannot be read")
		}
		p.Write(int(evtchn), portBytes(int(n/4))) // unmasked before looking, so that nothing is missed
		for _, port := range ports[:n/4] {
			switch int64(port) {
			case ended:
				server.DomainsChanged()
			case changed:
				readList()
			}
		}
	}
}

// ports are those that had an event.
var ports [64]uint32

func portBytes(n int) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&ports)), 4*n) }

// fatal says why this cannot go on.
func fatal(why string) {
	var t p.Text
	t.Str(seam.Error).Str(": xenstored: ").Str(why).Line()
	p.Exit(1)
}

// maxLocal is the most connections of services.
const maxLocal = 8

var (
	list  [1 + maxLocal][3]uint32 // as the kernel has it: reference, port, serial number
	local [maxLocal]struct {
		used         bool
		serial, conn uint32
		port         uint32 // of ours
		at           uint64
	}
)

// readList follows the kernel's list of the services' connections.
func readList() {
	b := unsafe.Slice((*byte)(unsafe.Pointer(&list)), unsafe.Sizeof(list))
	if p.Read(xsd, b) != int64(len(b)) {
		fatal("the kernel does not say who there is")
	}
	for i := range local {
		c, ref, port, serial := &local[i], list[1+i][0], list[1+i][1], list[1+i][2]
		if c.used && (port == 0 || serial != c.serial) {
			server.Disconnect(c.conn)
			evtchn.Unbind(c.port)
			p.Unmap(c.at, 4096)
			c.used = false
		}
		if c.used || port == 0 {
			continue
		}
		at, ours := gntdev.Map(0, ref), evtchn.BindInterdomain(0, port)
		if at < 0 || ours < 0 {
			fatal("a service cannot be connected")
		}
		c.serial, c.port, c.at = serial, uint32(ours), uint64(at)
		c.conn, c.used = server.Connect((*pvio.StorePage)(p.Ptr(uint64(at))), uint32(ours))
		if !c.used {
			fatal("there are too many connections")
		}
	}
}

// pages are the mapped pages of domains.
var pages [xenstore.Conns]struct {
	at uint64 // 0: none
	id uint16
}

var (
	frames [1]uint64
	errs   [1]int32
)

// mapPage maps a domain's page: its grant, or the frame where the domain has not granted it
// yet.
func mapPage(id uint16, frame uint64) *pvio.StorePage {
	for i := range pages {
		m := &pages[i]
		if m.at != 0 {
			continue
		}
		at := gntdev.Map(id, pvio.StoreGrant)
		if at < 0 {
			if at = privcmd.Window(1); at < 0 {
				return nil
			}
			frames[0] = frame
			if privcmd.MapFrames(id, uint64(at), frames[:], errs[:]) < 0 {
				p.Unmap(uint64(at), 4096)
				return nil
			}
		}
		m.at, m.id = uint64(at), id
		return (*pvio.StorePage)(p.Ptr(m.at))
	}
	return nil
}

func unmapPage(id uint16) {
	for i := range pages {
		if m := &pages[i]; m.at != 0 && m.id == id {
			p.Unmap(m.at, 4096)
			m.at = 0
		}
	}
}

func bind(id uint16, port uint32) (uint32, bool) {
	r := evtchn.BindInterdomain(id, port)
	return uint32(r), r >= 0
}

func unbind(port uint32) { evtchn.Unbind(port) }
func notify(port uint32) { evtchn.Notify(port) }

func status(id uint16) xenstore.Status {
	info, ok := privcmd.Info(id)
	return xenstore.Status{There: ok, Shutdown: info.Flags&abi.DominfShutdown != 0, Dying: info.Flags&abi.DominfDying != 0}
}
