package cpu

import "encoding/binary"

// Mode is the default operand and address size of a code segment.
type Mode uint8

const (
	Mode16 Mode = iota // real mode, and D=0
	Mode32             // D=1
	Mode64             // long mode with L=1
)

// DecodeStatus says how decoding ended.
type DecodeStatus uint8

const (
	DecodeOK      DecodeStatus = iota // an instruction, or one that raises #UD
	DecodeMore                        // the bytes end before the instruction does
	DecodeTooLong                     // over 15 bytes: #GP(0)
)

// MaxLen is the longest instruction (AMD APM vol. 3, 1.1).
const MaxLen = 15

// Decode decodes the instruction at the start of b. An encoding that is known
// to be undefined yields OpUD after the bytes that show it.
func Decode(b []byte, mode Mode) (Inst, DecodeStatus) {
	var i Inst
	st := decode(b, mode, &i)
	return i, st
}

// decoder is the state of one decode.
type decoder struct {
	b      []byte
	pos    int
	mode   Mode
	i      *Inst
	status DecodeStatus

	rex      uint8
	pfx66    bool
	pfx67    bool
	rep      uint8 // 0, F2 or F3, the last one
	lock     bool
	vvvv     uint8 // of VEX
	override uint8 // NoReg or segment
	modrm    uint8
}

func decode(b []byte, mode Mode, i *Inst) DecodeStatus {
	*i = Inst{Base: NoReg, Index: NoReg, Seg: DS}
	d := decoder{b: b, mode: mode, i: i, override: NoReg}
	d.run()
	if d.status == DecodeOK {
		i.Len = uint8(d.pos)
		if i.Op == OpUD {
			i.Form, i.Prefix = FormNone, 0
		}
	}
	return d.status
}

// byte consumes one byte; after the end it returns zero and status says why.
func (d *decoder) byte() uint8 {
	if d.pos >= MaxLen {
		d.status = DecodeTooLong
		return 0
	}
	if d.pos >= len(d.b) {
		if d.status == DecodeOK {
			d.status = DecodeMore
		}
		return 0
	}
	v := d.b[d.pos]
	d.pos++
	return v
}

// uint consumes n little-endian bytes.
func (d *decoder) uint(n int) uint64 {
	if d.pos+n <= len(d.b) && d.pos+n <= MaxLen {
		p := d.b[d.pos:]
		d.pos += n
		switch n {
		case 1:
			return uint64(p[0])
		case 2:
			return uint64(binary.LittleEndian.Uint16(p))
		case 4:
			return uint64(binary.LittleEndian.Uint32(p))
		case 8:
			return binary.LittleEndian.Uint64(p)
		}
	}
	v := uint64(0)
	for k := range n {
		v |= uint64(d.byte()) << (8 * k)
	}
	return v
}

// int consumes n bytes and sign-extends them.
func (d *decoder) int(n int) int64 {
	shift := 64 - 8*uint(n)
	return int64(d.uint(n)<<shift) >> shift
}

func (d *decoder) run() {
	op := d.prefixes()
	m := maps64
	if d.mode != Mode64 {
		m = maps32
	}
	opcodes := &m.one
	switch {
	case op == 0x0f:
		opcodes, op = d.escape(m)
	case op&^1 == 0xc4 && d.isVEX():
		if opcodes, op = d.vex(m, op); opcodes == nil {
			return // OpUD
		}
	}
	if d.status != DecodeOK {
		return
	}
	s := &opcodes[op][d.column()]
	e := s.e
	hasModRM := s.g != nil
	if s.g != nil {
		d.modrm = d.byte()
		if d.status != DecodeOK {
			return
		}
		if d.modrm>>6 == 3 {
			e = s.g.reg[d.modrm&63]
		} else {
			e = s.g.mem[d.modrm>>3&7]
		}
	} else if e != nil && e.modrm {
		d.modrm, hasModRM = d.byte(), true
	}
	if e == nil || d.status != DecodeOK {
		return // OpUD
	}
	d.fill(e, op, hasModRM)
	if opcodes == &m.one && op == 0x90 && d.i.RM == 0 && d.status == DecodeOK {
		d.nop()
	}
}

// escape consumes the opcode after 0F and returns its map.
func (d *decoder) escape(m *maps) (*opcodeMap, uint8) {
	switch op := d.byte(); op {
	case 0x38:
		return &m.three38, d.byte()
	case 0x3a:
		return &m.three3A, d.byte()
	default:
		return &m.two, op
	}
}

// prefixes consumes prefixes and returns the byte after them. REX counts only
// directly before the opcode (APM vol. 3, 1.2.7).
func (d *decoder) prefixes() uint8 {
	for {
		b := d.byte()
		rex := uint8(0)
		switch {
		case b == 0x66:
			d.pfx66 = true
		case b == 0x67:
			d.pfx67 = true
		case b == 0xf0:
			d.lock = true
		case b == 0xf2 || b == 0xf3:
			d.rep = b
		case b == 0x64:
			d.override = FS
		case b == 0x65:
			d.override = GS
		case b&0xe7 == 0x26: // ES, CS, SS, DS: ignored in 64-bit mode
			if d.mode != Mode64 {
				d.override = b >> 3 & 3
			}
		case b&0xf0 == 0x40 && d.mode == Mode64:
			rex = b
		default:
			return b
		}
		if d.status != DecodeOK {
			return 0
		}
		d.rex = rex
	}
}

// column is the mandatory-prefix column: F2 and F3 outrank 66.
func (d *decoder) column() int {
	switch {
	case d.rep == 0xf3:
		return 2
	case d.rep == 0xf2:
		return 3
	case d.pfx66:
		return 1
	}
	return 0
}

// fill completes the instruction from its entry.
func (d *decoder) fill(e *entry, op uint8, hasModRM bool) {
	i := d.i
	i.Form, i.Sub = e.form, e.sub
	i.Size = d.size(e)
	i.Addr = d.addrSize()
	i.Prefix = d.prefixBits()
	isMem := hasModRM && d.modrm>>6 != 3 && e.rm != 'R'
	d.operands(e, op, isMem)
	if d.status != DecodeOK {
		return
	}
	d.immediates(e, i.Size)
	switch {
	case d.status != DecodeOK:
	case d.lock && !(e.lock && i.Prefix&PrefixMem != 0),
		e.rm == 'M' && !isMem, (e.rm == 'U' || e.rm == 'N') && isMem, d.vvvv != 0 && !e.vvvv,
		e.reg == 'C' && 1<<i.Reg&0b1_0001_1101 == 0, // CR0, 2, 3, 4, 8
		e.reg == 'D' && i.Reg > 7,
		e.reg == 'S' && (i.Reg > GS || i.Reg == CS && e.op == OpMOVTOSEG):
		i.Op = OpUD
	default:
		i.Op = e.op
		if i.Op.Kind() == KindX87 {
			i.Imm2 = uint16(op&7)<<8 | uint16(d.modrm)
		}
	}
}

// operands sets register numbers and the memory operand.
func (d *decoder) operands(e *entry, op uint8, isMem bool) {
	i := d.i
	i.Seg = d.segment(DS)
	switch e.reg {
	case 'G', 'V', 'C', 'D':
		i.Reg = d.modrm>>3&7 | d.rex<<1&8
	case 'S', 'P':
		i.Reg = d.modrm >> 3 & 7
	}
	i.Vvvv = d.vvvv
	switch {
	case isMem:
		i.Prefix |= PrefixMem
		d.memory()
	case e.rm == 'Z':
		i.RM = op&7 | d.rex<<3&8
	case e.rm == 'T' || e.rm == 'Q' || e.rm == 'N':
		i.RM = d.modrm & 7
	case e.rm == 'O':
		i.Prefix |= PrefixMem
		i.Disp = int64(d.uint(int(i.Addr)))
	case e.rm == 'E' || e.rm == 'R' || e.rm == 'U':
		i.RM = d.modrm&7 | d.rex<<3&8
	}
}

// nop turns XCHG rAX,rAX into NOP, or with F3 into PAUSE.
func (d *decoder) nop() {
	d.i.Form, d.i.Op = FormNone, OpNOP
	if d.lock {
		d.i.Op = OpUD
	} else if d.rep == 0xf3 {
		d.i.Op = OpPAUSE
	}
}

// size is the operand size that an entry's size letter stands for.
func (d *decoder) size(e *entry) uint8 {
	w := d.rex&8 != 0
	switch e.size {
	case 'b':
		return 1
	case 'w':
		return 2
	case 'd':
		return 4
	case 'q':
		return 8
	case 'x':
		return 16
	case 't':
		return 10
	case 'n':
		if d.mode == Mode64 {
			return 8
		}
		return 4
	case 'y':
		if w {
			return 8
		}
		return 4
	case 'v', 'z':
		switch {
		case w && e.size == 'v':
			return 8
		case w: // outranks 66
			return 4
		case d.pfx66 != (d.mode == Mode16):
			return 2
		case e.def64 && d.mode == Mode64:
			return 8
		}
		return 4
	}
	return 0
}

func (d *decoder) addrSize() uint8 {
	switch {
	case d.mode == Mode64 && !d.pfx67:
		return 8
	case d.mode == Mode16 && !d.pfx67, d.mode == Mode32 && d.pfx67:
		return 2
	}
	return 4
}

func (d *decoder) prefixBits() Prefix {
	var p Prefix
	if d.lock {
		p |= PrefixLock
	}
	switch d.rep {
	case 0xf3:
		p |= PrefixRep
	case 0xf2:
		p |= PrefixRepne
	}
	if d.rex != 0 {
		p |= PrefixREX
	}
	if d.rex&8 != 0 {
		p |= PrefixREXW
	}
	if d.pfx66 {
		p |= PrefixOpSize
	}
	return p
}

// segment is the override or the default of the addressing form.
func (d *decoder) segment(def uint8) uint8 {
	if d.override != NoReg {
		return d.override
	}
	return def
}
