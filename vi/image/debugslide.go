package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Addresses in DWARF 5 as Go's linker writes it, in its 32-bit format. Lists of ranges and
// locations refer to .debug_addr and contain none.
var slidesDWARF = map[string]func(*debugFile, []byte) error{
	".debug_info":     (*debugFile).slideInfo,
	".debug_line":     (*debugFile).slideLines,
	".debug_frame":    (*debugFile).slideFrames,
	".debug_addr":     (*debugFile).slideAddresses,
	".debug_abbrev":   nil,
	".debug_loclists": nil,
	".debug_rnglists": nil,
}

var errDWARF = errors.New("its debug information is not as this program knows it from Go's linker: use the program with which it was built")

// cursor reads a section of DWARF. Reads behind the end give zero and are remembered.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

func (c *cursor) more() bool { return !c.bad && c.at < len(c.b) }

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)-c.at) {
		c.bad, c.at = true, len(c.b)
		return make([]byte, min(n, 8))
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

func (c *cursor) u8() uint8   { return c.take(1)[0] }
func (c *cursor) u16() uint16 { return binary.LittleEndian.Uint16(c.take(2)) }
func (c *cursor) u32() uint32 { return binary.LittleEndian.Uint32(c.take(4)) }

// leb reads an unsigned LEB128 number; of a signed one only the length is right.
func (c *cursor) leb() (v uint64) {
	for shift := 0; ; shift += 7 {
		b := c.u8()
		if shift < 64 {
			v |= uint64(b&0x7f) << shift
		}
		if b < 0x80 || c.bad {
			return v
		}
	}
}

func (c *cursor) text() {
	for c.u8() != 0 && !c.bad {
	}
}

// units calls f for each part of a section that begins with its length.
func units(b []byte, f func(*cursor) error) error {
	for c := (&cursor{b: b}); c.more(); {
		n := c.u32()
		if n == math.MaxUint32 { // the 64-bit format
			return errDWARF
		}
		u := &cursor{b: c.take(uint64(n))}
		if c.bad {
			return errDWARF
		}
		if err := f(u); err != nil || u.bad {
			return errors.Join(err, badUnit(u))
		}
	}
	return nil
}

func badUnit(u *cursor) error {
	if u.bad {
		return errDWARF
	}
	return nil
}

func (d *debugFile) slideAddresses(b []byte) error {
	return units(b, func(u *cursor) error {
		if u.u16() != 5 || u.u8() != 8 || u.u8() != 0 {
			return errDWARF
		}
		for u.more() {
			d.slide(u.take(8))
		}
		return nil
	})
}

// slideFrames moves the begin of each function's description (DWARF 5, 6.4.1).
func (d *debugFile) slideFrames(b []byte) error {
	return units(b, func(u *cursor) error {
		if u.u32() != math.MaxUint32 { // not the part common to several
			d.slide(u.take(8))
		}
		return nil
	})
}

// slideLines moves the addresses that line programs set (DWARF 5, 6.2.4, 6.2.5).
func (d *debugFile) slideLines(b []byte) error {
	const advancePC, setAddress = 9, 2
	return units(b, func(u *cursor) error {
		if u.u16() != 5 {
			return errDWARF
		}
		u.take(2)
		program := uint64(u.u32()) + uint64(u.at)
		u.take(5)
		special := u.u8()
		if special == 0 {
			return errDWARF
		}
		operands := u.take(uint64(special) - 1)
		u.take(program - uint64(u.at))
		for u.more() {
			switch op := u.u8(); {
			case op == 0:
				e := &cursor{b: u.take(u.leb())}
				if e.more() && e.u8() == setAddress && len(e.b) == 9 {
					d.slide(e.take(8))
				}
			case op == advancePC:
				u.take(2)
			case op < special:
				for range operands[op-1] {
					u.leb()
				}
			}
		}
		return nil
	})
}

// abbrev is a shape of entries: the forms of their attributes.
type abbrev []uint64

// abbrevs reads the shapes that begin at an offset of .debug_abbrev (DWARF 5, 7.5.3).
func abbrevs(b []byte, at uint32) (map[uint64]abbrev, error) {
	const implicitConst = 0x21
	if uint64(at) > uint64(len(b)) {
		return nil, errDWARF
	}
	list := map[uint64]abbrev{}
	for c := (&cursor{b: b, at: int(at)}); ; {
		code := c.leb()
		if code == 0 || c.bad {
			return list, badUnit(c)
		}
		c.leb()
		c.u8()
		var a abbrev
		for {
			attr, form := c.leb(), c.leb()
			if form == implicitConst {
				c.leb()
			}
			if attr|form == 0 || c.bad {
				break
			}
			a = append(a, form)
		}
		list[code] = a
	}
}

// slideInfo moves addresses that are attributes of entries, or that a variable's location
// consists of (DWARF 5, 7.5.1, 7.5.5).
func (d *debugFile) slideInfo(b []byte) error {
	shapes, err := d.f.Section(".debug_abbrev").Data()
	if err != nil {
		return err
	}
	return units(b, func(u *cursor) error {
		const compile = 1
		if u.u16() != 5 || u.u8() != compile || u.u8() != 8 {
			return errDWARF
		}
		known, err := abbrevs(shapes, u.u32())
		if err != nil {
			return err
		}
		for u.more() {
			code := u.leb()
			a, ok := known[code]
			if !ok && code != 0 {
				return errDWARF
			}
			for _, form := range a {
				if err := d.attribute(u, form); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// attribute passes an attribute, and moves the address that it is or consists of.
func (d *debugFile) attribute(u *cursor, form uint64) error {
	const opAddr = 3
	switch form {
	case 0x01: // addr
		d.slide(u.take(8))
	case 0x0a, 0x09, 0x18: // block1, block, exprloc
		n := uint64(0)
		if form == 0x0a {
			n = uint64(u.u8())
		} else {
			n = u.leb()
		}
		if e := u.take(n); len(e) == 9 && e[0] == opAddr {
			d.slide(e[1:])
		}
	case 0x08: // string
		u.text()
	case 0x0d, 0x0f, 0x15, 0x1b, 0x22, 0x23: // sdata, udata, ref_udata, addrx, loclistx, rnglistx
		u.leb()
	case 0x0b, 0x0c, 0x11: // data1, flag, ref1
		u.take(1)
	case 0x05, 0x12: // data2, ref2
		u.take(2)
	case 0x06, 0x0e, 0x10, 0x13, 0x17, 0x1f: // data4, strp, ref_addr, ref4, sec_offset, line_strp
		u.take(4)
	case 0x07, 0x14, 0x20: // data8, ref8, ref_sig8
		u.take(8)
	case 0x19, 0x21: // flag_present, implicit_const
	default:
		return fmt.Errorf("form %#x: %w", form, errDWARF)
	}
	return nil
}
