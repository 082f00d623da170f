package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

const vecPageFault = 14

// traps is the table for set_trap_table; the last entry stays zero.
var traps [20]abi.TrapInfo

// initTraps registers the exceptions, all with events masked at entry.
func initTraps() {
	n := 0
	for v, a := range vectors {
		if a == 0 {
			continue
		}
		dpl := uint8(0)
		if v == 3 || v == 4 {
			dpl = 3
		}
		traps[n] = abi.TrapInfo{Vector: uint8(v), Flags: dpl | abi.TrapMaskEvents, CS: abi.FlatKernelCS, Address: a}
		n++
	}
	must("set_trap_table", hypercall(abi.HypercallSetTrapTable, addr(unsafe.Pointer(&traps)), 0, 0, 0))
}

// trap is called by common (entry_amd64.s) for every entry into the kernel.
func trap(f *trapFrame) {
	flags := uint64(0)
	if !f.user() {
		openKernel()
	}
	switch {
	case f.Vector == vecEvent:
		upcall()
	case !f.user():
		kernelTrap(f)
	case f.Vector == vecSyscall:
		f.Vector = 0
		syscall(f)
		flags = abi.VGCFInSyscall
	case f.Vector == vecPageFault:
		cr2 := shared.VcpuInfo[0].Arch.CR2
		if cr2 >= userEnd || !current.space.fault(cr2, f.Error&faultWrite != 0) {
			killed(f, cr2)
		}
	default:
		killed(f, 0)
	}
	if f.user() {
		if needSwitch {
			yield()
		}
		f.Error = flags
		return
	}
	f.Error = 0
}

// killed ends a process that caused an exception. Its parent sees that in
// wait4, and a line on the console says it.
func killed(f *trapFrame, cr2 uint64) {
	Print(seam.Error + ": program stopped by trap ")
	PrintDec(f.Vector)
	Print(" at ")
	PrintHex(f.RIP)
	Print(" address ")
	PrintHex(cr2)
	Print("\n")
	exit(11) // as by SIGSEGV
}

// kernelTrap: the kernel takes no faults, so this is its end.
func kernelTrap(f *trapFrame) {
	Print(seam.Error + " kernel: trap ")
	PrintDec(f.Vector)
	Print(" error ")
	PrintHex(f.Error)
	Print(" address ")
	PrintHex(shared.VcpuInfo[this().vcpu].Arch.CR2)
	Die(" at", f.RIP)
}
