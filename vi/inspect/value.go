package inspect

import (
	"debug/dwarf"
	"encoding/binary"
	"fmt"
)

// Value is a typed place in memory. The value of a variable that is not in memory
// as a whole is a copy; its Addr is then an offset in the copy.
type Value struct {
	name string
	typ  dwarf.Type
	Addr uint64
	mem  Memory
	copy *composed // nil for a place in memory
	of   string    // "main.VCPU.state" for a member of a struct with a name, else empty
}

// Address is where the value lies; false if it is not in memory as a whole.
func (v Value) Address() (uint64, bool) { return v.Addr, v.copy == nil }

// part is a value inside of v.
func (v Value) part(name string, typ dwarf.Type, offset int64) Value {
	v.name, v.typ, v.Addr, v.of = name, typ, v.Addr+uint64(offset), ""
	return v
}

// member is a member of v, which is a struct of type s.
func (v Value) member(s *dwarf.StructType, f *dwarf.StructField) Value {
	m := v.part(v.name+"."+f.Name, f.Type, f.ByteOffset)
	if s.StructName != "" {
		m.of = s.StructName + "." + f.Name
	}
	return m
}

// read copies bytes from the value's place.
func (v Value) read(buf []byte) error {
	switch {
	case v.copy != nil:
		return v.copy.read(v.name, v.Addr, buf)
	case v.mem == nil:
		return fmt.Errorf("inspect: %s is of no machine", v.name)
	}
	return v.mem(v.Addr, buf)
}

// plain is the type without the names that were given to it.
func plain(t dwarf.Type) dwarf.Type {
	for {
		named, ok := t.(*dwarf.TypedefType)
		if !ok {
			return t
		}
		t = named.Type
	}
}

// Size is the number of bytes of the value.
func (v Value) Size() int64 { return v.typ.Size() }

// Field is a member of a struct.
func (v Value) Field(name string) (Value, error) {
	s, ok := plain(v.typ).(*dwarf.StructType)
	if !ok {
		return Value{}, fmt.Errorf("inspect: %s is no struct", v.name)
	}
	for _, f := range s.Field {
		if f.Name == name {
			return v.member(s, f), nil
		}
	}
	return Value{}, fmt.Errorf("inspect: %s has no field %s", v.name, name)
}

// Len is the number of elements of an array.
func (v Value) Len() int {
	if a, ok := plain(v.typ).(*dwarf.ArrayType); ok {
		return int(a.Count)
	}
	return 0
}

// Index is an element of an array.
func (v Value) Index(i int) (Value, error) {
	a, ok := plain(v.typ).(*dwarf.ArrayType)
	if !ok || i < 0 || int64(i) >= a.Count {
		return Value{}, fmt.Errorf("inspect: %s has no element %d", v.name, i)
	}
	return v.part(fmt.Sprintf("%s[%d]", v.name, i), a.Type, int64(i)*a.Type.Size()), nil
}

// Uint reads an integer, a boolean or a pointer.
func (v Value) Uint() (uint64, error) {
	var word [8]byte
	n := v.Size()
	switch plain(v.typ).(type) {
	case *dwarf.StructType, *dwarf.ArrayType:
		return 0, fmt.Errorf("inspect: %s is no number", v.name)
	}
	if n < 1 || n > 8 {
		return 0, fmt.Errorf("inspect: %s is no number", v.name)
	}
	if err := v.read(word[:n]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(word[:]), nil
}

// Text reads a string.
func (v Value) Text() (string, error) {
	data, err := v.Field("str")
	if err != nil {
		return "", fmt.Errorf("inspect: %s is no string", v.name)
	}
	size, err := v.Field("len")
	if err != nil {
		return "", fmt.Errorf("inspect: %s is no string", v.name)
	}
	at, err := data.Uint()
	if err != nil {
		return "", err
	}
	n, err := size.Uint()
	if err != nil {
		return "", err
	}
	if n > 1<<16 {
		return "", fmt.Errorf("inspect: %s has a length of %d", v.name, n)
	}
	b := make([]byte, n)
	if err := v.mem(at, b); err != nil {
		return "", err
	}
	return string(b), nil
}
