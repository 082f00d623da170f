// Command consoled serves the console rings of all VMs: what a VM prints goes to the
// hypervisor's console as whole lines behind the VM's name. It learns of VMs from XenStore,
// as Xen's console daemon does.
package main

import (
	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/privvm/store"
	"resvirt/vi/pvio"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

const maxConsoles = 48

var (
	evtchn   p.Evtchn
	gntdev   p.Gntdev
	privcmd  p.Privcmd
	xs       store.Client
	consoles [maxConsoles]console
	path     pvio.Path
	names    [2048]byte
)

// start is called by Boot with the initial stack.
func start(uint64) {
	evtchn, gntdev, privcmd = p.Evtchn(p.Open("/dev/xen/evtchn")), p.Gntdev(p.Open("/dev/xen/gntdev")), p.Privcmd(p.Open("/dev/xen/privcmd"))
	if evtchn < 0 || gntdev < 0 || privcmd < 0 || !xs.Open() {
		fatal("a device cannot be opened")
	}
	if !xs.Watch(path.Reset("@introduceDomain").Bytes(), []byte{'d'}[:]) || !xs.Watch(path.Reset("@releaseDomain").Bytes(), []byte{'d'}[:]) {
		fatal("XenStore takes no watch")
	}
	fds := [2]p.PollFD{{FD: int32(evtchn), Events: p.PollIn}, {FD: int32(xs.FD), Events: p.PollIn}}
	for {
		changed := false
		for e := xs.Event(false); e != nil; e = xs.Event(false) {
			changed = true
		}
		if changed {
			scan()
		}
		switch r := p.Poll(fds[:], -1); {
		case r == p.EINTR:
			drainAll()
			p.Exit(0)
		case r < 0:
			fatal("poll fails")
		}
		if fds[0].Revents != 0 {
			serve()
		}
	}
}

// fatal says why this cannot go on.
func fatal(why string) {
	var t p.Text
	t.Str(seam.Error).Str(": consoled: ").Str(why).Line()
	p.Exit(1)
}

// serve serves the rings whose ports have had an event.
func serve() {
	port := evtchn.Pending()
	for i := range consoles {
		c := &consoles[i]
		if c.used && int64(c.local) == port {
			evtchn.Unmask(c.local) // before looking, so that nothing is missed
			c.serve()
			return
		}
	}
}

// scan takes up new VMs and lets go of those that are gone.
func scan() {
	list, ok := xs.List(path.Reset("/local/domain").Bytes())
	n := copy(names[:], list)
	if !ok || n < len(list) {
		return
	}
	for i := range consoles {
		consoles[i].seen = false
	}
	for name, rest := pvio.Next(names[:n]); len(name) > 0; name, rest = pvio.Next(rest) {
		if id, ok := pvio.Number(name); ok && id != 0 && id < abi.DomidFirstReserved && privcmd.Lives(uint16(id)) {
			look(uint16(id))
		}
	}
	for i := range consoles {
		if c := &consoles[i]; c.used && !c.seen {
			c.close()
		}
	}
}

// number reads a number from a VM's console directory.
func number(id uint16, node string) (uint64, bool) {
	v, ok := xs.Read(path.Reset("/local/domain/").Number(uint64(id)).Text("/console/").Text(node).Bytes())
	if !ok {
		return 0, false
	}
	return pvio.Number(v)
}

// look takes up a VM's console, unless that is known already. Another VM may have the id of
// one that was known: then its port or frame is another.
func look(id uint16) {
	port, ok := number(id, "port")
	frame, found := number(id, "ring-ref")
	if !ok || !found {
		return // there will be another event
	}
	free := -1
	for i := range consoles {
		c := &consoles[i]
		switch {
		case c.used && c.id == id && c.port == uint32(port) && c.frame == frame:
			c.seen = true
			return
		case c.used && c.id == id:
			c.close()
		}
		if !c.used && free < 0 {
			free = i
		}
	}
	if free < 0 {
		var t p.Text
		t.Str(seam.Error).Str(": consoled: one console too many, of VM ").Dec(int64(id)).Line()
		return
	}
	consoles[free].open(id, uint32(port), frame)
}

// drainAll takes what is left in all rings.
func drainAll() {
	for i := range consoles {
		if consoles[i].used {
			consoles[i].close()
		}
	}
}
