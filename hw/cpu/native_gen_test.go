package cpu

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// nativeCase is one test: code, how our decoder sees its first instruction, and
// the state to run it from.
type nativeCase struct {
	code []byte
	inst Inst
	in   nativeState
}

// nativeGen makes test cases from a seed.
type nativeGen struct {
	*rand.Rand
	pattern [nativeSize]byte
}

func newNativeGen(seed uint64) *nativeGen {
	g := &nativeGen{Rand: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
	for i := range g.pattern {
		g.pattern[i] = byte(g.Uint32())
	}
	return g
}

func (g *nativeGen) chance(percent int) bool { return g.IntN(100) < percent }

// shape is what a sweep fixes of an encoding; the rest is random.
type shape struct {
	prefix []byte // legacy prefixes
	rex    int    // REX byte, -1 for none
	lead   []byte // 0F and what follows it, or VEX
	opcode byte
	reg    int  // ModRM.reg
	rm     int  // ModRM.rm, -1 for any
	mem    bool // ModRM selects memory
}

// encode makes bytes of a shape, longer than the instruction needs, and tells
// where a displacement of four bytes without a base lies, or -1.
func (g *nativeGen) encode(s shape) (code []byte, dispAt int) {
	dispAt = -1
	code = append(code, s.prefix...)
	if s.rex >= 0 {
		code = append(code, byte(s.rex))
	}
	code = append(code, s.lead...)
	code = append(code, s.opcode)
	if len(s.lead) == 0 && s.opcode >= 0xa0 && s.opcode <= 0xa3 {
		dispAt = len(code)
	} else {
		rm := s.rm
		if rm < 0 {
			rm = g.IntN(8)
		}
		mod := 3
		if s.mem {
			mod = g.IntN(3)
		}
		code = append(code, byte(mod<<6|s.reg<<3|rm))
		if s.mem && rm == 4 {
			code = append(code, byte(g.Uint32()))
		}
		if s.mem && mod == 0 {
			dispAt = len(code)
		}
	}
	for range 16 {
		code = append(code, g.immediate())
	}
	return code, dispAt
}

// immediate favours the bytes around which sign extension and carries turn.
func (g *nativeGen) immediate() byte {
	if g.chance(40) {
		return []byte{0, 1, 0x7f, 0x80, 0xff, 0xff, 0, 3}[g.IntN(8)]
	}
	return byte(g.Uint32())
}

// make completes a shape to a test case.
func (g *nativeGen) make(s shape) nativeCase {
	code, dispAt := g.encode(s)
	i, st := Decode(code, Mode64)
	if st == DecodeOK && int(i.Len) <= len(code) {
		code = code[:i.Len]
	}
	t := nativeCase{code: code[:min(len(code), 15)], inst: i}
	g.state(&t.in)
	g.implicit(&t)
	if i.Prefix&PrefixMem != 0 && i.Len != 0 {
		g.placeOperand(&t, dispAt)
	}
	return t
}

// state draws registers and memory.
func (g *nativeGen) state(s *nativeState) {
	for r := range s.GPR {
		s.GPR[r] = g.integer()
	}
	s.GPR[RSP] = nativeData + 0x1000 + uint64(g.IntN(64))*8
	s.RIP = nativeCode + nativeText
	s.RFLAGS = 0x202 | g.Uint64()&FlagsStatus
	if g.chance(15) {
		s.RFLAGS |= FlagDF
	}
	s.Data = g.pattern
	for k := range 8 { // the stack: now and then somewhere to return to
		at := s.GPR[RSP] - nativeData + 8*uint64(k)
		binary.LittleEndian.PutUint64(s.Data[at:], g.target())
	}
	g.floating(s)
}

// target is somewhere to branch to.
func (g *nativeGen) target() uint64 {
	switch g.IntN(4) {
	case 0:
		return g.integer()
	case 1:
		return nativeData + uint64(g.IntN(nativeSize))
	}
	return nativeCode + uint64(g.IntN(0x1000))
}

func (g *nativeGen) integer() uint64 {
	edges := [...]uint64{0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 1<<63 - 1, 1 << 63, ^uint64(0), ^uint64(0) - 1, 0xffffffff80000000}
	switch g.IntN(5) {
	case 0:
		return edges[g.IntN(len(edges))]
	case 1:
		return g.Uint64() >> g.IntN(64)
	case 2:
		return uint64(int64(int32(g.Uint32())))
	case 3:
		a, b := edges[g.IntN(len(edges))], edges[g.IntN(len(edges))]
		return a ^ b
	}
	return g.Uint64()
}

// floating draws the FXSAVE image: everything masked as a rule, all kinds of values.
func (g *nativeGen) floating(s *nativeState) {
	le := binary.LittleEndian
	fcw, fsw := uint16(0x37f), uint16(0)
	if g.chance(50) {
		fcw = fcw&^0xf00 | []uint16{0x000, 0x200, 0x300}[g.IntN(3)] | uint16(g.IntN(4))<<10
	}
	if g.chance(10) {
		fcw &^= uint16(g.IntN(64))
	}
	fsw = uint16(g.Uint32()) & (7<<fswTop | fswC0 | fswC1 | fswC2 | fswC3 | fswSF)
	fsw |= uint16(g.Uint32()) & 0x3f & fcw
	if g.chance(3) {
		fsw |= uint16(g.Uint32()) & 0x3f
	}
	if fsw&0x3f&^fcw != 0 {
		fsw |= fswES | fswB
	}
	le.PutUint16(s.FX[0:], fcw)
	le.PutUint16(s.FX[fxFSW:], fsw)
	s.FX[fxFTW] = 0xff
	if g.chance(30) {
		s.FX[fxFTW] = byte(g.Uint32())
	}
	mxcsr := uint32(0x1f80) | g.Uint32()&0x3f
	if g.chance(50) {
		mxcsr |= g.Uint32() & (3<<mxcsrRC | mxcsrFTZ | mxcsrDAZ)
	}
	if g.chance(15) {
		mxcsr &^= g.Uint32() & 0x1f80
	}
	le.PutUint32(s.FX[fxMXCSR:], mxcsr)
	for k := range 8 {
		mant, exp := g.extended()
		le.PutUint64(s.FX[fxST+16*k:], mant)
		le.PutUint16(s.FX[fxST+16*k+8:], exp)
	}
	for k := range 16 {
		le.PutUint64(s.FX[fxXMM+16*k:], g.half())
		le.PutUint64(s.FX[fxXMM+16*k+8:], g.half())
	}
}

// half is half an XMM register: a double, two singles, or integers.
func (g *nativeGen) half() uint64 {
	switch g.IntN(5) {
	case 0, 1:
		return g.double()
	case 2, 3:
		return uint64(g.single()) | uint64(g.single())<<32
	}
	return g.integer()
}

func (g *nativeGen) double() uint64 {
	v := g.Uint64()
	switch g.IntN(8) {
	case 0:
		return v&(1<<63) | []uint64{0, 0x3ff0 << 48, 0x7ff0 << 48, 0x7ff8 << 48, 1, 1<<52 - 1, 1 << 52, 0x7fef<<48 | 1<<48 - 1}[g.IntN(8)]
	case 1: // denormal
		return v &^ (0x7ff << 52)
	case 2: // any NaN
		return v | 0x7ff<<52
	case 3: // around one, few bits
		return v&(1<<63) | uint64(1023-4+g.IntN(70))<<52 | v&(0xf<<48)
	case 4: // beside an integer that a conversion may or may not hold
		return math.Float64bits(float64(int64(g.integer())) + float64(g.IntN(5)-2)/2)
	case 5: // products of these overflow or underflow
		return v&(1<<63|1<<52-1) | uint64(500+g.IntN(40))<<52 | v&(1<<62)
	}
	return v&(1<<63|1<<52-1) | uint64(1023-60+g.IntN(120))<<52
}

func (g *nativeGen) single() uint32 {
	v := g.Uint32()
	switch g.IntN(8) {
	case 0:
		return v&(1<<31) | []uint32{0, 0x3f800000, 0x7f800000, 0x7fc00000, 1, 1<<23 - 1, 1 << 23, 0x7f7fffff}[g.IntN(8)]
	case 1:
		return v &^ (0xff << 23)
	case 2:
		return v | 0xff<<23
	case 3:
		return v&(1<<31) | uint32(127-4+g.IntN(40))<<23 | v&(0xf<<19)
	case 4:
		return math.Float32bits(float32(int64(g.integer())))
	case 5:
		return v&(1<<31|1<<23-1) | uint32(60+g.IntN(10))<<23 | v&(1<<30)
	}
	return v&(1<<31|1<<23-1) | uint32(127-30+g.IntN(60))<<23
}

func (g *nativeGen) extended() (mant uint64, exp uint16) {
	sign := uint16(g.IntN(2)) << 15
	mant = g.Uint64() | 1<<63
	switch g.IntN(10) {
	case 0:
		return 0, sign
	case 1:
		return 1 << 63, sign | []uint16{0x3fff, 0x7fff, 0x7ffe, 1}[g.IntN(4)]
	case 2: // denormals, pseudo-denormals
		return g.Uint64(), sign
	case 3: // NaNs
		return mant, sign | 0x7fff
	case 4: // unsupported encodings, too
		return g.Uint64(), sign | uint16(g.Uint32())&0x7fff
	case 5: // few bits
		return 1<<63 | g.Uint64()&(0xf<<59), sign | uint16(0x3fff-4+g.IntN(70))
	case 6: // the edges of double and single
		return mant, sign | []uint16{0x3fff + 1023, 0x3fff + 1024, 0x3fff - 1022, 0x3fff - 1040, 0x3fff + 127, 0x3fff - 130}[g.IntN(6)]
	case 7:
		return mant, sign | uint16(0x1ff0+g.IntN(32)) | uint16(g.IntN(2))<<14
	}
	return mant, sign | uint16(0x3fff-60+g.IntN(124))
}
