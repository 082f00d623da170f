package inspect

import (
	"debug/dwarf"
	"slices"
)

// findLimit bounds a search in memory that a fault may have damaged.
const findLimit = 20_000

// Find visits every value of a named type that can be reached from the image's
// variables, through structs, arrays and pointers to structs, once each.
func (v *View) Find(typeName string, mem Memory, visit func(Value)) {
	f := finder{want: typeName, visit: visit, seen: map[place]bool{}}
	var names []string
	for name := range v.types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if root, err := v.Var(name, mem); err == nil {
			f.walk(root)
		}
	}
}

type place struct {
	addr uint64
	typ  dwarf.Type
}

type finder struct {
	want  string
	visit func(Value)
	seen  map[place]bool
}

func (f *finder) walk(v Value) {
	at := place{v.Addr, v.typ}
	if f.seen[at] || len(f.seen) >= findLimit {
		return
	}
	switch t := plain(v.typ).(type) {
	case *dwarf.StructType:
		f.seen[at] = true
		if t.StructName == f.want {
			f.visit(v)
			return
		}
		for _, m := range t.Field {
			if field, err := v.Field(m.Name); err == nil {
				f.walk(field)
			}
		}
	case *dwarf.ArrayType:
		if _, scalar := plain(t.Type).(*dwarf.UintType); scalar {
			return
		}
		for i := range v.Len() {
			if e, err := v.Index(i); err == nil {
				f.walk(e)
			}
		}
	case *dwarf.PtrType:
		if _, ok := plain(t.Type).(*dwarf.StructType); !ok {
			return
		}
		// A pointer may be wild: follow it only if its target can be read.
		if to, err := v.Uint(); err == nil && to != 0 && v.mem(to, make([]byte, 1)) == nil {
			f.walk(Value{name: v.name + "→", typ: t.Type, Addr: to, mem: v.mem})
		}
	}
}

// Name is the path by which a value was found.
func (v Value) Name() string { return v.name }
