// Command privvm is the kernel of a control domain whose work is done by services: programs
// in ring 3, each of its own. The kernel starts them, gives them devices, sees when one ends,
// and ends the domain.
package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/guest"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

// kmain is the kernel's first Go function, on the boot block.
func kmain(si *abi.StartInfo) {
	guest.Prefix = "(" + seam.ControlVM + seam.VMClose
	guest.Start(si)
	guest.InitForeign()
	guest.InitDevices()
	guest.Print(seam.ControlStart + "\n")
	startServices()
	supervise()
	guest.EndServices()
	guest.Check()
	guest.Print(seam.ControlEnd + "\n")
	guest.Shutdown(abi.ShutdownPoweroff)
}

// fail is called by failed (entry_amd64.s) with what lay on its stack.
func fail(kind, pc uint64) { guest.Failed(kind, pc) }

func main() {}
