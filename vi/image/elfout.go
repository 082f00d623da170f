package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// segment is one program header to write with its bytes.
type segment struct {
	typ          elf.ProgType
	flags        elf.ProgFlag
	vaddr, paddr uint64
	data         []byte
	memsz        uint64
}

// writeELF makes an executable with nothing but program headers. The data of
// every loadable segment starts at a file offset congruent to its address.
func writeELF(entry uint64, segs []segment) []byte {
	const headers = 64
	var head, body bytes.Buffer
	start := alignUp(uint64(headers+56*len(segs)), pageSize)
	for _, s := range segs {
		if s.typ == elf.PT_LOAD {
			body.Write(make([]byte, alignUp(uint64(body.Len()), pageSize)-uint64(body.Len())))
		}
		p := elf.Prog64{Type: uint32(s.typ), Flags: uint32(s.flags), Off: start + uint64(body.Len()),
			Vaddr: s.vaddr, Paddr: s.paddr, Filesz: uint64(len(s.data)), Memsz: max(s.memsz, uint64(len(s.data))), Align: pageSize}
		if s.typ != elf.PT_LOAD {
			p.Align = 4
		}
		binary.Write(&head, binary.LittleEndian, p)
		body.Write(s.data)
	}
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: entry,
		Phoff: headers, Ehsize: headers, Phentsize: 56, Phnum: uint16(len(segs)), Shentsize: 64}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, h)
	out.Write(head.Bytes())
	out.Write(make([]byte, start-uint64(out.Len())))
	out.Write(body.Bytes())
	return out.Bytes()
}

// staticELF writes the loadable segments of l without symbols.
func staticELF(l *loaded) []byte {
	var segs []segment
	for _, p := range l.f.Progs {
		if p.Type != elf.PT_LOAD || p.Memsz == 0 {
			continue
		}
		lo, hi := p.Vaddr, p.Vaddr+p.Filesz
		if lo == l.lo { // skip the page of the old headers
			if s := l.f.Section(".text"); s != nil && s.Addr >= lo+pageSize && p.Flags&elf.PF_X != 0 {
				lo = s.Addr &^ (pageSize - 1)
			}
		}
		segs = append(segs, segment{typ: elf.PT_LOAD, flags: p.Flags, vaddr: lo, paddr: lo,
			data: trimZeros(l.mem[lo-l.lo : hi-l.lo]), memsz: p.Vaddr + p.Memsz - lo})
	}
	return writeELF(l.f.Entry, segs)
}

// trimZeros drops whole zero pages at the end; the loader makes them anew.
func trimZeros(b []byte) []byte {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return b[:min(uint64(len(b)), alignUp(uint64(n), pageSize))]
}
