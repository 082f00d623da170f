package inspect

import (
	"debug/dwarf"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// mirror copies a struct of the image into a Go struct of the host, matching
// fields by their names. It is made once, with an error for each name that the
// image lacks. After that, copying needs no debug information.
type mirror struct {
	size   int64
	fields []mirrored
}

// mirrored is one field: a number, a struct, or a slice of either.
type mirrored struct {
	index  int
	offset int64
	size   int64 // of a number or of an element
	count  int   // of elements, -1 = no slice
	sub    *mirror
	here   bool // is set to the address of the struct itself
}

// newMirror describes how values of a type are copied into a Go struct of type
// to. A field called Xy mirrors the field xy, or what its tag "vmm" names: a
// path such as "core.timers", or "@" for the struct's own address. With a tag "may" it is
// left as it is where the image lacks it.
func newMirror(name string, from dwarf.Type, to reflect.Type) (*mirror, []string) {
	var lacks []string
	if _, ok := plain(from).(*dwarf.StructType); !ok {
		return nil, []string{name + " is no struct"}
	}
	m := &mirror{size: from.Size()}
	for i := range to.NumField() {
		g := to.Field(i)
		path := g.Tag.Get("vmm")
		switch path {
		case "@":
			m.fields = append(m.fields, mirrored{index: i, here: true})
			continue
		case "-":
			continue
		case "":
			path = string(unicode.ToLower(rune(g.Name[0]))) + g.Name[1:]
		}
		at := Value{name: name, typ: from}
		var err error
		for part := range strings.SplitSeq(path, ".") {
			if at, err = at.Field(part); err != nil {
				break
			}
		}
		if err != nil && g.Tag.Get("may") != "" {
			continue
		}
		if err != nil {
			lacks = append(lacks, strings.TrimPrefix(err.Error(), "inspect: "))
			continue
		}
		f, missing := mirrorField(at, g.Type)
		f.index = i
		m.fields = append(m.fields, f)
		lacks = append(lacks, missing...)
	}
	return m, lacks
}

// mirrorField describes one field; at.Addr is its offset.
func mirrorField(at Value, to reflect.Type) (f mirrored, lacks []string) {
	f = mirrored{offset: int64(at.Addr), size: at.Size(), count: -1}
	typ := at.typ
	if to.Kind() == reflect.Slice {
		a, ok := plain(typ).(*dwarf.ArrayType)
		if !ok {
			return f, []string{at.name + " is no array"}
		}
		typ, to, f.count, f.size = a.Type, to.Elem(), int(a.Count), a.Type.Size()
	}
	if to.Kind() == reflect.Struct {
		f.sub, lacks = newMirror(at.name, typ, to)
		return f, lacks
	}
	switch plain(typ).(type) {
	case *dwarf.StructType, *dwarf.ArrayType:
		return f, []string{at.name + " is no number"}
	}
	if f.size < 1 || f.size > 8 {
		lacks = []string{at.name + " is no number"}
	}
	return f, lacks
}

// read copies the struct at addr.
func (m *mirror) read(mem Memory, addr uint64, to any) error {
	buf := make([]byte, m.size)
	if err := mem(addr, buf); err != nil {
		return err
	}
	m.decode(buf, addr, reflect.ValueOf(to).Elem())
	return nil
}

func (m *mirror) decode(buf []byte, addr uint64, to reflect.Value) {
	for i := range m.fields {
		f := &m.fields[i]
		at := to.Field(f.index)
		if f.here {
			at.SetUint(addr)
			continue
		}
		if f.count < 0 {
			f.element(buf, addr, f.offset, at)
			continue
		}
		if at.Len() != f.count {
			at.Set(reflect.MakeSlice(at.Type(), f.count, f.count))
		}
		for k := range f.count {
			f.element(buf, addr, f.offset+int64(k)*f.size, at.Index(k))
		}
	}
}

func (f *mirrored) element(buf []byte, addr uint64, offset int64, to reflect.Value) {
	if f.sub != nil {
		f.sub.decode(buf[offset:offset+f.size], addr+uint64(offset), to)
		return
	}
	var word [8]byte
	copy(word[:], buf[offset:offset+f.size])
	v := binary.LittleEndian.Uint64(word[:])
	switch to.Kind() {
	case reflect.Bool:
		to.SetBool(v != 0)
	case reflect.Int64:
		shift := uint(64 - 8*f.size)
		to.SetInt(int64(v<<shift) >> shift)
	case reflect.Uint64:
		to.SetUint(v)
	default:
		panic(fmt.Sprintf("BUG: a mirror's field of type %v", to.Type()))
	}
}

// bind makes the mirror of a named struct type.
func (v *View) bind(typeName string, to any) (*mirror, []string) {
	at, err := v.At(typeName, 0, nil)
	if err != nil {
		return nil, []string{err.Error()}
	}
	return newMirror(typeName, at.typ, reflect.TypeOf(to))
}

// bindVar makes the mirror of a package-level variable.
func (v *View) bindVar(name string, to any) (*mirror, uint64, []string) {
	at, err := v.Var(name, nil)
	if err != nil {
		return nil, 0, []string{err.Error()}
	}
	addr := at.Addr
	m, lacks := newMirror(name, at.typ, reflect.TypeOf(to))
	return m, addr, lacks
}
