package inspect

import (
	"encoding/binary"
	"fmt"
)

// Where the value of a variable is at an address: location lists and expressions
// (DWARF 5, 2.6 and 7.7.3), as far as Go's compiler writes them.

// Part is a part of a variable's value and where it is.
type Part struct {
	Offset, Size int64 // in the value
	Absent       Absence
	InRegister   bool
	Register     int    // its number (registers.go)
	Addr         uint64 // in memory
}

// Absence is why a value, or a part of one, is not known.
type Absence uint8

// Kinds of absence.
const (
	Present      Absence = iota
	OptimizedOut         // the compiler keeps it nowhere
	NotHere              // the compiler keeps it at other instructions only
	Overwritten          // it was in a register that a function called since may have changed
	NoFrame              // it is in a stack frame of which the address is not known
	Undecodable          // the debug information has something that is not understood
)

// String says it in words.
func (a Absence) String() string {
	return [...]string{"present", "optimized out", "not live here", "in a register that a call has changed",
		"in a frame that is not known", "described in a way that is not understood"}[a]
}

// cursor reads numbers until the bytes end.
type cursor struct {
	b    []byte
	fail bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.fail = true
		c.b = nil
		return make([]byte, max(0, min(n, 16)))
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) u8() uint8   { return c.take(1)[0] }
func (c *cursor) u16() uint16 { return binary.LittleEndian.Uint16(c.take(2)) }
func (c *cursor) u32() uint32 { return binary.LittleEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64 { return binary.LittleEndian.Uint64(c.take(8)) }

// uleb and sleb are numbers in LEB128 (DWARF 5, 7.6).
func (c *cursor) uleb() uint64 {
	v, shift := uint64(0), uint(0)
	for {
		b := c.u8()
		v |= uint64(b&0x7f) << shift
		if shift += 7; b&0x80 == 0 || c.fail {
			return v
		}
	}
}

func (c *cursor) sleb() int64 {
	v, shift := int64(0), uint(0)
	for {
		b := c.u8()
		v |= int64(b&0x7f) << shift
		if shift += 7; b&0x80 == 0 || c.fail {
			if shift < 64 && b&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
}

// address is entry i of a unit's addresses.
func (d *detail) address(u *unit, i uint64) (uint64, bool) {
	at := uint64(u.addrs) + 8*i
	if i > uint64(len(d.addrs)) || at+8 > uint64(len(d.addrs)) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(d.addrs[at:]), true
}

// Entries of location lists (DWARF 5, 7.7.3).
const (
	listEnd, listBaseX, listStartXEndX, listStartXLength, listOffsets, listDefault, listBase, listStartEnd, listStartLength = 0, 1, 2, 3, 4, 5, 6, 7, 8
)

// expression finds the expression of a location list for a link address.
func (d *detail) expression(u *unit, list int64, pc uint64) ([]byte, Absence) {
	if list < 0 || list >= int64(len(d.lists)) {
		return nil, Undecodable
	}
	c := cursor{b: d.lists[list:]}
	indexed := func() uint64 {
		a, ok := d.address(u, c.uleb())
		c.fail = c.fail || !ok
		return a
	}
	base, some := u.low, false
	for !c.fail {
		var lo, hi uint64
		switch kind := c.u8(); kind {
		case listEnd:
			if !some {
				return nil, OptimizedOut
			}
			return nil, NotHere
		case listBaseX:
			base = indexed()
			continue
		case listBase:
			base = c.u64()
			continue
		case listOffsets:
			lo = base + c.uleb()
			hi = base + c.uleb()
		case listStartXEndX:
			lo = indexed()
			hi = indexed()
		case listStartXLength:
			lo = indexed()
			hi = lo + c.uleb()
		case listStartEnd:
			lo = c.u64()
			hi = c.u64()
		case listStartLength:
			lo = c.u64()
			hi = lo + c.uleb()
		case listDefault:
			hi = ^uint64(0)
		default:
			return nil, Undecodable
		}
		expr := c.take(int(min(c.uleb(), 1<<20)))
		some = some || hi > lo
		if lo <= pc && pc < hi && !c.fail {
			return expr, Present
		}
	}
	return nil, Undecodable
}

// Operations of expressions (DWARF 5, 7.7.1).
const (
	opAddr     = 0x03
	opPlusU    = 0x23
	opReg0     = 0x50
	opReg31    = 0x6f
	opBreg0    = 0x70
	opBreg31   = 0x8f
	opRegx     = 0x90
	opFbreg    = 0x91
	opPiece    = 0x93
	opFrameCFA = 0x9c
	opAddrx    = 0xa1
)

// parts evaluates an expression for a value of a size. slide turns link addresses into
// run addresses.
func (d *detail) parts(u *unit, expr []byte, size int64, f *Frame, slide uint64) []Part {
	var list []Part
	at := Part{Absent: OptimizedOut}
	end := int64(0)
	piece := func(n int64) {
		at.Offset, at.Size = end, n
		if end += n; n > 0 {
			list = append(list, at)
		}
		at = Part{Absent: OptimizedOut}
	}
	memory := func(addr uint64) { at = Part{Addr: addr} }
	framed := func(offset int64) {
		if at = (Part{Addr: f.CFA + uint64(offset)}); !f.CFAKnown {
			at = Part{Absent: NoFrame}
		}
	}
	pieces := false
	for c := (cursor{b: expr}); len(c.b) > 0; {
		switch op := c.u8(); {
		case op == opAddr:
			memory(c.u64() + slide)
		case op == opAddrx:
			a, ok := d.address(u, c.uleb())
			if memory(a + slide); !ok {
				at = Part{Absent: Undecodable}
			}
		case op == opFrameCFA:
			framed(0)
		case op == opFbreg:
			framed(c.sleb())
		case op == opPlusU:
			at.Addr += c.uleb()
		case op >= opReg0 && op <= opReg31:
			at = f.register(int(op - opReg0))
		case op == opRegx:
			at = f.register(int(min(c.uleb(), 1<<10)))
		case op >= opBreg0 && op <= opBreg31:
			r := f.register(int(op - opBreg0))
			offset := c.sleb()
			if at = r; r.Absent == Present && r.Register < 16 {
				memory(f.GPR[r.Register] + uint64(offset))
			}
		case op == opPiece:
			pieces = true
			if n := c.uleb(); n <= 1<<20 {
				piece(int64(n))
			}
		default:
			return []Part{{Size: size, Absent: Undecodable}}
		}
		if c.fail {
			return []Part{{Size: size, Absent: Undecodable}}
		}
	}
	switch {
	case !pieces:
		piece(size)
	case end < size:
		piece(size - end) // what no piece describes
	case end > size:
		return []Part{{Size: size, Absent: Undecodable}}
	}
	return list
}

// register is the part that a register is, by DWARF's number of it.
func (f *Frame) register(dwarf int) Part {
	if dwarf >= len(dwarfOrder) || dwarfOrder[dwarf] < 0 {
		return Part{Absent: Undecodable}
	}
	r := dwarfOrder[dwarf]
	if !f.Knows(r) {
		return Part{Absent: Overwritten}
	}
	return Part{InRegister: true, Register: r}
}

// composed is a value that is not in memory as a whole.
type composed struct {
	bytes []byte
	parts []Part
}

// compose copies the parts of a value. A part in memory that cannot be read is absent.
func compose(parts []Part, size int64, f *Frame, mem Memory) *composed {
	c := &composed{make([]byte, size), parts}
	for i := range parts {
		p := &parts[i]
		to := c.bytes[p.Offset : p.Offset+p.Size]
		switch {
		case p.Absent != Present:
		case p.InRegister:
			b := f.bytes(p.Register)
			copy(to, b[:])
		case mem(p.Addr, to) != nil:
			p.Absent = NoFrame
		}
	}
	return c
}

// read copies bytes of the value, all of which must be known.
func (c *composed) read(name string, at uint64, buf []byte) error {
	end := at + uint64(len(buf))
	if end < at || end > uint64(len(c.bytes)) {
		return fmt.Errorf("inspect: %s ends before byte %d", name, end)
	}
	for _, p := range c.parts {
		if p.Absent != Present && uint64(p.Offset) < end && at < uint64(p.Offset+p.Size) {
			return absentError{name, p.Absent}
		}
	}
	copy(buf, c.bytes[at:end])
	return nil
}

// absentError says that a part of a value is not known.
type absentError struct {
	name string
	why  Absence
}

func (e absentError) Error() string { return fmt.Sprintf("inspect: %s is %s", e.name, e.why) }
