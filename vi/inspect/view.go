package inspect

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"io"

	"resvirt/vi/image"
)

// View knows the types of an image's variables.
type View struct {
	image *image.Image
	dwarf *dwarf.Data
	types map[string]dwarf.Offset // of each package-level variable
}

// Memory copies memory of an image at a virtual address.
type Memory func(va uint64, buf []byte) error

// Open reads the debug information of an image.
func Open(m *image.Image) (*View, error) {
	f, err := elf.NewFile(bytes.NewReader(m.ELF))
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", m.Name, err)
	}
	d, err := f.DWARF()
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", m.Name, err)
	}
	v := &View{image: m, dwarf: d, types: map[string]dwarf.Offset{}}
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("inspect %s: %w", m.Name, err)
		}
		if e == nil {
			return v, nil
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			continue
		case dwarf.TagVariable:
			name, named := e.Val(dwarf.AttrName).(string)
			if typ, ok := e.Val(dwarf.AttrType).(dwarf.Offset); ok && named {
				v.types[name] = typ
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
}

// Initial is the memory of an image as it is loaded, before it ran.
func Initial(m *image.Image) Memory {
	return func(va uint64, buf []byte) error {
		if _, err := bytes.NewReader(m.File).ReadAt(buf, int64(va-m.Base)); err != nil && err != io.EOF {
			return fmt.Errorf("inspect %s: %#x lies outside the image", m.Name, va)
		}
		return nil
	}
}

// Var is a package-level variable by its linker name, such as "main.policy".
func (v *View) Var(name string, mem Memory) (Value, error) {
	offset, ok := v.types[name]
	addr, found := v.image.Addr(name)
	if !ok || !found {
		return Value{}, fmt.Errorf("inspect %s: there is no variable %s", v.image.Name, name)
	}
	typ, err := v.dwarf.Type(offset)
	if err != nil {
		return Value{}, fmt.Errorf("inspect %s: type of %s: %w", v.image.Name, name, err)
	}
	return Value{name, typ, addr, mem}, nil
}
