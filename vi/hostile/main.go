package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()
func spin()
func hypercall(n, a1, a2, a3, a4, a5 uint64) int64
func rdtsc() uint64
func load(at uint64) uint64
func store(at, val uint64)
func exchange(at, val uint64)
func compareSwap(at, val uint64)
func bitSet(at, val uint64)
func out32(port, val uint32)

//go:noescape
func jump(at uint64, r *[16]uint64)

func flipper()
func stackBreak(at uint64)
func segmentGS() int64
func readable(sel uint64) bool
func loadX87()
func initX87()
func x87Pointer() uint64
func readCR4() int64
func writeCR4(set uint64)
func readGSBase() int64
func readFSBase() int64
func cli()
func writeGSBase(v uint64)

//go:noescape
func iret(c *[10]uint64)

//go:noescape
func batchOn(c *[10]uint64, list, n uint64)

// What the assembly needs of other packages, and the layout of a block, which
// holds one vCPU's stack; compiled code finds its head by masking RSP.
const (
	infoPerCPU    = unsafe.Offsetof(bare.Info{}.PerCPU)
	hypercallFPU  = abi.HypercallFPUTaskswitch
	hypercallIret = abi.HypercallIret

	hypercallMulticall  = abi.HypercallMulticall
	hypercallDescriptor = abi.HypercallUpdateDescriptor
	hypercallVcpu       = abi.HypercallVcpuOp
	hypercallVersion    = abi.HypercallXenVersion
	vcpuDown            = abi.VcpuopDown

	blockAlign = seam.Block
	blockSize  = 16 << 10
	stackGuard = 1024
)

const (
	pageSize   = 4096
	arenaPages = 48
	vcpus      = 2
)

var (
	entries [vcpus]uint64 // again0, again1
	flipAt  [1]uint64     // flipper
	spinAt  uint64        // spin
	tops    [vcpus]uint64 // of their stacks
	second  [2 * blockAlign]byte
	space   [(arenaPages+2)*pageSize + words*8]byte

	start *abi.StartInfo
	arena uint64               // address of the pages that the rounds use
	ptes  [arenaPages]uint64   // machine addresses of the entries that map them
	table [20]abi.TrapInfo     // all exceptions; the last entry stays zero
	other abi.VcpuGuestContext // the second vCPU's first state
	self  uint16               // domain
)

// kmain prepares everything, starts the second vCPU and never returns.
func kmain(si *abi.StartInfo) {
	start = si
	tops[0] = bare.Image.PerCPU + blockSize
	block := (addr(unsafe.Pointer(&second)) + blockAlign - 1) &^ (blockAlign - 1)
	tops[1] = block + blockSize
	arena = (addr(unsafe.Pointer(&space)) + pageSize - 1) &^ (pageSize - 1)
	field = (*[words]uint64)(ptr(arena + arenaPages*pageSize))
	gdtPage = arena + arenaPages*pageSize + words*8
	for i := range ptes {
		ptes[i] = entryAddress(arena + uint64(i)*pageSize)
	}
	self = domain()
	for v := range uint64(vcpus) {
		streams[v] = option("seed")<<32 + uint64(self)<<8 + v
	}
	setUpGrants()
	startSecond()
	loop()
}

// frameOf is the frame behind an address of the initial mapping.
func frameOf(va uint64) uint64 {
	return word(start.MFNList + (va-bare.Image.VirtBase)>>12<<3)
}

// entryAddress is the machine address of the L1 entry that maps va.
func entryAddress(va uint64) uint64 {
	t := frameOf(start.PTBase)
	for shift := uint(39); shift > 12; shift -= 9 {
		e := word(vaOf(t) + va>>shift&511<<3)
		t = e << 12 >> 24
	}
	return t<<12 + va>>12&511<<3
}

// vaOf is the address of one of our frames in the initial mapping.
func vaOf(frame uint64) uint64 {
	const machineToPhys = 0xffff800000000000 // xen-x86_64.h
	return bare.Image.VirtBase + word(machineToPhys+frame<<3)<<12
}

// domain finds out our own id: the state of a channel that we open for
// ourselves shows it.
func domain() uint16 {
	un := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: abi.DomidSelf}
	hypercall(abi.HypercallEventChannelOp, abi.EvtchnopAllocUnbound, addr(unsafe.Pointer(&un)), 0, 0, 0)
	st := abi.EvtchnStatus{Dom: abi.DomidSelf, Port: un.Port}
	hypercall(abi.HypercallEventChannelOp, abi.EvtchnopStatus, addr(unsafe.Pointer(&st)), 0, 0, 0)
	return uint16(st.U[0])
}

// startSecond brings up vCPU 1, if there is one.
func startSecond() {
	c := &other
	c.Flags = abi.VGCFInKernel | abi.VGCFOnline
	c.Regs.RIP, c.Regs.RSP, c.Regs.RFLAGS = entries[1], tops[1], 2
	c.Regs.CS, c.Regs.SS = abi.FlatKernelCS, abi.FlatKernelSS
	c.KernelSP, c.KernelSS = tops[1], abi.FlatKernelSS
	c.EventCallback, c.FailsafeCallback, c.SyscallCallback = entries[1], entries[1], entries[1]
	c.CtrlReg[3] = abi.XenPFNToCR3(frameOf(start.PTBase))
	hypercall(abi.HypercallVcpuOp, abi.VcpuopInitialise, 1, addr(unsafe.Pointer(c)), 0, 0)
	hypercall(abi.HypercallVcpuOp, abi.VcpuopUp, 1, 0, 0, 0)
}

// addr and ptr convert between addresses and pointers; nothing here moves.
func addr(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

func ptr(a uint64) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }

func word(at uint64) uint64 { return *(*uint64)(ptr(at)) }

// option is the number of name=number on the command line, 0 if there is none.
func option(name string) uint64 {
	line := &start.CmdLine
	for i := 0; i+len(name)+1 < len(line) && line[i] != 0; i++ {
		if i > 0 && line[i-1] != ' ' || string(line[i:i+len(name)]) != name || line[i+len(name)] != '=' {
			continue
		}
		v := uint64(0)
		for j := i + len(name) + 1; j < len(line) && line[j] >= '0' && line[j] <= '9'; j++ {
			v = v*10 + uint64(line[j]-'0')
		}
		return v
	}
	return 0
}

// say prints a line.
func say(s string) {
	hypercall(abi.HypercallConsoleIO, abi.ConsoleIOWrite, uint64(len(s)), addr(unsafe.Pointer(unsafe.StringData(s))), 0, 0)
}

// shutDown ends the domain.
func shutDown(reason uint32) {
	arg := abi.SchedShutdown{Reason: reason}
	hypercall(abi.HypercallSchedOp, abi.SchedopShutdown, addr(unsafe.Pointer(&arg)), 0, 0, 0)
}

func main() {}
