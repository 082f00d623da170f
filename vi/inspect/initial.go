package inspect

import (
	"bytes"
	"debug/elf"
	"fmt"

	"resvirt/vi/image"
)

// segment is a part of an image as it is loaded.
type segment struct {
	at    uint64
	bytes []byte
}

// loadedSegments lists the parts of an image that come from its file.
func loadedSegments(m *image.Image) ([]segment, error) {
	if m.Kind == image.VMM {
		return []segment{{m.Base, m.File}}, nil
	}
	f, err := elf.NewFile(bytes.NewReader(m.File))
	if err != nil {
		return nil, err
	}
	var list []segment
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Off > uint64(len(m.File)) || p.Filesz > uint64(len(m.File))-p.Off {
			continue
		}
		list = append(list, segment{p.Vaddr, m.File[p.Off : p.Off+p.Filesz]})
	}
	return list, nil
}

// initialELF is Initial for an image that is an ELF file. Memory that does not come
// from the file is zero.
func initialELF(m *image.Image) Memory {
	list, err := loadedSegments(m)
	return func(va uint64, buf []byte) error {
		if err != nil {
			return fmt.Errorf("inspect %s: %w", m.Name, err)
		}
		clear(buf)
		for _, s := range list {
			if off := va - s.at; off < uint64(len(s.bytes)) {
				copy(buf, s.bytes[off:])
				return nil
			}
		}
		if _, known := m.Var(va); known {
			return nil // bss
		}
		return fmt.Errorf("inspect %s: %#x lies outside the image", m.Name, va)
	}
}
