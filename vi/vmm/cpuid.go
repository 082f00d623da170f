package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// What guests see of the processor: those features that the VMM can give them.
// A guest's kernel executes CPUID behind a prefix that faults, and the VMM
// answers. In user mode CPUID does not fault and shows the processor as it is.

// forcedCPUID executes CPUID behind the prefix UD2 "xen" (xen.h, XEN_CPUID).
func forcedCPUID(v *VCPU, r *regs) bool {
	var code [7]byte
	if !fromGuest(ptrOfByte(&code[0]), r.RIP, uint64(len(code))) ||
		code != [7]byte{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2} {
		return false
	}
	a, b, c, d := guestCPUID(v, uint32(r.RAX), uint32(r.RCX))
	v.hold(r)
	r.RAX, r.RBX, r.RCX, r.RDX = uint64(a), uint64(b), uint64(c), uint64(d)
	r.RIP += uint64(len(code))
	r.RFLAGS &^= flagRF
	v.note(notedEntry)
	v.stepped(r)
	return true
}

// Bits of CPUID that guests may see if the processor has them (AMD APM vol. 3,
// appendix E). Features are left out if they need a bit of CR4 or an MSR that
// the VMM does not switch: XSAVE and all that builds on it, RDTSCP, PCID, SMEP,
// SMAP, large pages, global pages, machine checks, MTRRs, power, performance.
const (
	cpuid1ECX = 1<<0 | 1<<1 | 1<<9 | 1<<13 | 1<<19 | 1<<20 | 1<<22 | 1<<23 | 1<<25 | 1<<30
	cpuid1EDX = 1<<0 | 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<9 | 1<<15 | 1<<16 | 1<<19 | 1<<23 | 1<<24 | 1<<25 | 1<<26 | 1<<28
	cpuid7EBX = cpuid7FSGSBASE | 1<<3 | 1<<8 | 1<<9 | 1<<18 | 1<<19 | 1<<23 | 1<<24 | 1<<29
	cpuidXECX = 1<<0 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8
	cpuidXEDX = 1<<0 | 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<9 | 1<<11 | 1<<15 | 1<<16 | 1<<20 | 1<<22 | 1<<23 | 1<<24 | 1<<29 | 1<<30 | 1<<31

	cpuid7FSGSBASE  = 1 << 0
	cpuidHypervisor = 1 << 31 // of 1.ECX
)

// guestCPUID is CPUID as a guest's kernel sees it.
func guestCPUID(v *VCPU, leaf, sub uint32) (a, b, c, d uint32) {
	if leaf>>16 == 0x4000 {
		return xenCPUID(leaf, sub)
	}
	a, b, c, d = readCPUID(leaf, sub)
	switch leaf {
	case 0, 2, 4, 0x80000000, 0x80000002, 0x80000003, 0x80000004, 0x80000005, 0x80000006, 0x8000001d:
	case 1:
		b = b&0xffff | v.id<<25 // one logical processor, APIC ids as Xen gives them
		c = c&cpuid1ECX | cpuidHypervisor
		d &= cpuid1EDX
	case 7:
		if sub != 0 {
			return 0, 0, 0, 0
		}
		a, b, c, d = 0, b&cpuid7EBX, 0, 0
	case 0x80000001:
		c &= cpuidXECX
		d &= cpuidXEDX
	case 0x80000008:
		b, c, d = 0, 0, 0
	default:
		return 0, 0, 0, 0
	}
	return a, b, c, d
}

func readCPUID(leaf, sub uint32) (a, b, c, d uint32) {
	if native {
		return leaf, ^uint32(0), ^uint32(0), ^uint32(0)
	}
	return bare.CPUID(leaf, sub)
}

// xenCPUID is the hypervisor's own leaves (arch-x86/cpuid.h).
func xenCPUID(leaf, sub uint32) (a, b, c, d uint32) {
	switch leaf {
	case 0x40000000:
		return 0x40000003, 0x566e6558, 0x65584d4d, 0x4d4d566e // "XenVMMXenVMM"
	case 0x40000001:
		return abi.Version, 0, 0, 0
	case 0x40000002:
		return 1, 0x40000000, 1, 0 // hypercall pages, their MSR, MMU_PT_UPDATE_PRESERVE_AD
	case 0x40000003:
		if sub == 0 {
			const safe = 1 << 1 // TSCs of all CPUs run alike
			return safe, 0, uint32(clock.hz / 1000), 0
		}
	}
	return 0, 0, 0, 0
}
