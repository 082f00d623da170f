package inspect

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
)

// detail is what stepping needs of the debug information beside types: functions and
// their variables, frames, lines. It is read when first asked for. View.mu guards it.
type detail struct {
	units    []*unit
	codes    []*code // by address
	origins  map[dwarf.Offset]description
	frames   []frameRule // by address
	lists    []byte      // .debug_loclists
	addrs    []byte      // .debug_addr
	lines    []Row       // by address, nil until asked for
	flows    map[uint64]*flow
	expanded map[string][]*scope // calls that were expanded, by function; nil until asked for
	text     []segment
}

// details reads them; v.mu is held.
func (v *View) details() (*detail, error) {
	if v.detail != nil {
		return v.detail, nil
	}
	f, err := elf.NewFile(bytes.NewReader(v.image.ELF))
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", v.image.Name, err)
	}
	d := &detail{origins: map[dwarf.Offset]description{}, flows: map[uint64]*flow{}}
	section := func(name string) []byte {
		s := f.Section(name)
		if s == nil || err != nil {
			return nil
		}
		var b []byte
		if b, err = s.Data(); err != nil {
			err = fmt.Errorf("inspect %s: section %s: %w", v.image.Name, name, err)
		}
		return b
	}
	d.lists, d.addrs = section(".debug_loclists"), section(".debug_addr")
	frames := section(".debug_frame")
	if err != nil {
		return nil, err
	}
	if d.frames, err = readFrames(frames); err != nil {
		return nil, fmt.Errorf("inspect %s: %w", v.image.Name, err)
	}
	if d.text, err = loadedSegments(v.image); err != nil {
		return nil, fmt.Errorf("inspect %s: %w", v.image.Name, err)
	}
	d.listCode(v.dwarf)
	v.detail = d
	return d, nil
}

// bytes are up to n bytes of the image as it is loaded, from a run address on.
func (d *detail) bytes(at uint64, n int) []byte {
	for _, s := range d.text {
		if off := at - s.at; off < uint64(len(s.bytes)) {
			return s.bytes[off:min(uint64(len(s.bytes)), off+uint64(n))]
		}
	}
	return nil
}
