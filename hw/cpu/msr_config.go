package cpu

// Registers that say how memory, caches and buses are set up. The model has
// nothing of the kind to set up: values are checked and kept, and have no other
// effect.

// Configuration registers of AMD's processors (APM vol. 2, appendix A; BIOS and
// Kernel Developer's Guide 26094, 14.2).
const (
	msrSYSCFG     = 0xc0010010
	msrHWCR       = 0xc0010015
	msrIORRBase   = 0xc0010016 // base and mask, two of each
	msrTopMem     = 0xc001001a
	msrTopMem2    = 0xc001001d
	msrNBConfig   = 0xc001001f
	msrPatchLoad  = 0xc0010020 // write-only
	msrIntPending = 0xc0010055
	msrLSConfig   = 0xc0011020 // load-store, instruction cache, data cache, bus unit

	// msrMiscEnable is Intel's, but some system software expects it on every
	// processor.
	msrMiscEnable = 0x1a0

	numConfig = 15
)

// configRegister numbers the configuration registers and returns the bits that
// can be written; others read as zero.
func configRegister(n uint32) (index int, writable uint64, ok bool) {
	const page = physMask &^ 0xfff
	switch n {
	case msrSYSCFG:
		return 0, 0x1f << 18, true
	case msrHWCR:
		return 1, 0xffffffff, true
	case msrIORRBase, msrIORRBase + 2:
		return 2 + int(n-msrIORRBase), page | 3<<3, true
	case msrIORRBase + 1, msrIORRBase + 3:
		return 2 + int(n-msrIORRBase), page | 1<<11, true
	case msrTopMem:
		return 6, physMask &^ (1<<23 - 1), true
	case msrTopMem2:
		return 7, physMask &^ (1<<23 - 1), true
	case msrNBConfig:
		return 8, ^uint64(0), true
	case msrIntPending:
		return 9, 0xffffffff, true
	case msrLSConfig, msrLSConfig + 1, msrLSConfig + 2, msrLSConfig + 3:
		return 10 + int(n-msrLSConfig), ^uint64(0), true
	case msrMiscEnable:
		return 14, ^uint64(0), true
	}
	return 0, 0, false
}

// mtrrIndex numbers the MTRRs: 16 variable ones, then the 11 fixed ranges.
func mtrrIndex(n uint32) int {
	switch {
	case n >= msrMTRRBase && n < msrMTRRBase+16:
		return int(n - msrMTRRBase)
	case n == 0x250:
		return 16
	case n == 0x258 || n == 0x259:
		return 17 + int(n-0x258)
	case n >= 0x268 && n <= 0x26f:
		return 19 + int(n-0x268)
	}
	return -1
}

// memoryTypes has a bit for each encoding of a memory type: uncacheable,
// write-combining, write-through, write-protected, write-back.
const memoryTypes = 1<<0 | 1<<1 | 1<<4 | 1<<5 | 1<<6

// typesOK tells whether all bytes of v are memory types of a set.
func typesOK(v, set uint64) bool {
	for ; v != 0; v >>= 8 {
		if t := v & 0xff; t > 7 || set>>t&1 == 0 {
			return false
		}
	}
	return true
}

// mtrrOK tells whether v may be written to an MTRR or to PAT (APM vol. 2, 7.7,
// 7.8.2). PAT has one more type, UC-.
func mtrrOK(n uint32, v uint64) bool {
	const variable = physMask &^ 0xfff
	switch k := mtrrIndex(n); {
	case n == msrPAT:
		return typesOK(v, memoryTypes|1<<7)
	case n == msrMTRRDefType:
		return v&^(0xff|1<<10|1<<11) == 0 && typesOK(v&0xff, memoryTypes)
	case k >= 16:
		return typesOK(v, memoryTypes)
	case k >= 0 && k&1 == 0:
		return v&^(variable|0xff) == 0 && typesOK(v&0xff, memoryTypes)
	case k >= 0:
		return v&^(variable|1<<11) == 0
	}
	return true
}
