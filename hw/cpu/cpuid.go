package cpu

import (
	"encoding/binary"
	"math/bits"
)

// The processor is a model of its own, documented in docs/processor.md: the
// vendor and family are those of AMD's K8, the brand string is "resvirt R1".

// cpuSignature is CPUID's family 15, model 39 and stepping 1. Among AMD's
// numbers, these make operating systems expect the least beyond the feature
// bits.
const cpuSignature = 0x20f71

const brand = "resvirt R1 (emulated)"

// cpuid returns EAX, EBX, ECX and EDX of a leaf: exactly what the model has (APM
// vol. 3, appendix E). Leaves that it lacks are zero. Most leaves ignore ECX.
func (c *CPU) cpuid(leaf, sub uint32) (a, b, cx, d uint32) {
	if !hasSubleaves(leaf) {
		sub = 0
	}
	r := c.cpuidNumbers(leaf, sub)
	for k := range features {
		f := &features[k]
		if f.leaf == leaf && f.sub == sub && (f.when == nil || f.when(c)) {
			r[f.reg] |= 1 << f.bit
		}
	}
	return r[regEAX], r[regEBX], r[regECX], r[regEDX]
}

// hasSubleaves tells whether ECX selects part of a leaf; other leaves ignore it.
func hasSubleaves(leaf uint32) bool { return leaf == 7 || leaf == 0xb || leaf == 0xd }

// cpuidNumbers returns what is in a leaf besides feature bits.
func (c *CPU) cpuidNumbers(leaf, sub uint32) (r [4]uint32) {
	switch leaf {
	case 0:
		r = [4]uint32{0xd, text("Auth"), text("cAMD"), text("enti")}
	case 1:
		// APIC ID, logical processors, line of CLFLUSH in quadwords.
		r = [4]uint32{cpuSignature, uint32(c.ID)<<24 | c.processors()<<16 | lineSize/8<<8}
	case 5: // smallest and largest line; one kind of waiting each in C0 and C1
		r = [4]uint32{lineSize, lineSize, 0, 1<<4 | 1}
	case 0xb:
		r = c.cpuidTopology(sub)
	case 0xd:
		r = c.cpuidState(sub)
	case 0x80000000:
		r = [4]uint32{0x80000008, text("Auth"), text("cAMD"), text("enti")}
	case 0x80000001:
		r[regEAX] = cpuSignature
	case 0x80000002, 0x80000003, 0x80000004:
		var s [48]byte
		copy(s[:], brand)
		for k := range r {
			r[[4]int{regEAX, regEBX, regECX, regEDX}[k]] = text(string(s[16*(leaf-0x80000002)+4*uint32(k):]))
		}
	case 0x80000005, 0x80000006:
		r = cpuidCaches(leaf)
	case 0x80000008: // widths of addresses; processors less one, and bits of an APIC ID
		r[regEAX] = 48<<8 | physBits
		r[regECX] = c.idBits()<<12 | (c.processors() - 1)
	}
	return r
}

// processors is the number of processors, idBits the number of bits of their APIC
// ids.
func (c *CPU) processors() uint32 { return uint32(max(c.Count, 1)) }
func (c *CPU) idBits() uint32     { return uint32(bits.Len32(c.processors() - 1)) }

// cpuidTopology is leaf B: one thread a core, and one package.
func (c *CPU) cpuidTopology(sub uint32) [4]uint32 {
	r := [4]uint32{regECX: sub & 0xff, regEDX: uint32(c.ID)}
	switch sub {
	case 0:
		r[regEBX] = 1
		r[regECX] |= 1 << 8
	case 1:
		r[regEAX], r[regEBX] = c.idBits(), c.processors()
		r[regECX] |= 2 << 8
	}
	return r
}

// cpuidState is leaf D: components of XSAVE, and the size of their image, which
// is the same for whatever is enabled.
func (c *CPU) cpuidState(sub uint32) (r [4]uint32) {
	switch sub {
	case 0:
		r[regEAX], r[regEBX], r[regECX] = uint32(xcr0Known), xSize, xSize
	case 1:
		r[regEBX] = xSize
	}
	return r
}

// cpuidCaches is what the two leaves say of caches and TLBs. The TLB is the
// model's one, reported both for instructions and for data; larger pages enter
// it as fragments. The caches are those of the K8, for programs that divide
// their work by cache sizes: the model's accesses are not faster with a cache.
func cpuidCaches(leaf uint32) [4]uint32 {
	const entries, ways = uint32(tlbEntries), uint32(tlbWays) // for this number of ways, its code is the number itself
	if leaf == 0x80000006 {
		return [4]uint32{regEBX: ways<<28 | entries<<16 | ways<<12 | entries, regECX: 1024<<16 | 8<<12 | 1<<8 | 64}
	}
	const first = 64<<24 | 2<<16 | 1<<8 | 64 // KiB, ways, lines a tag, bytes a line
	return [4]uint32{regECX: first, regEDX: first}
}

// text returns the first four characters of s as a register holds them.
func text(s string) uint32 { return binary.LittleEndian.Uint32([]byte(s[:4])) }

func (c *CPU) execCPUID() {
	a, b, cx, d := c.cpuid(uint32(c.GPR[RAX]), uint32(c.GPR[RCX]))
	c.GPR[RAX], c.GPR[RBX], c.GPR[RCX], c.GPR[RDX] = uint64(a), uint64(b), uint64(cx), uint64(d)
}
