package cpu

import "encoding/binary"

// cpuSignature is CPUID's family, model and stepping: family 15, as AMD's K8.
const cpuSignature = 0xf51

// Feature bits of CPUID leaf 1, EDX; leaf 8000_0001 repeats most of them.
const (
	featFPU   = 1 << 0
	featDE    = 1 << 2
	featPSE   = 1 << 3
	featTSC   = 1 << 4
	featMSR   = 1 << 5
	featPAE   = 1 << 6
	featCX8   = 1 << 8
	featAPIC  = 1 << 9
	featSEP   = 1 << 11
	featMTRR  = 1 << 12
	featPGE   = 1 << 13
	featCMOV  = 1 << 15
	featPAT   = 1 << 16
	featPSE36 = 1 << 17
	featCLFSH = 1 << 19
	featFXSR  = 1 << 24
	featSSE   = 1 << 25
	featSSE2  = 1 << 26

	featCommon = featFPU | featDE | featPSE | featTSC | featMSR | featPAE | featCX8 | featMTRR |
		featPGE | featCMOV | featPAT | featPSE36 | featFXSR
)

// cpuid returns EAX, EBX, ECX and EDX of a leaf: what the model has, and nothing
// else (APM vol. 3, appendix E).
func (c *CPU) cpuid(leaf, sub uint32) (a, b, cx, d uint32) {
	apic := uint32(0)
	if c.MSR.APICBase&apicEnable != 0 {
		apic = featAPIC
	}
	switch leaf {
	case 0, 0x80000000:
		a = 7
		if leaf != 0 {
			a = 0x80000008
		}
		b, d, cx = text("Auth"), text("enti"), text("cAMD")
	case 1:
		a = cpuSignature
		b = uint32(c.ID)<<24 | 1<<16 | 8<<8 // APIC ID, one logical processor, CLFLUSH line in quadwords
		cx = 1<<13 | 1<<17 | 1<<23          // CMPXCHG16B, PCID, POPCNT
		d = featCommon | apic | featSEP | featCLFSH | featSSE | featSSE2
	case 7:
		if sub == 0 {
			b = 1<<0 | 1<<7 | 1<<10 | 1<<20 // FSGSBASE, SMEP, INVPCID, SMAP
			cx = 1 << 2                     // UMIP
		}
	case 0x80000001:
		a = cpuSignature
		cx = 1 << 0                                                   // LAHF and SAHF in 64-bit mode
		d = featCommon | apic | 1<<11 | 1<<20 | 1<<26 | 1<<27 | 1<<29 // SYSCALL, NX, 1 GiB pages, RDTSCP, long mode
	case 0x80000002, 0x80000003, 0x80000004:
		const name = "resvirt K8 (emulated)\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		s := name[16*(leaf-0x80000002):]
		a, b, cx, d = text(s[0:]), text(s[4:]), text(s[8:]), text(s[12:])
	case 0x80000007:
		d = 1 << 8 // TSC runs at a constant rate
	case 0x80000008:
		a = 48<<8 | physBits
	}
	return a, b, cx, d
}

// text returns the first four characters of s as a register holds them.
func text(s string) uint32 { return binary.LittleEndian.Uint32([]byte(s[:4])) }

func (c *CPU) execCPUID() {
	a, b, cx, d := c.cpuid(uint32(c.GPR[RAX]), uint32(c.GPR[RCX]))
	c.GPR[RAX], c.GPR[RBX], c.GPR[RCX], c.GPR[RDX] = uint64(a), uint64(b), uint64(cx), uint64(d)
}
