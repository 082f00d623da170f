package cpu

// memory decodes ModRM's memory operand with SIB and displacement (APM vol. 3, 1.4).
func (d *decoder) memory() {
	if d.i.Addr == 2 {
		d.memory16()
		return
	}
	i := d.i
	mod, rm := d.modrm>>6, d.modrm&7
	def := uint8(DS)
	if rm == 4 {
		sib := d.byte()
		i.Scale = sib >> 6
		if x := sib>>3&7 | d.rex<<2&8; x != RSP {
			i.Index = x
		}
		rm = sib & 7
		if mod == 0 && rm == RBP { // no base
			i.Disp = d.int(4)
			i.Seg = d.segment(def)
			return
		}
	} else if mod == 0 && rm == RBP {
		if d.mode == Mode64 {
			i.Base = RIPReg
		}
		i.Disp = d.int(4)
		return
	}
	i.Base = rm | d.rex<<3&8
	if i.Base == RSP || i.Base == RBP {
		def = SS
	}
	i.Seg = d.segment(def)
	switch mod {
	case 1:
		i.Disp = d.int(1)
	case 2:
		i.Disp = d.int(4)
	}
}

// memory16 is memory for 16-bit addresses.
func (d *decoder) memory16() {
	i := d.i
	mod, rm := d.modrm>>6, d.modrm&7
	i.Base = [8]uint8{RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX}[rm]
	i.Index = [8]uint8{RSI, RDI, RSI, RDI, NoReg, NoReg, NoReg, NoReg}[rm]
	if mod == 0 && rm == 6 {
		i.Base = NoReg
		i.Disp = int64(d.uint(2))
		return
	}
	if i.Base == RBP {
		i.Seg = d.segment(SS)
	}
	i.Disp = 0
	switch mod {
	case 1:
		i.Disp = d.int(1)
	case 2:
		i.Disp = d.int(2)
	}
}

// immediates consumes what follows the operands.
func (d *decoder) immediates(e *entry, size uint8) {
	i := d.i
	switch e.imm {
	case 'b', 's', 'B':
		i.Imm = uint64(d.int(1))
	case 'u':
		i.Imm = d.uint(1)
	case 'w':
		i.Imm = d.uint(2)
	case 'z', 'Z':
		i.Imm = uint64(d.int(int(min(size, 4))))
	case 'v':
		i.Imm = d.uint(int(size))
	case '1':
		i.Imm = 1
	case 'A':
		i.Imm = d.uint(int(size))
		i.Imm2 = uint16(d.uint(2))
	}
	if e.imm2 {
		i.Imm2 = uint16(d.uint(1))
	}
}
