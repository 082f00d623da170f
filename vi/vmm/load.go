package main

import "unsafe"

// Loads of guests' values into the processor. Each value is checked when the
// guest gives it. But the load itself can still fail, because another vCPU
// changes descriptor tables meanwhile, or a fault has changed the value since. So
// every instruction that loads such a value is a function of its own
// (load_amd64.s), and its exception becomes the function's result, as with Xen's
// exception tables, and not a failure of the VMM.

// loadFaults are the exceptions that a load may end in: #TS, #NP, #SS, #GP, #PF.
const loadFaults = 1<<trapTS | 1<<trapNP | 1<<trapSS | 1<<trapGP | 1<<trapPF

// mayFault says whether the instruction at an address is one of these loads.
func mayFault(at uint64) bool {
	for i := range entries.loads {
		if entries.loads[i] == at {
			return true
		}
	}
	return false
}

// loadDS and the following functions return whether the selector could be
// loaded.
func loadDS(sel uint16) bool
func loadES(sel uint16) bool
func loadFS(sel uint16) bool
func loadGS(sel uint16) bool
func loadLDTR(sel uint16) bool

// loadMSR writes a model-specific register, loadDR0 and the following functions a debug
// register.
func loadMSR(msr uint32, v uint64) bool
func loadDR0(v uint64) bool
func loadDR1(v uint64) bool
func loadDR2(v uint64) bool
func loadDR3(v uint64) bool
func loadDR6(v uint64) bool
func loadDR7(v uint64) bool

// lar reads the access rights of a selector, shifted by 8 as in a descriptor's upper
// half; false if LAR finds no valid descriptor for it (AMD APM vol. 3, LAR).
func lar(sel uint16) (rights uint32, ok bool)

// loadAddrs fills in the addresses of the instructions.
//
//go:noescape
func loadAddrs(list *[numLoads]uint64)

// numLoads is the number of instructions that may fault: 4 selectors, LDT, MSR,
// 6 debug registers, LAR, the FPU's state, copies from and to guests.
const numLoads = 15

// What cannot be loaded, in the words of the domain's last line.
const (
	unfitFSBase = iota
	unfitGSBase
	unfitKernelGSBase
	unfitLDT
	unfitDebug
	unfitFPU
)

var unfitNames = [...]string{
	"FS base that cannot be loaded", "GS base that cannot be loaded", "other GS base that cannot be loaded",
	"LDT that cannot be loaded", "debug register that cannot be loaded", "FPU state that cannot be loaded, MXCSR",
}

// unfit ends v's domain on the way back to it, because of a value that cannot be loaded.
func (v *VCPU) unfit(what uint32, val uint64) {
	v.arch.bounce = bounce{flags: bounceUnfit, code: what, rip: val}
}

// endUnfit ends the domain as unfit has prepared it.
func (v *VCPU) endUnfit(b *bounce) {
	v.domain.crash(unfitNames[b.code%uint32(len(unfitNames))], b.rip)
}

// loadBase writes a segment's base.
func (v *VCPU) loadBase(msr uint32, base uint64) {
	if !setMSR(msr, base) {
		setMSR(msr, 0)
		v.unfit(msr-msrFSBase+unfitFSBase, base)
	}
}

// setMSR writes a register of the guest's; in native tests it says what the processor would.
func setMSR(msr uint32, v uint64) bool {
	if native {
		return canonical(v)
	}
	return loadMSR(msr, v)
}

// badFPU is where the VMM goes on if FXRSTOR could not load a guest's FPU
// state.
func badFPU() {
	v := current()
	f := &v.arch.fpu
	v.unfit(unfitFPU, uint64(*mxcsrOf(f)))
	initFPU(f)
	returnToGuest()
}

// fxsaveFits says whether FXRSTOR can load an image: it refuses reserved bits of
// MXCSR (AMD APM vol. 1, 11.4.4).
func fxsaveFits(f *[512]byte) bool { return *mxcsrOf(f)&^mxcsrBits == 0 }

// loadable says whether the processor can load all of v's state.
func (v *VCPU) loadable() bool {
	a := &v.arch
	ok := fxsaveFits(&a.fpu) && canonical(a.fsBase) && canonical(a.gsKernel) && canonical(a.gsUser) && a.iopl <= 3 &&
		a.cr4&^guestCR4Own == 0 && canonical(a.event) && canonical(a.failsafe) && canonical(a.syscall) && canonical(a.syscall32)
	for _, n := range [...]uint64{0, 1, 2, 3, 6, 7} {
		val, rc := debugValue(n, a.debugReg[n&7])
		ok = ok && rc == 0 && val == a.debugReg[n&7]
	}
	return ok
}

// mxcsrBits are those that FXRSTOR accepts (AMD APM vol. 1, 4.2.2).
const mxcsrBits = 0xffff

// mxcsrOf is MXCSR in an FXSAVE image.
func mxcsrOf(fpu *[512]byte) *uint32 { return (*uint32)(unsafe.Pointer(&fpu[24])) }
