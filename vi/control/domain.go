package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/guest"
)

// maxDomains bounds the VMs of a run.
const maxDomains = 32

// domain is a VM that was made.
type domain struct {
	id    uint16
	alive bool
	ring  *abi.ConsoleRing // mapped in the window at the VM's slot
	port  uint32           // our end of the console's event channel

	granted bool   // the ring is mapped by the VM's grant of it
	handle  uint32 // of that mapping
	n       int
	line    [160]byte // console output that is no whole line yet
}

var domains [maxDomains]domain

// domctl issues a command that cannot fail, and returns it with its results.
func domctl(what string, cmd uint32, id uint16, words [4]uint64) abi.Domctl {
	op := abi.Domctl{Cmd: cmd, Domain: id}
	copy(op.U[:], words[:])
	guest.Must(what, guest.Domctl(&op))
	return op
}

// maxEvtchnPort is the last event channel that a domain may have, as xl has it.
const maxEvtchnPort = 1023

// createDomain makes a PV domain for one vCPU, with as many grants as the
// hypervisor gives. Xen insists on a version of grant tables.
func createDomain(id uint16) {
	op := abi.Domctl{Cmd: abi.DomctlCreate, Domain: id}
	c := (*abi.DomctlCreateDomain)(unsafe.Pointer(&op.U))
	c.MaxVcpus, c.MaxEvtchnPort, c.MaxGrantFrames, c.MaxMaptrack, c.GrantOpts = 1, maxEvtchnPort, -1, -1, 1
	guest.Must("createdomain", guest.Domctl(&op))
}

// create makes VM number i, whose id is one more. It is paused.
func create(i int) {
	d := &domains[i]
	d.id = uint16(i + 1)
	createDomain(d.id)
	domctl("max_vcpus", abi.DomctlMaxVcpus, d.id, [4]uint64{1})
	domctl("max_mem", abi.DomctlMaxMem, d.id, [4]uint64{config.pages << (pageShift - 10)})
	place(d.id, uint64(i)%config.cpus)
	build(d, i)
}

// run lets a VM run.
func (d *domain) run() {
	d.alive = true
	domctl("unpausedomain", abi.DomctlUnpause, d.id, [4]uint64{})
}

// place puts a VM's vCPU on a CPU.
func place(id uint16, cpu uint64) {
	mask := uint64(1) << cpu
	op := abi.Domctl{Cmd: abi.DomctlSetAffinity, Domain: id}
	a := (*abi.DomctlAffinity)(unsafe.Pointer(&op.U))
	a.Flags = abi.AffinityHard
	a.Hard = abi.Bitmap{Bits: guest.Addr(unsafe.Pointer(&mask)), NrBits: 64}
	guest.Must("setvcpuaffinity", guest.Domctl(&op))
}

// serveAll serves the consoles of all VMs, ends those that have shut down and
// returns how many have ended so far.
func serveAll() int {
	ended := 0
	for i := range domains {
		d := &domains[i]
		if d.alive {
			if d.serve() && !d.granted {
				d.handle, d.granted = guest.MapGranted(d.id, consoleSlots+i)
			}
			if hasShutDown(d.id) {
				d.serve() // its last output
				d.end(i)
			}
		}
		if d.id != 0 && !d.alive {
			ended++
		}
	}
	return ended
}

func hasShutDown(id uint16) bool {
	op := domctl("getdomaininfo", abi.DomctlGetInfo, id, [4]uint64{})
	return (*abi.DomctlDomainInfo)(unsafe.Pointer(&op.U)).Flags&abi.DominfShutdown != 0
}

// end destroys a VM.
func (d *domain) end(i int) {
	d.ring = nil
	if d.granted {
		guest.UnmapGranted(consoleSlots+i, d.handle)
	} else {
		guest.MapForeign(0, consoleSlots+i, nil, 1)
	}
	domctl("pausedomain", abi.DomctlPause, d.id, [4]uint64{})
	domctl("destroydomain", abi.DomctlDestroy, d.id, [4]uint64{})
	guest.ClosePort(d.port)
	d.alive = false
}
