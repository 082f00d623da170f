package step

import (
	"encoding/binary"
	"fmt"

	"resvirt/experiments/testbed"
)

// Bits of page table entries (AMD APM vol. 2, 5.4.1).
const (
	present   = 1 << 0
	writable  = 1 << 1
	userBit   = 1 << 2
	largePage = 1 << 7
	noExecute = 1 << 63
	frameMask = 0x000f_ffff_ffff_f000
)

// translation walks the page tables of the processor that is shown: a line for each level.
func (d *desk) translation(va uint64) []string {
	h, ok := d.machine().(*testbed.Hardware)
	if !ok {
		return nil
	}
	table := h.CPU(d.cpu).CR3 & frameMask
	list := []string{fmt.Sprintf("cr3 %#x, pages of %#x:", table, va)}
	if high := int64(va) >> 47; high != 0 && high != -1 {
		return append(list, "no canonical address")
	}
	for level := 4; level > 0; level-- {
		shift := uint(12 + 9*(level-1))
		index := va >> shift & 511
		var b [8]byte
		h.ReadPhys(table+8*index, b[:])
		e := binary.LittleEndian.Uint64(b[:])
		list = append(list, fmt.Sprintf("L%d[%3d] %016x %s", level, index, e, entryText(e)))
		if e&present == 0 {
			return list
		}
		if table = e & frameMask; level == 1 || level < 4 && e&largePage != 0 {
			size := uint64(1)<<shift - 1
			return append(list, fmt.Sprintf("physical %#x", table&^size|va&size))
		}
	}
	return list
}

// entryText says what an entry allows.
func entryText(e uint64) string {
	if e&present == 0 {
		return "not present"
	}
	text := "r"
	for _, x := range []struct {
		on   bool
		name string
	}{{e&writable != 0, "w"}, {e&noExecute == 0, "x"}, {e&userBit != 0, " user"}} {
		if x.on {
			text += x.name
		}
	}
	return text
}
