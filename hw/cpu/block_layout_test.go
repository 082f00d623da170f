package cpu

import (
	"reflect"
	"slices"
	"testing"
)

// TestBlockIsLaidOutAsUop: a block lies in memory that the garbage collector knows as uops.
// So a block may have pointers only where a uop has them, or they would not be
// followed, and must have one there, or a number would be taken for a pointer.
func TestBlockIsLaidOutAsUop(t *testing.T) {
	head, op := pointersOf(reflect.TypeFor[block](), 0), pointersOf(reflect.TypeFor[uop](), 0)
	if len(op) == 0 || !slices.Equal(head, op) {
		t.Errorf("a block has pointers at offsets %v, a uop at %v", head, op)
	}
}

// pointersOf lists the offsets of the pointers in a type.
func pointersOf(typ reflect.Type, at uintptr) (list []uintptr) {
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			list = append(list, pointersOf(f.Type, at+f.Offset)...)
		}
	case reflect.Array:
		for i := range typ.Len() {
			list = append(list, pointersOf(typ.Elem(), at+uintptr(i)*typ.Elem().Size())...)
		}
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		list = append(list, at)
	case reflect.String, reflect.Slice: // their first word
		list = append(list, at)
	case reflect.Interface: // both words
		list = append(list, at, at+reflect.TypeFor[uintptr]().Size())
	}
	return list
}
