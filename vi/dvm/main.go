// Command dvm is the kernel of a driver domain: it drives the disks and network
// interfaces that were assigned to it, and serves them to other domains, as package back
// says. It has no processes: one loop looks at all devices and rings whenever an event
// comes.
package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/back"
	"resvirt/vi/guest"
	"resvirt/vi/pvio"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

// devices are the back ends.
var devices back.Devices

// kmain is the kernel's first Go function, on the boot block.
func kmain(si *abi.StartInfo) {
	guest.Start(si)
	guest.InitForeign()
	guest.UsePorts()
	findFunctions()
	guest.Print("devices: ")
	guest.PrintDec(uint64(ndisks))
	guest.Print(" disks, ")
	guest.PrintDec(uint64(nnets))
	guest.Print(" interfaces\n")
	if !guest.OpenStore() {
		guest.Die("there is no XenStore", 0)
	}
	devices.Platform = &platform
	devices.Bridge.Send = send
	if !devices.Start() || !guest.StoreWatch(shutdown.Reset("control/shutdown").Bytes(), tokenShutdown[:]) {
		guest.Die("XenStore takes no watch", 0)
	}
	guest.Print(seam.DriverStart + "\n")
	for {
		busy := true
		for busy {
			busy = work()
		}
		guest.WaitEvent()
	}
}

// work does what there is to do, each device and ring in its turn, and says whether there
// was anything.
func work() bool {
	busy := takeDisks()
	busy = takeNets() || busy
	for token := guest.StoreEvent(); token != nil; token = guest.StoreEvent() {
		if len(token) == 1 && token[0] == tokenShutdown[0] {
			end()
			continue
		}
		devices.Event(token)
		busy = true
	}
	return devices.Serve(guest.Now()) || busy
}

// The toolstack asks a VM to end by a node (xen/include/public/io/xs_wire.h knows nothing of
// it; Linux's drivers/xen/manage.c does).
var (
	shutdown      pvio.Path
	tokenShutdown = [1]byte{'s'}
	request       [16]byte
)

// end ends the domain if it is asked to.
func end() {
	if n, ok := guest.StoreRead(shutdown.Bytes(), request[:]); !ok || n == 0 {
		return
	}
	guest.StoreWrite(shutdown.Bytes(), request[:0])
	guest.Print(seam.DriverEnd + "\n")
	guest.Shutdown(abi.ShutdownPoweroff)
}

// fail is called by failed (entry_amd64.s) with what lay on its stack.
func fail(kind, pc uint64) { guest.Failed(kind, pc) }

func main() {}
