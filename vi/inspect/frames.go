package inspect

import (
	"cmp"
	"errors"
	"slices"
)

// Where a function's frame begins, by .debug_frame (DWARF 5, 6.4). Go's compiler
// describes the distance of the stack pointer alone: the return address lies below the
// CFA, and below that the caller's RBP once the function has saved it.

// frameRule is valid from a link address to that of the next one.
type frameRule struct {
	low     uint64
	offset  int64 // CFA minus RSP
	unknown bool  // no function, or one whose frame is described otherwise
}

// Instructions of call frames (DWARF 5, 7.24).
const (
	cfaAdvance   = 0x40 // and the two other kinds that have an operand in the low 6 bits
	cfaOffset    = 0x80
	cfaRestore   = 0xc0
	cfaNop       = 0x00
	cfaSetLoc    = 0x01
	cfaAdvance1  = 0x02
	cfaAdvance2  = 0x03
	cfaAdvance4  = 0x04
	cfaOffsetExt = 0x05
	cfaSame      = 0x08
	cfaDef       = 0x0c
	cfaDefOffset = 0x0e
	cfaDefOffSF  = 0x13
	cfaOffExtSF  = 0x11
)

// common is a common information entry.
type common struct {
	codeAlign uint64
	dataAlign int64
	offset    int64 // of the CFA, where the function begins
}

var errFrames = errors.New("section .debug_frame: not as Go's linker writes it")

// readFrames reads the section.
func readFrames(b []byte) ([]frameRule, error) {
	heads := map[uint32]common{}
	var list []frameRule
	for all := (cursor{b: b}); len(all.b) > 0; {
		at := uint32(len(b) - len(all.b))
		c := cursor{b: all.take(int(all.u32()))}
		id := c.u32()
		if all.fail || c.fail {
			return nil, errFrames
		}
		if id == 0xffffffff {
			head, ok := readCommon(&c)
			if !ok {
				return nil, errFrames
			}
			heads[at] = head
			continue
		}
		head, ok := heads[id]
		low := c.u64()
		high := low + c.u64()
		if !ok || c.fail {
			return nil, errFrames
		}
		list = head.rules(list, &c, low, high)
	}
	slices.SortStableFunc(list, func(a, b frameRule) int {
		if a.low == b.low && a.unknown && !b.unknown {
			return -1 // the end of a function, and the next one's begin
		}
		return cmp.Compare(a.low, b.low)
	})
	return list, nil
}

// readCommon reads an entry for RSP and 64-bit addresses.
func readCommon(c *cursor) (common, bool) {
	version, augmentation := c.u8(), c.u8()
	if version == 4 {
		c.take(2) // sizes of addresses and segment selectors
	}
	head := common{codeAlign: c.uleb(), dataAlign: c.sleb()}
	returns := c.uleb()
	if version != 3 && version != 4 || augmentation != 0 || returns != 16 {
		return head, false
	}
	one := head.rules(nil, c, 0, 1)
	if len(one) < 1 || one[0].unknown {
		return head, false
	}
	head.offset = one[0].offset
	return head, !c.fail
}

// rules adds what the instructions of an entry say of a function to a list.
func (h common) rules(list []frameRule, c *cursor, low, high uint64) []frameRule {
	now := frameRule{low: low, offset: h.offset}
	advance := func(n uint64) {
		if n > 0 {
			list = append(list, now)
			now.low += n * h.codeAlign
		}
	}
	for len(c.b) > 0 && !c.fail {
		op := c.u8()
		switch op & 0xc0 {
		case cfaAdvance:
			advance(uint64(op & 0x3f))
			continue
		case cfaOffset:
			c.uleb()
			continue
		case cfaRestore:
			continue
		}
		switch op {
		case cfaNop:
		case cfaSetLoc:
			advance(c.u64() - now.low)
		case cfaAdvance1:
			advance(uint64(c.u8()))
		case cfaAdvance2:
			advance(uint64(c.u16()))
		case cfaAdvance4:
			advance(uint64(c.u32()))
		case cfaOffsetExt:
			c.uleb()
			c.uleb()
		case cfaOffExtSF:
			c.uleb()
			c.sleb()
		case cfaSame:
			c.uleb()
		case cfaDef:
			reg := c.uleb()
			now.offset, now.unknown = int64(c.uleb()), reg != 7
		case cfaDefOffset:
			now.offset = int64(c.uleb())
		case cfaDefOffSF:
			now.offset = c.sleb() * h.dataAlign
		default:
			now.unknown = true
			c.b = nil
		}
	}
	now.unknown = now.unknown || c.fail
	return append(list, now, frameRule{low: high, unknown: true})
}

// frameAt is the distance of the CFA from RSP at a link address.
func (d *detail) frameAt(pc uint64) (int64, bool) {
	i, exact := slices.BinarySearchFunc(d.frames, pc, func(r frameRule, pc uint64) int { return cmp.Compare(r.low, pc) })
	if !exact {
		i--
	}
	for exact && i+1 < len(d.frames) && d.frames[i+1].low == pc {
		i++
	}
	if i < 0 || d.frames[i].unknown {
		return 0, false
	}
	return d.frames[i].offset, true
}
