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
