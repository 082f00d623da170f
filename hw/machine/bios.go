package machine

import "encoding/binary"

// A PC's firmware leaves interrupt vectors for real mode behind, and kernels call
// its services by them. Ours has none: they return with the carry flag, which is
// how a BIOS says that it lacks a function, and hardware interrupts are dismissed.
const (
	biosCode    = 0xff000 // of the routines
	biosSegment = 0xf000
)

// placeVectors puts the vectors and the routines behind them into memory.
func (m *Machine) placeVectors() {
	refuse := []byte{0xf9, 0xca, 2, 0}                                               // stc; retf 2
	dismiss := []byte{0x50, 0xb0, 0x20, 0xe6, portPIC1, 0x58, 0xcf}                  // push ax; mov al, 20h; out; pop ax; iret
	dismiss2 := []byte{0x50, 0xb0, 0x20, 0xe6, portPIC2, 0xe6, portPIC1, 0x58, 0xcf} // the same for both chips
	var code []byte
	routine := func(b []byte) uint32 {
		at := uint32(biosCode+len(code)) - biosSegment<<4
		code = append(code, b...)
		return biosSegment<<16 | at
	}
	service, first, second := routine(refuse), routine(dismiss), routine(dismiss2)
	var table []byte
	for v := range 256 {
		r := service
		switch {
		case v >= 0x08 && v < 0x10:
			r = first
		case v >= 0x70 && v < 0x78:
			r = second
		}
		table = binary.LittleEndian.AppendUint32(table, r)
	}
	m.mem.WriteBytes(0, table)
	m.mem.WriteBytes(biosCode, code)
}

// setMemoryTypes gives memory the types of a PC in every processor's MTRRs (Intel
// SDM vol. 3, 12.11): write-back, but uncached where devices are. The machine has
// no caches; operating systems want to see it.
func (m *Machine) setMemoryTypes() {
	const (
		base0, mask0 = 0x200, 0x201 // of the first variable range
		fixed64K     = 0x250        // 00000 to 7FFFF
		fixed16K     = 0x258        // 80000 to 9FFFF; the next is A0000 to BFFFF
		fixed4K      = 0x268        // from C0000 on, eight registers
		defType      = 0x2ff

		writeBack = 0x0606060606060606
		hole      = 0xc0000000 // uncached, up to 4 GiB
		valid     = 1 << 11
		physMask  = 1<<40 - 1
	)
	for _, c := range m.cpus {
		c.SetMTRR(fixed64K, writeBack)
		c.SetMTRR(fixed16K, writeBack)
		for i := range uint32(8) {
			c.SetMTRR(fixed4K+i, writeBack)
		}
		c.SetMTRR(base0, hole)
		c.SetMTRR(mask0, physMask&^(1<<30-1)|valid)
		c.SetMTRR(defType, 1<<11|1<<10|6) // enabled, the fixed ones too
	}
}
