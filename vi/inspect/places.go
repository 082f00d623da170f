package inspect

import (
	"debug/dwarf"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Path follows a path of fields and elements such as "core.timers.heap[3].pos".
func (v Value) Path(path string) (Value, error) {
	var err error
	for part := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(part, "[")
		if name != "" {
			if v, err = v.Field(name); err != nil {
				return v, err
			}
		}
		for ; indexed; index, indexed = strings.CutPrefix(index, "[") {
			number, rest, _ := strings.Cut(index, "]")
			i, err := strconv.Atoi(number)
			if err != nil {
				return v, fmt.Errorf("inspect: %q is no path", path)
			}
			if v, err = v.Index(i); err != nil {
				return v, err
			}
			index = rest
		}
	}
	return v, nil
}

// word reads a number of up to 8 bytes.
func word(mem Memory, addr uint64, size int64) (uint64, error) {
	var b [8]byte
	if err := mem(addr, b[:size]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// locksIn lists the spinlocks inside a value, without those behind its
// pointers. An offset is an address if v has one, else it is relative to v.
func locksIn(v Value) []lockPlace {
	switch t := plain(v.typ).(type) {
	case *dwarf.StructType:
		if t.StructName == "main.spinlock" {
			return []lockPlace{{strings.TrimPrefix(v.name, "."), v.Addr}}
		}
		var list []lockPlace
		for _, f := range t.Field {
			list = append(list, locksIn(v.part(v.name+"."+f.Name, f.Type, f.ByteOffset))...)
		}
		return list
	case *dwarf.ArrayType:
		if t.Count <= 0 || t.Count > 4096 {
			return nil
		}
		first := locksIn(Value{typ: t.Type})
		var list []lockPlace
		for i := range t.Count {
			for _, p := range first {
				path := fmt.Sprintf("%s[%d]", v.name, i)
				if p.path != "" {
					path += "." + p.path
				}
				list = append(list, lockPlace{strings.TrimPrefix(path, "."), v.Addr + uint64(i*t.Type.Size()) + p.offset})
			}
		}
		return list
	}
	return nil
}

// leaf is a number inside a value.
type leaf struct {
	path   string
	offset int64
	size   int64
	kind   leafKind
}

type leafKind uint8

const (
	leafNumber leafKind = iota
	leafSigned
	leafBool
	leafPointer
	leafBytes // an array of bytes
)

// leaves lists the numbers inside a type in order, with elements of arrays by
// index.
func leaves(v Value) []leaf {
	switch t := plain(v.typ).(type) {
	case *dwarf.StructType:
		var list []leaf
		for _, f := range t.Field {
			if f.Name != "_" {
				list = append(list, leaves(v.part(v.name+"."+f.Name, f.Type, f.ByteOffset))...)
			}
		}
		return list
	case *dwarf.ArrayType:
		if t.Type.Size() == 1 {
			return []leaf{{v.name, int64(v.Addr), t.Count, leafBytes}}
		}
		var list []leaf
		first := leaves(Value{typ: t.Type})
		for i := range min(t.Count, 4096) {
			for _, l := range first {
				l.path = fmt.Sprintf("%s[%d]%s", v.name, i, l.path)
				l.offset += int64(v.Addr) + i*t.Type.Size()
				list = append(list, l)
			}
		}
		return list
	case *dwarf.IntType:
		return []leaf{{v.name, int64(v.Addr), t.Size(), leafSigned}}
	case *dwarf.BoolType:
		return []leaf{{v.name, int64(v.Addr), t.Size(), leafBool}}
	case *dwarf.PtrType, *dwarf.FuncType:
		return []leaf{{v.name, int64(v.Addr), 8, leafPointer}}
	}
	if n := v.typ.Size(); n >= 1 && n <= 8 {
		return []leaf{{v.name, int64(v.Addr), n, leafNumber}}
	}
	return nil
}

// text is the leaf's value in a struct's bytes.
func (l *leaf) text(buf []byte) string {
	b := buf[l.offset : l.offset+l.size]
	if l.kind == leafBytes {
		end := slices.IndexFunc(b, func(c byte) bool { return c != 0 })
		if end < 0 {
			return "zero"
		}
		return fmt.Sprintf("%d bytes, %x…", len(b), b[end:min(end+8, len(b))])
	}
	var w [8]byte
	copy(w[:], b)
	v := binary.LittleEndian.Uint64(w[:])
	switch l.kind {
	case leafSigned:
		shift := uint(64 - 8*l.size)
		return strconv.FormatInt(int64(v<<shift)>>shift, 10)
	case leafBool:
		if v <= 1 {
			return strconv.FormatBool(v == 1)
		}
	case leafPointer:
		if v == 0 {
			return "nil"
		}
	}
	if v < 1<<16 && l.kind != leafPointer {
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprintf("%#x", v)
}

// Print writes a value readably, a line for each number that is not zero,
// named by its path, most lines at most.
func (v Value) Print(most int) ([]string, error) {
	buf := make([]byte, v.Size())
	if err := v.read(buf); err != nil {
		return nil, err
	}
	var list []string
	rest := 0
	for _, l := range leaves(Value{name: v.name, typ: v.typ}) {
		if !slices.ContainsFunc(buf[l.offset:l.offset+l.size], func(c byte) bool { return c != 0 }) {
			continue
		}
		if len(list) == most {
			rest++
			continue
		}
		list = append(list, l.path+" = "+l.text(buf))
	}
	if rest > 0 {
		list = append(list, fmt.Sprintf("and %d more", rest))
	}
	return list, nil
}
