package inspect

import (
	"debug/dwarf"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style says how values are shown.
type Style struct {
	Width int // of the text in characters; 0 = no bound
	// Known is the value with a name of its own that contains an address, such as a
	// domain in the heap; nil if there are none. Addresses in it are shown by its name.
	Known func(addr uint64) (Value, bool)
}

// Unreadable is shown for a value in memory that cannot be read.
const unreadable = "cannot be read"

// Show is a value on one line: structs and arrays one level deep.
func (v *View) Show(x Value, s Style) string {
	p := printer{v, s, 0}
	return cut(p.value(x, 1), s.Width)
}

// ShowLocal is a variable's value on one line, or why it has none.
func (v *View) ShowLocal(l *Local, s Style) string {
	if l.Absent != Present {
		return cut(l.Absent.String(), s.Width)
	}
	return v.Show(l.Value, s)
}

// cut shortens a text to a number of characters.
func cut(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	r := []rune(text)
	return string(r[:width-1]) + "…"
}

type printer struct {
	view *View
	Style
	written int
}

// full tells whether more text would be cut off.
func (p *printer) full(text *strings.Builder) bool {
	return text.Len() > 4096 || p.Width > 0 && text.Len() > 4*p.Width
}

// value is the text of a value with so many levels of its parts.
func (p *printer) value(x Value, levels int) string {
	switch k := x.Kind(); k {
	case Struct:
		return p.structure(x, levels)
	case Array, Slice:
		return p.elements(x, levels)
	case String:
		return p.text(x)
	case Float:
		return p.float(x)
	case Interface:
		return "interface"
	case Other:
		return x.ShortType()
	}
	n, err := x.Uint()
	if err != nil {
		return why(err)
	}
	if x.Kind() == FuncValue && n != 0 {
		return p.function(x, n)
	}
	if name := p.view.meaning(x.of, n, x.Size()); name != "" {
		return name
	}
	return p.number(x.typ, n)
}

// function is the text of a func value, which is the address of a word with the
// address of the code.
func (p *printer) function(x Value, n uint64) string {
	if x.mem != nil {
		if code, ok := readWord(x.mem, n); ok {
			if f, ok := p.view.image.Func(code); ok && f.Start == code {
				return ShortName(f.Name)
			}
		}
	}
	return fmt.Sprintf("%#x", n)
}

// why is what is shown in the place of a value.
func why(err error) string {
	var absent absentError
	if errors.As(err, &absent) {
		return absent.why.String()
	}
	return unreadable
}

// number is the text of a number of a type.
func (p *printer) number(typ dwarf.Type, n uint64) string {
	switch kindOf(typ) {
	case Bool:
		if n <= 1 {
			return strconv.FormatBool(n == 1)
		}
		return fmt.Sprintf("%d (no bool)", n)
	case Pointer, FuncValue:
		return p.pointer(typ, n)
	case Signed:
		shift := uint(64 - 8*min(8, max(1, typ.Size())))
		i := int64(n<<shift) >> shift
		if name := p.view.constant(typ, uint64(i)); name != "" {
			return ShortName(name)
		}
		return strconv.FormatInt(i, 10)
	}
	if name := p.view.constant(typ, n); name != "" {
		return ShortName(name)
	}
	if n < 1<<16 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%#x", n)
}

// pointer is the text of an address: by the known value or the variable in which it
// lies.
func (p *printer) pointer(typ dwarf.Type, n uint64) string {
	var to dwarf.Type
	if t, ok := plain(typ).(*dwarf.PtrType); ok {
		to = t.Type
	}
	if n == 0 {
		return "nil"
	}
	if p.Known != nil {
		if x, ok := p.Known(n); ok {
			if path, ok := pathTo(x, n, to); ok {
				return strings.TrimPrefix(x.name+path, "main.")
			}
		}
	}
	m := p.view.image
	if s, ok := m.Var(n); ok {
		if x, err := p.view.Var(s.Name, nil); err == nil {
			if path, ok := pathTo(x, n, to); ok {
				return "&" + ShortName(s.Name) + path
			}
		}
	}
	if s, ok := m.Func(n); ok {
		if n == s.Start {
			return ShortName(s.Name)
		}
		return fmt.Sprintf("%s+%#x", ShortName(s.Name), n-s.Start)
	}
	return fmt.Sprintf("%#x", n)
}

// pathTo is the path from a value to what lies at an address in it: of parts that begin
// there the one of a type if there is one, else the largest.
func pathTo(x Value, at uint64, want dwarf.Type) (string, bool) {
	path, largest := "", ""
	for found := false; ; {
		off := int64(at - x.Addr)
		if off < 0 || off >= max(1, x.typ.Size()) {
			return "", false
		}
		if off == 0 && !found {
			found, largest = true, path
		}
		if off == 0 && want != nil && plain(x.typ) == plain(want) {
			return path, true
		}
		in, step, ok := inside(x, off)
		switch {
		case ok:
			x, path = in, path+step
		case found:
			return largest, true
		default:
			return fmt.Sprintf("%s+%#x", path, off), true
		}
	}
}

// inside is the part of a value at an offset, and its name in the value.
func inside(x Value, off int64) (part Value, step string, ok bool) {
	switch t := plain(x.typ).(type) {
	case *dwarf.StructType:
		for _, f := range t.Field {
			if size := f.Type.Size(); f.ByteOffset <= off && off < f.ByteOffset+size {
				return x.part(x.name, f.Type, f.ByteOffset), "." + f.Name, true
			}
		}
	case *dwarf.ArrayType:
		if size := t.Type.Size(); size > 0 {
			i := off / size
			return x.part(x.name, t.Type, i*size), fmt.Sprintf("[%d]", i), true
		}
	}
	return x, "", false
}

// structure lists the members that are not zero.
func (p *printer) structure(x Value, levels int) string {
	fields := x.Fields()
	if levels == 0 {
		return "{…}"
	}
	var b strings.Builder
	b.WriteByte('{')
	zeros := 0
	for _, f := range fields {
		if p.full(&b) {
			break
		}
		if isZero(f) {
			zeros++
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(' ')
		}
		b.WriteString(f.name[strings.LastIndexByte(f.name, '.')+1:] + ":" + p.value(f, levels-1))
	}
	if zeros == len(fields) {
		return "{all zero}"
	}
	return b.String() + "}"
}

// isZero tells whether a value can be read and is zero.
func isZero(x Value) bool {
	if x.Size() < 0 || x.Size() > 1<<20 {
		return false
	}
	b := make([]byte, x.Size())
	return x.read(b) == nil && !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// elements lists those of an array or slice, without the zeros at the end.
func (p *printer) elements(x Value, levels int) string {
	n, err := x.Count()
	if err != nil {
		return why(err)
	}
	head := ""
	if x.Kind() == Slice {
		head = fmt.Sprintf("%d of ", n)
		if n == 0 {
			return "empty"
		}
	}
	if levels == 0 {
		return head + "[…]"
	}
	if x.Kind() == Array && isZero(x) {
		return fmt.Sprintf("[%d zeros]", n)
	}
	var b strings.Builder
	b.WriteString(head + "[")
	for i := range n {
		e, err := x.Elem(i)
		if err != nil || p.full(&b) {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		if b.WriteString(p.value(e, levels-1)); p.unreadable(e) {
			break
		}
	}
	return b.String() + "]"
}

// unreadable tells whether nothing of a value can be read; then its neighbours are not
// tried.
func (p *printer) unreadable(x Value) bool { return x.Size() > 0 && x.read(make([]byte, 1)) != nil }

// text is a string in quotes.
func (p *printer) text(x Value) string {
	n, err := x.Field("len")
	size := uint64(0)
	if err == nil {
		size, err = n.Uint()
	}
	if err != nil {
		return why(err)
	}
	if size > 1<<16 {
		return fmt.Sprintf("string of %#x bytes", size)
	}
	s, err := x.Text()
	if err != nil {
		return why(err)
	}
	return strconv.Quote(s)
}

func (p *printer) float(x Value) string {
	n, err := x.Uint()
	if err != nil {
		return why(err)
	}
	if x.Size() == 4 {
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(n))), 'g', -1, 32)
	}
	return strconv.FormatFloat(math.Float64frombits(n), 'g', -1, 64)
}
