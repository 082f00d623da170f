package cpu

// Exception vectors (AMD APM vol. 2, 8.2).
const (
	VecDE uint8 = 0  // divide error
	VecDB uint8 = 1  // debug
	VecNM uint8 = 7  // device not available
	VecBP uint8 = 3  // breakpoint
	VecOF uint8 = 4  // overflow
	VecBR uint8 = 5  // bound range
	VecUD uint8 = 6  // invalid opcode
	VecDF uint8 = 8  // double fault
	VecTS uint8 = 10 // invalid TSS
	VecNP uint8 = 11 // segment not present
	VecSS uint8 = 12 // stack
	VecGP uint8 = 13 // general protection
	VecPF uint8 = 14 // page fault
	VecMF uint8 = 16 // x87 error
	VecAC uint8 = 17 // alignment check
	VecMC uint8 = 18 // machine check
	VecXF uint8 = 19 // SIMD error

	VecNMI uint8 = 2
)

// Bits of CR0 (APM vol. 2, 3.1.1).
const (
	CR0PE uint64 = 1 << 0
	CR0MP uint64 = 1 << 1
	CR0EM uint64 = 1 << 2
	CR0TS uint64 = 1 << 3
	CR0ET uint64 = 1 << 4 // always one
	CR0NE uint64 = 1 << 5
	CR0WP uint64 = 1 << 16
	CR0AM uint64 = 1 << 18
	CR0NW uint64 = 1 << 29
	CR0CD uint64 = 1 << 30
	CR0PG uint64 = 1 << 31

	cr0Known = CR0PE | CR0MP | CR0EM | CR0TS | CR0ET | CR0NE | CR0WP | CR0AM | CR0NW | CR0CD | CR0PG
)

// Bits of CR4 (APM vol. 2, 3.1.3). The processor has no others.
const (
	CR4TSD        uint64 = 1 << 2
	CR4DE         uint64 = 1 << 3
	CR4PSE        uint64 = 1 << 4
	CR4PAE        uint64 = 1 << 5
	CR4MCE        uint64 = 1 << 6
	CR4PGE        uint64 = 1 << 7
	CR4PCE        uint64 = 1 << 8
	CR4OSFXSR     uint64 = 1 << 9
	CR4OSXMMEXCPT uint64 = 1 << 10
	CR4UMIP       uint64 = 1 << 11
	CR4FSGSBASE   uint64 = 1 << 16
	CR4PCIDE      uint64 = 1 << 17
	CR4OSXSAVE    uint64 = 1 << 18
	CR4SMEP       uint64 = 1 << 20
	CR4SMAP       uint64 = 1 << 21

	cr4Known = CR4TSD | CR4DE | CR4PSE | CR4PAE | CR4MCE | CR4PGE | CR4PCE |
		CR4OSFXSR | CR4OSXMMEXCPT | CR4UMIP | CR4FSGSBASE | CR4PCIDE | CR4OSXSAVE | CR4SMEP | CR4SMAP
)

// cr3Keep in a write to CR3 with CR4.PCIDE keeps the translations of the new context.
const cr3Keep uint64 = 1 << 63

// Bits of EFER (APM vol. 2, 3.1.7).
const (
	EFERSCE uint64 = 1 << 0
	EFERLME uint64 = 1 << 8
	EFERLMA uint64 = 1 << 10 // read-only
	EFERNXE uint64 = 1 << 11

	eferKnown = EFERSCE | EFERLME | EFERLMA | EFERNXE
)

// Bits of DR6 and DR7 (APM vol. 2, 13.1.1).
const (
	DR6BD uint64 = 1 << 13
	DR6BS uint64 = 1 << 14
	DR6BT uint64 = 1 << 15
	DR7GD uint64 = 1 << 13

	dr6Breaks uint64 = 0xf  // B0 to B3
	dr7Local  uint64 = 0x55 // L0 to L3
	dr7Enable uint64 = 0xff // and G0 to G3

	dr6One   uint64 = 0xffff0ff0
	dr6Write        = DR6BS | DR6BD | DR6BT | dr6Breaks
	dr7One   uint64 = 0x400
	dr7Write uint64 = 0xffff2fff
)

// Bits of Segment.Attr (APM vol. 2, 4.7): descriptor bytes 5 and 6.
const (
	attrAccessed uint16 = 1 << 0
	attrWritable uint16 = 1 << 1 // data
	attrReadable uint16 = 1 << 1 // code
	attrDown     uint16 = 1 << 2 // data: limit is the lower bound
	attrConform  uint16 = 1 << 2 // code
	attrCode     uint16 = 1 << 3
	attrS        uint16 = 1 << 4 // code or data
	attrDPLShift        = 5
	attrP        uint16 = 1 << 7
	attrL        uint16 = 1 << 9
	attrD        uint16 = 1 << 10 // default size 32 bits
	attrG        uint16 = 1 << 11
	attrType     uint16 = 0xf
	attrTypeAndS uint16 = 0x1f
	attrFlatCode        = attrP | attrS | attrCode | attrReadable | attrAccessed | attrG
	attrFlatData        = attrP | attrS | attrWritable | attrAccessed | attrG | attrD
	attrRealMode uint16 = 0x93 // present, data, writable, accessed
)

// Types of system descriptors (APM vol. 2, tables 4-5 and 4-6).
const (
	typeTSS16    = 0x1
	typeLDT      = 0x2
	typeTaskGate = 0x5
	typeTSS      = 0x9
	typeTSSBusy  = 0xb
	typeCallGate = 0xc
	typeIntGate  = 0xe
	typeTrapGate = 0xf

	typeBusy = 0x2 // of both kinds of TSS
	type32   = 0x8 // gates and TSSs of the 386; without it, of the 286
)

// physBits and physMask are the width of physical addresses, as CPUID reports it.
const (
	physBits        = 40
	physMask uint64 = 1<<physBits - 1
)

// dpl returns the descriptor privilege level.
func (s *Segment) dpl() uint8 { return uint8(s.Attr>>attrDPLShift) & 3 }

// longActive tells whether long mode is active, in either of its submodes.
func (c *CPU) longActive() bool { return c.MSR.EFER&EFERLMA != 0 }

// mode64 tells whether a 64-bit code segment executes.
func (c *CPU) mode64() bool { return c.MSR.EFER&EFERLMA != 0 && c.Seg[CS].Attr&attrL != 0 }

// protected tells whether segments have descriptors: in protected mode, but not
// in its virtual-8086 mode.
func (c *CPU) protected() bool { return c.CR0&CR0PE != 0 && !c.v86() }

// v86 tells whether the processor is in virtual-8086 mode, which long mode does
// not have (Intel SDM vol. 3, 2.3.1).
func (c *CPU) v86() bool { return c.RFLAGS&FlagVM != 0 && !c.longActive() }

// iopl returns RFLAGS.IOPL.
func (c *CPU) iopl() uint8 { return uint8(c.RFLAGS>>12) & 3 }

// canonical tells whether bits 63 to 47 of va are equal (APM vol. 2, 5.3.1).
func canonical(va uint64) bool { return uint64(int64(va)<<16>>16) == va }
