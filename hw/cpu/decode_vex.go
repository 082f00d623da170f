package cpu

// isVEX tells whether C4 or C5 is a VEX prefix: in 64-bit mode always, elsewhere
// where LES and LDS would have a register as operand (APM vol. 3, 1.2.9).
func (d *decoder) isVEX() bool {
	if d.mode == Mode64 {
		return true
	}
	if d.pos >= len(d.b) || d.pos >= MaxLen {
		return false // the deciding byte is missing: decoding it as LES will report that
	}
	return d.b[d.pos]>>6 == 3
}

// vex consumes the rest of a VEX prefix, which it translates into legacy
// prefixes, and the opcode. It returns no map if the encoding is undefined: L
// set, opcode maps without entries, and a legacy prefix besides.
func (d *decoder) vex(m *maps, first uint8) (*opcodeMap, uint8) {
	if first == 0xc5 {
		d.byte()
		return nil, 0 // only AVX has the short form
	}
	a, b := d.byte(), d.byte()
	op := d.byte()
	if d.status != DecodeOK {
		return nil, 0
	}
	if b&4 != 0 || d.pfx66 || d.rep != 0 || d.lock || d.rex != 0 {
		return nil, 0
	}
	d.vvvv = ^b >> 3 & 15
	d.rex = 0x40 | ^a>>5&7 | b>>4&8
	if d.mode != Mode64 {
		d.vvvv &= 7
		d.rex = 0x40
	}
	switch b & 3 {
	case 1:
		d.pfx66 = true
	case 2:
		d.rep = 0xf3
	case 3:
		d.rep = 0xf2
	}
	switch a & 31 {
	case 2:
		return &m.vex38, op
	case 3:
		return &m.vex3A, op
	}
	return nil, 0
}
