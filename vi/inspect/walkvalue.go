package inspect

import (
	"debug/dwarf"
	"fmt"
	"slices"
	"strings"
)

// Values as trees: what a value is, and the values in it, each read when it is asked
// for.

// Kind says what a value is.
type Kind uint8

// Kinds of values.
const (
	Other Kind = iota
	Unsigned
	Signed
	Bool
	Float
	Pointer
	FuncValue
	Struct
	Array
	Slice
	String
	Interface
)

// Kind is the value's kind.
func (v Value) Kind() Kind { return kindOf(v.typ) }

func kindOf(typ dwarf.Type) Kind {
	switch t := plain(typ).(type) {
	case *dwarf.UintType, *dwarf.UcharType, *dwarf.AddrType, *dwarf.UnspecifiedType:
		return Unsigned
	case *dwarf.IntType, *dwarf.CharType:
		return Signed
	case *dwarf.BoolType:
		return Bool
	case *dwarf.FloatType:
		return Float
	case *dwarf.FuncType:
		return FuncValue
	case *dwarf.ArrayType:
		return Array
	case *dwarf.PtrType:
		if _, ok := plain(t.Type).(*dwarf.FuncType); ok {
			return FuncValue
		}
		return Pointer
	case *dwarf.StructType:
		switch {
		case has(t, "str", "len"):
			return String
		case has(t, "array", "len", "cap"):
			return Slice
		case t.StructName == "runtime.eface" || t.StructName == "runtime.iface":
			return Interface
		}
		return Struct
	}
	return Other
}

// has tells whether a struct has these members and no others: so strings and slices
// are described.
func has(t *dwarf.StructType, names ...string) bool {
	return slices.EqualFunc(t.Field, names, func(f *dwarf.StructField, name string) bool { return f.Name == name })
}

// TypeName is the name of the value's type as in the source, such as "*main.Domain".
func (v Value) TypeName() string { return typeName(v.typ) }

func typeName(typ dwarf.Type) string {
	switch t := typ.(type) {
	case *dwarf.TypedefType:
		return t.Name
	case *dwarf.PtrType:
		if _, void := t.Type.(*dwarf.VoidType); void || t.Type == nil {
			return "unsafe.Pointer"
		}
		return "*" + typeName(t.Type)
	case *dwarf.ArrayType:
		return fmt.Sprintf("[%d]%s", t.Count, typeName(t.Type))
	case *dwarf.StructType:
		return t.StructName
	case *dwarf.FuncType:
		return "func"
	}
	if name := typ.Common().Name; name != "" {
		return name
	}
	return typ.String()
}

// ShortType is TypeName without the paths of packages and without main.
func (v Value) ShortType() string { return ShortName(v.TypeName()) }

// ShortName shortens a name of a type or a function: "resvirt/vi/abi.VcpuInfo" becomes
// "abi.VcpuInfo", "main.Domain" becomes "Domain".
func ShortName(name string) string {
	var b strings.Builder
	for name != "" {
		end := strings.IndexAny(name, "*[]() ,{}")
		word := name
		if end >= 0 {
			word = name[:end]
		}
		b.WriteString(strings.TrimPrefix(word[strings.LastIndexByte(word, '/')+1:], "main."))
		if end < 0 {
			break
		}
		b.WriteByte(name[end])
		name = name[end+1:]
	}
	return b.String()
}

// Fields lists the members of a struct in their order.
func (v Value) Fields() []Value {
	s, ok := plain(v.typ).(*dwarf.StructType)
	if !ok {
		return nil
	}
	var list []Value
	for _, f := range s.Field {
		if f.Name != "_" {
			list = append(list, v.member(s, f))
		}
	}
	return list
}

// Count is the number of elements of an array or slice. That of a slice is read; one
// that no slice can have is an error.
func (v Value) Count() (int, error) {
	switch v.Kind() {
	case Array:
		return max(0, v.Len()), nil
	case Slice:
		size, err := v.Field("len")
		if err != nil {
			return 0, err
		}
		n, err := size.Uint()
		if err == nil && n > 1<<32 {
			err = fmt.Errorf("inspect: %s has a length of %#x", v.name, n)
		}
		return int(n), err
	}
	return 0, nil
}

// Elem is an element of an array or slice.
func (v Value) Elem(i int) (Value, error) {
	if v.Kind() != Slice {
		return v.Index(i)
	}
	n, err := v.Count()
	if err != nil {
		return Value{}, err
	}
	if i < 0 || i >= n {
		return Value{}, fmt.Errorf("inspect: %s has no element %d", v.name, i)
	}
	first, err := v.Field("array")
	if err == nil {
		first, err = first.Deref()
	}
	if err != nil {
		return Value{}, err
	}
	return first.part(fmt.Sprintf("%s[%d]", v.name, i), first.typ, int64(i)*first.Size()), nil
}

// Deref is what a pointer points to. A nil pointer is an error; whether the target can
// be read is seen when it is read.
func (v Value) Deref() (Value, error) {
	p, ok := plain(v.typ).(*dwarf.PtrType)
	if !ok {
		return Value{}, fmt.Errorf("inspect: %s is no pointer", v.name)
	}
	if _, void := p.Type.(*dwarf.VoidType); void || p.Type == nil {
		return Value{}, fmt.Errorf("inspect: %s points to nothing with a type", v.name)
	}
	to, err := v.Uint()
	if err == nil && to == 0 {
		err = fmt.Errorf("inspect: %s is nil", v.name)
	}
	return Value{name: v.name, typ: p.Type, Addr: to, mem: v.mem}, err
}

// Children lists the values in a value: members of a struct, elements from a number
// on, or what a pointer to a struct points to, in its place. It lists at most as many as
// given; total is how many there are.
func (v Value) Children(from, most int) (list []Value, total int, err error) {
	switch v.Kind() {
	case Pointer:
		to, err := v.Deref()
		if err != nil {
			return nil, 0, err
		}
		if k := to.Kind(); k == Struct || k == Array || k == Slice {
			return to.Children(from, most)
		}
		to.name = "*" + to.name
		list, total = []Value{to}, 1
	case Struct:
		list = v.Fields()
		total = len(list)
	case Array, Slice:
		if total, err = v.Count(); err != nil {
			return nil, 0, err
		}
		for i := max(0, from); i < total && len(list) < most; i++ {
			e, err := v.Elem(i)
			if err != nil {
				return list, total, err
			}
			list = append(list, e)
		}
		return list, total, nil
	}
	from = min(max(0, from), len(list))
	return list[from:min(len(list), from+max(0, most))], total, nil
}

// Rename gives a value another name.
func (v Value) Rename(name string) Value {
	v.name = name
	return v
}

// Follow follows a path of fields and elements like Path, through pointers as well:
// "core.curr.domain.id".
func (v Value) Follow(path string) (Value, error) {
	for _, step := range steps(path) {
		if v.Kind() == Pointer {
			to, err := v.Deref()
			if err != nil {
				return v, err
			}
			v = to
		}
		var err error
		if step.index >= 0 {
			v, err = v.Elem(step.index)
		} else {
			v, err = v.Field(step.field)
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

type pathStep struct {
	field string
	index int // -1 = a field
}

// steps splits a path. A part that is none is a field of that name, which there is not.
func steps(path string) []pathStep {
	var list []pathStep
	for part := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(part, "[")
		if name != "" {
			list = append(list, pathStep{name, -1})
		}
		for indexed {
			var i int
			number, rest, _ := strings.Cut(index, "]")
			if n, err := fmt.Sscanf(number, "%d", &i); n != 1 || err != nil || i < 0 {
				return append(list, pathStep{"[" + index, -1})
			}
			list = append(list, pathStep{"", i})
			_, index, indexed = strings.Cut(rest, "[")
		}
	}
	return list
}
