package inspect

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"io"
	"sync"

	"resvirt/vi/image"
)

// View knows the types of an image's variables.
type View struct {
	image   *image.Image
	mu      sync.Mutex // the types are parsed when first asked for
	dwarf   *dwarf.Data
	types   map[string]dwarf.Offset // of each package-level variable
	structs map[string]dwarf.Offset // by name
	consts  map[string]int64        // integer constants; those above int64 are there only if they have a type
	typed   []typed                 // constants with their types
	names   map[dwarf.Type]*names   // nil until asked for
	detail  *detail                 // nil until asked for
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
	v := &View{image: m, dwarf: d, types: map[string]dwarf.Offset{}, structs: map[string]dwarf.Offset{}, consts: map[string]int64{}}
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("inspect %s: %w", m.Name, err)
		}
		if e == nil {
			return v, nil
		}
		if e.Tag == dwarf.TagCompileUnit {
			continue
		}
		v.enter(e)
		if e.Children {
			r.SkipChildren()
		}
	}
}

// enter notes an entry of the debug information that has a name.
func (v *View) enter(e *dwarf.Entry) {
	name, ok := e.Val(dwarf.AttrName).(string)
	if !ok {
		return
	}
	switch e.Tag {
	case dwarf.TagVariable:
		if typ, ok := e.Val(dwarf.AttrType).(dwarf.Offset); ok {
			v.types[name] = typ
		}
	case dwarf.TagStructType:
		v.structs[name] = e.Offset
	case dwarf.TagConstant:
		if c, ok := e.Val(dwarf.AttrConstValue).(int64); ok {
			v.consts[name] = c
			if typ, ok := e.Val(dwarf.AttrType).(dwarf.Offset); ok {
				v.typed = append(v.typed, typed{name, uint64(c), typ})
			}
		}
	}
}

// Initial is the memory of an image as it is loaded, before it ran.
func Initial(m *image.Image) Memory {
	if m.Kind != image.VMM {
		return initialELF(m)
	}
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
	typ, err := v.typeAt(offset)
	if err != nil {
		return Value{}, fmt.Errorf("inspect %s: type of %s: %w", v.image.Name, name, err)
	}
	return Value{name: name, typ: typ, Addr: addr, mem: mem}, nil
}

// At is a struct of a named type at an address, such as "main.Domain".
func (v *View) At(typeName string, addr uint64, mem Memory) (Value, error) {
	offset, ok := v.structs[typeName]
	if !ok {
		return Value{}, fmt.Errorf("inspect %s: there is no struct %s", v.image.Name, typeName)
	}
	typ, err := v.typeAt(offset)
	if err != nil {
		return Value{}, fmt.Errorf("inspect %s: type %s: %w", v.image.Name, typeName, err)
	}
	return Value{name: fmt.Sprintf("%s@%#x", typeName, addr), typ: typ, Addr: addr, mem: mem}, nil
}

func (v *View) typeAt(offset dwarf.Offset) (dwarf.Type, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.dwarf.Type(offset)
}

// Const is an integer constant of the image's source, such as "main.maxCPUs".
func (v *View) Const(name string) (int64, error) {
	c, ok := v.consts[name]
	if !ok {
		return 0, fmt.Errorf("inspect %s: there is no constant %s", v.image.Name, name)
	}
	return c, nil
}
