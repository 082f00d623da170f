package machine

import (
	_ "embed"
	"encoding/binary"
)

// A PC's firmware leaves interrupt vectors for real mode, through which software
// calls its services. The code of these services is bios.S, built by bios.sh; it
// lies in the last page of the BIOS's memory and begins with offsets of its
// routines.
const (
	biosCode    = 0xff000
	biosSegment = 0xf000
)

//go:generate sh bios.sh

//go:embed bios.bin
var biosImage []byte

// Routines, in the order of the table in bios.S.
const (
	biosRefuse = iota
	biosDismiss
	biosDismiss2
	biosTick
	biosKey
	biosAlarm
	biosReturn
	biosServices // of the vectors in biosVectors
)

// biosVectors are the vectors with services; calls of all others are refused.
var biosVectors = [...]uint8{0x10, 0x11, 0x12, 0x15, 0x16, 0x1a}

// placeVectors puts the vectors and the routines behind them into memory.
func (m *Machine) placeVectors() {
	routine := func(n int) uint32 {
		offset := uint32(binary.LittleEndian.Uint16(biosImage[2*n:]))
		return biosSegment<<16 | biosCode - biosSegment<<4 + offset
	}
	var table [256]uint32
	for v := range table {
		switch {
		case v >= 0x08 && v < 0x10:
			table[v] = routine(biosDismiss)
		case v >= 0x70 && v < 0x78:
			table[v] = routine(biosDismiss2)
		case v < 0x08 || v == 0x1c: // nothing to do
			table[v] = routine(biosReturn)
		default:
			table[v] = routine(biosRefuse)
		}
	}
	table[0x08], table[0x09], table[0x70] = routine(biosTick), routine(biosKey), routine(biosAlarm)
	for i, v := range biosVectors {
		table[v] = routine(biosServices + i)
	}
	var b []byte
	for _, r := range table {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	m.mem.WriteBytes(0, b)
	m.mem.WriteBytes(biosCode, biosImage)
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
