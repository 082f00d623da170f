// Command appvm is the kernel of an application VM: it runs the initrd's
// program as the workload, then probes the hypervisor, then powers off.
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
	guest.Start(si)
	guest.Print(seam.WorkloadStart + "\n")
	if !guest.OpenDevices() {
		guest.Die("the devices do not connect", 0)
	}
	if status := guest.Run("run"); status != 0 {
		guest.Print(seam.Error + " workload status ")
		guest.PrintHex(uint64(status))
		guest.Print("\n")
	}
	guest.CloseDevices()
	guest.Check()
	if guest.Probe() {
		guest.Print(seam.ProbePassed + "\n")
	}
	guest.Shutdown(abi.ShutdownPoweroff)
}

// fail is called by failed (entry_amd64.s) with what lay on its stack.
func fail(kind, pc uint64) { guest.Failed(kind, pc) }

func main() {}
