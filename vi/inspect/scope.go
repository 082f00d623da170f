package inspect

import (
	"cmp"
	"debug/dwarf"
	"fmt"
	"slices"
	"strings"
)

// Functions, the calls that were expanded in them, and their variables, as the debug
// information has them. Addresses are the linker's. A function's inside is read when
// it is first asked for.

// unit is a compilation unit: a package.
type unit struct {
	entry *dwarf.Entry
	low   uint64 // what location lists count from if they do not say it
	addrs int64  // where its addresses begin in .debug_addr
	files []*dwarf.LineFile
	read  bool // files are known
}

// code is a function that has instructions of its own.
type code struct {
	low, high uint64
	name      string
	file      string
	line      int
	entry     *dwarf.Entry
	unit      *unit
	inside    *scope // nil until asked for
}

// scope is a function, a call that was expanded, or a block of a function.
type scope struct {
	ranges [][2]uint64
	call   bool   // a call that was expanded
	name   string // of the function
	file   string // of the call
	line   int    // of the call
	vars   []variable
	inner  []*scope
}

// variable is a parameter or a local variable.
type variable struct {
	name          string
	line          int
	param, result bool
	typ           dwarf.Type
	place         any // offset of a location list (int64), an expression ([]byte), nil
}

// holds tells whether an address belongs to a scope.
func (s *scope) holds(pc uint64) bool {
	return slices.ContainsFunc(s.ranges, func(r [2]uint64) bool { return r[0] <= pc && pc < r[1] })
}

// listCode lists all functions by address.
func (d *detail) listCode(data *dwarf.Data) {
	var u *unit
	for r := data.Reader(); ; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			u = &unit{entry: e}
			low, _ := e.Val(dwarf.AttrLowpc).(uint64)
			addrs, _ := e.Val(dwarf.AttrAddrBase).(int64)
			u.low, u.addrs = low, addrs
			d.units = append(d.units, u)
			continue
		case dwarf.TagSubprogram:
			ranges, err := data.Ranges(e)
			if err != nil || len(ranges) == 0 || ranges[0][1] <= ranges[0][0] || u == nil {
				break
			}
			o := d.describe(data, e)
			c := &code{low: ranges[0][0], high: ranges[0][1], name: o.name, line: o.line, entry: e, unit: u}
			if file, ok := e.Val(dwarf.AttrDeclFile).(int64); ok {
				c.file = u.file(data, file)
			}
			d.codes = append(d.codes, c)
		}
		r.SkipChildren()
	}
	slices.SortStableFunc(d.codes, func(a, b *code) int { return cmp.Compare(a.low, b.low) })
}

// file is a file of the unit by its number.
func (u *unit) file(data *dwarf.Data, number int64) string {
	if !u.read {
		u.read = true
		if r, err := data.LineReader(u.entry); err == nil && r != nil {
			u.files = r.Files()
		}
	}
	if number < 0 || number >= int64(len(u.files)) || u.files[number] == nil {
		return ""
	}
	return inModule(u.files[number].Name)
}

// inModule is a file's path in the module.
func inModule(file string) string {
	return strings.TrimPrefix(strings.TrimPrefix(file, "./"), "resvirt/")
}

// at is the function that a link address belongs to.
func (d *detail) at(pc uint64) *code {
	i, found := slices.BinarySearchFunc(d.codes, pc, func(c *code, pc uint64) int {
		switch {
		case c.high <= pc:
			return -1
		case c.low > pc:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return d.codes[i]
}

// description is what an entry says of itself, or its abstract origin of it.
type description struct {
	name   string
	line   int
	result bool
	typ    dwarf.Offset
	typed  bool
}

// describe reads a description. The entries of expanded calls have it in the entry of
// the function that was expanded.
func (d *detail) describe(data *dwarf.Data, e *dwarf.Entry) description {
	origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	if !ok {
		var o description
		o.name, _ = e.Val(dwarf.AttrName).(string)
		line, _ := e.Val(dwarf.AttrDeclLine).(int64)
		o.line = int(line)
		o.result, _ = e.Val(dwarf.AttrVarParam).(bool)
		o.typ, o.typed = e.Val(dwarf.AttrType).(dwarf.Offset)
		return o
	}
	if o, ok := d.origins[origin]; ok {
		return o
	}
	r := data.Reader()
	r.Seek(origin)
	var o description
	if at, err := r.Next(); err == nil && at != nil && at.Val(dwarf.AttrAbstractOrigin) == nil {
		o = d.describe(data, at)
	}
	d.origins[origin] = o
	return o
}

// open reads the inside of a function.
func (d *detail) open(data *dwarf.Data, c *code) (*scope, error) {
	if c.inside != nil {
		return c.inside, nil
	}
	root := &scope{ranges: [][2]uint64{{c.low, c.high}}, name: c.name}
	c.inside = root
	if !c.entry.Children {
		return root, nil
	}
	r := data.Reader()
	r.Seek(c.entry.Offset)
	if _, err := r.Next(); err != nil {
		return root, fmt.Errorf("inspect: function %s: %w", c.name, err)
	}
	for stack := []*scope{root}; len(stack) > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			return root, fmt.Errorf("inspect: function %s: its entry is cut off: %w", c.name, err)
		}
		top := stack[len(stack)-1]
		switch e.Tag {
		case 0:
			stack = stack[:len(stack)-1]
			continue
		case dwarf.TagInlinedSubroutine, dwarf.TagLexDwarfBlock:
			s := &scope{name: top.name}
			s.ranges, _ = data.Ranges(e)
			if e.Tag == dwarf.TagInlinedSubroutine {
				line, _ := e.Val(dwarf.AttrCallLine).(int64)
				file, _ := e.Val(dwarf.AttrCallFile).(int64)
				s.call, s.name, s.line, s.file = true, d.describe(data, e).name, int(line), c.unit.file(data, file)
			}
			top.inner = append(top.inner, s)
			if e.Children {
				stack = append(stack, s)
			}
			continue
		case dwarf.TagFormalParameter, dwarf.TagVariable:
			if v, ok := d.variable(data, e); ok {
				top.vars = append(top.vars, v)
			}
		}
		r.SkipChildren()
	}
	return root, nil
}

// variable reads the entry of a variable.
func (d *detail) variable(data *dwarf.Data, e *dwarf.Entry) (variable, bool) {
	o := d.describe(data, e)
	if o.name == "" || o.name == "_" || !o.typed {
		return variable{}, false
	}
	typ, err := data.Type(o.typ)
	if err != nil {
		return variable{}, false
	}
	v := variable{name: o.name, line: o.line, typ: typ, param: e.Tag == dwarf.TagFormalParameter, result: o.result}
	switch at := e.Val(dwarf.AttrLocation).(type) {
	case int64:
		v.place = at
	case []byte:
		if len(at) > 0 {
			v.place = at
		}
	}
	return v, true
}
