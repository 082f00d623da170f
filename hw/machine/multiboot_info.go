package machine

import (
	"encoding/binary"
	"fmt"
)

// Offsets and flags of the boot information (Multiboot 0.6.96, 3.3).
const (
	infoFlags    = 0
	infoMemLower = 4
	infoMemUpper = 8
	infoCmdline  = 16
	infoMods     = 20 // count, address
	infoMmap     = 44 // length, address
	infoLoader   = 64
	infoSize     = 88

	infoHasMemory  = 1 << 0
	infoHasCmdline = 1 << 2
	infoHasMods    = 1 << 3
	infoHasMmap    = 1 << 6
	infoHasLoader  = 1 << 9

	mmapEntry = 24 // with the size field itself
	modEntry  = 16
)

// loaderName is the loader's name in the boot information.
const loaderName = "resvirt"

// placeInfo puts the modules at pa and the boot information after them, and
// returns the address of the latter.
func (m *Machine) placeInfo(pa uint32, cmdline string, mods []Module) (info uint32, err error) {
	var list []byte
	var names []string
	for i, mod := range mods {
		if err := m.place(fmt.Sprintf("module %d", i), uint64(pa), mod.Data, uint64(len(mod.Data))); err != nil {
			return 0, err
		}
		end := pa + uint32(len(mod.Data))
		for _, w := range []uint32{pa, end, 0, 0} {
			list = binary.LittleEndian.AppendUint32(list, w)
		}
		names = append(names, mod.Cmdline)
		pa = pageUp(end)
	}
	b := infoBuilder{base: pa, buf: make([]byte, infoSize)}
	mmap := m.memoryMap()
	b.put(infoMmap, uint32(len(mmap)))
	b.put(infoMmap+4, b.add(mmap))
	b.put(infoMods, uint32(len(mods)))
	at := b.add(list)
	b.put(infoMods+4, at)
	for i, name := range names {
		b.put(at-b.base+uint32(i*modEntry)+8, b.add(append([]byte(name), 0)))
	}
	b.put(infoCmdline, b.add(append([]byte(cmdline), 0)))
	b.put(infoLoader, b.add([]byte(loaderName+"\x00")))
	b.put(infoMemLower, lowEnd>>10)
	b.put(infoMemUpper, uint32((m.lowRAM()-highMem)>>10))
	b.put(infoFlags, infoHasMemory|infoHasCmdline|infoHasMods|infoHasMmap|infoHasLoader)
	return pa, m.place("boot information", uint64(pa), b.buf, uint64(len(b.buf)))
}

// memoryMap is the map of regions in Multiboot's form.
func (m *Machine) memoryMap() (list []byte) {
	for _, r := range m.regions() {
		list = binary.LittleEndian.AppendUint32(list, mmapEntry-4)
		list = binary.LittleEndian.AppendUint64(list, r.base)
		list = binary.LittleEndian.AppendUint64(list, r.end-r.base)
		list = binary.LittleEndian.AppendUint32(list, r.kind)
	}
	return list
}

// infoBuilder lays out the boot information at a physical address.
type infoBuilder struct {
	base uint32
	buf  []byte
}

// put stores a word at an offset.
func (b *infoBuilder) put(off uint32, v uint32) { binary.LittleEndian.PutUint32(b.buf[off:], v) }

// add appends a part, aligned to 8, and returns its physical address.
func (b *infoBuilder) add(part []byte) uint32 {
	for len(b.buf)%8 != 0 {
		b.buf = append(b.buf, 0)
	}
	at := b.base + uint32(len(b.buf))
	b.buf = append(b.buf, part...)
	return at
}
