package cpu

import "resvirt/hw/softfloat"

// op32 and op64 are operations on encodings of single and double precision.
type (
	op32 = func(e *softfloat.Env, a, b uint32) uint32
	op64 = func(e *softfloat.Env, a, b uint64) uint64
)

// sseFloat executes arithmetic and comparisons.
func (c *CPU) sseFloat(i *Inst) bool {
	if f := singleOp(i.Op); f != nil {
		c.singles(i, f)
		return true
	}
	if f := doubleOp(i.Op); f != nil {
		c.doubles(i, f)
		return true
	}
	switch i.Op {
	case OpUCOMISS, OpCOMISS, OpUCOMISD, OpCOMISD:
		c.compareScalar(i)
	case OpCMPPS, OpCMPSS:
		c.singles(i, func(e *softfloat.Env, a, b uint32) uint32 {
			return uint32(predicate(e.Compare32(a, b, signals(i.Imm)), i.Imm))
		})
	case OpCMPPD, OpCMPSD:
		c.doubles(i, func(e *softfloat.Env, a, b uint64) uint64 {
			return predicate(e.Compare64(a, b, signals(i.Imm)), i.Imm)
		})
	default:
		return false
	}
	return true
}

// singleOp returns the operation on singles that an Op repeats over one or all
// elements, or nil.
func singleOp(o Op) op32 {
	switch o {
	case OpADDPS, OpADDSS:
		return (*softfloat.Env).Add32
	case OpSUBPS, OpSUBSS:
		return (*softfloat.Env).Sub32
	case OpMULPS, OpMULSS:
		return (*softfloat.Env).Mul32
	case OpDIVPS, OpDIVSS:
		return (*softfloat.Env).Div32
	case OpMINPS, OpMINSS:
		return (*softfloat.Env).Min32
	case OpMAXPS, OpMAXSS:
		return (*softfloat.Env).Max32
	case OpSQRTPS, OpSQRTSS:
		return func(e *softfloat.Env, _, b uint32) uint32 { return e.Sqrt32(b) }
	case OpRCPPS, OpRCPSS:
		return func(_ *softfloat.Env, _, b uint32) uint32 { return softfloat.Reciprocal(b) }
	case OpRSQRTPS, OpRSQRTSS:
		return func(_ *softfloat.Env, _, b uint32) uint32 { return softfloat.ReciprocalRoot(b) }
	}
	return nil
}

func doubleOp(o Op) op64 {
	switch o {
	case OpADDPD, OpADDSD:
		return (*softfloat.Env).Add64
	case OpSUBPD, OpSUBSD:
		return (*softfloat.Env).Sub64
	case OpMULPD, OpMULSD:
		return (*softfloat.Env).Mul64
	case OpDIVPD, OpDIVSD:
		return (*softfloat.Env).Div64
	case OpMINPD, OpMINSD:
		return (*softfloat.Env).Min64
	case OpMAXPD, OpMAXSD:
		return (*softfloat.Env).Max64
	case OpSQRTPD, OpSQRTSD:
		return func(e *softfloat.Env, _, b uint64) uint64 { return e.Sqrt64(b) }
	}
	return nil
}

// singles applies f to all four elements, or to the lowest when the operand is
// a scalar.
func (c *CPU) singles(i *Inst, f op32) {
	b, ok := c.xmmRM(i, true)
	if !ok {
		return
	}
	e := c.sseEnv()
	r := c.FPU.XMM[i.Reg]
	n := 4
	if i.Size == 4 {
		n = 1
	}
	for k := range n {
		shift := uint(k&1) * 32
		v := f(&e, uint32(r[k/2]>>shift), uint32(b[k/2]>>shift))
		r[k/2] = r[k/2]&^(0xffff_ffff<<shift) | uint64(v)<<shift
	}
	if c.sseFlags(&e) {
		c.FPU.XMM[i.Reg] = r
	}
}

// doubles is singles for the two elements of double precision.
func (c *CPU) doubles(i *Inst, f op64) {
	b, ok := c.xmmRM(i, true)
	if !ok {
		return
	}
	e := c.sseEnv()
	r := c.FPU.XMM[i.Reg]
	r[0] = f(&e, r[0], b[0])
	if i.Size == 16 {
		r[1] = f(&e, r[1], b[1])
	}
	if c.sseFlags(&e) {
		c.FPU.XMM[i.Reg] = r
	}
}

// signals tells whether a comparison predicate takes quiet NaNs for invalid
// (APM vol. 4, CMPPD): LT, LE, NLT and NLE do.
func signals(imm uint64) bool { return imm&3 == 1 || imm&3 == 2 }

// predicate is all ones where the relation satisfies one of the eight
// predicates EQ, LT, LE, UNORD, NEQ, NLT, NLE, ORD.
func predicate(r softfloat.Relation, imm uint64) uint64 {
	var holds bool
	switch imm & 3 {
	case 0:
		holds = r == softfloat.Equal
	case 1:
		holds = r == softfloat.Less
	case 2:
		holds = r == softfloat.Less || r == softfloat.Equal
	case 3:
		holds = r == softfloat.Unordered
	}
	if holds != (imm&4 != 0) {
		return ^uint64(0)
	}
	return 0
}

// compareScalar is (U)COMISS and (U)COMISD.
func (c *CPU) compareScalar(i *Inst) {
	b, ok := c.xmmRM(i, false)
	if !ok {
		return
	}
	e := c.sseEnv()
	a := c.FPU.XMM[i.Reg][0]
	var r softfloat.Relation
	switch i.Op {
	case OpUCOMISS, OpCOMISS:
		r = e.Compare32(uint32(a), uint32(b[0]), i.Op == OpCOMISS)
	default:
		r = e.Compare64(a, b[0], i.Op == OpCOMISD)
	}
	if c.sseFlags(&e) {
		c.setRelation(r)
	}
}

// setRelation puts a comparison into ZF, PF and CF and clears OF, SF and AF.
func (c *CPU) setRelation(r softfloat.Relation) {
	f := c.RFLAGS &^ (FlagZF | FlagPF | FlagCF | FlagOF | FlagSF | FlagAF)
	switch r {
	case softfloat.Less:
		f |= FlagCF
	case softfloat.Equal:
		f |= FlagZF
	case softfloat.Unordered:
		f |= FlagZF | FlagPF | FlagCF
	}
	c.RFLAGS = f
}
