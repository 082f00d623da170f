package machine

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
)

// loadELF32 loads the segments of a 32-bit x86 ELF file to their physical addresses.
func (m *Machine) loadELF32(file []byte, _ mbHeader) (entry, end uint32, err error) {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return 0, 0, fmt.Errorf("machine: Multiboot kernel without load addresses (flag 16) is no ELF file: %w", err)
	}
	if f.Class != elf.ELFCLASS32 || f.Machine != elf.EM_386 {
		return 0, 0, fmt.Errorf("machine: Multiboot kernel is %v for %v: the loader takes 32-bit x86 or a flat image (flag 16)", f.Class, f.Machine)
	}
	for i, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Memsz == 0 {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(p.Open(), int64(p.Filesz)))
		if err != nil {
			return 0, 0, fmt.Errorf("machine: ELF segment %d: %w", i, err)
		}
		if p.Memsz < p.Filesz {
			return 0, 0, fmt.Errorf("machine: ELF segment %d is smaller in memory than in the file", i)
		}
		if err := m.place(fmt.Sprintf("ELF segment %d", i), p.Paddr, data, p.Memsz); err != nil {
			return 0, 0, err
		}
		end = max(end, uint32(p.Paddr+p.Memsz))
	}
	if end == 0 {
		return 0, 0, fmt.Errorf("machine: ELF kernel has nothing to load")
	}
	return uint32(f.Entry), end, nil
}
