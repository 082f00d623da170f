//go:build linux && amd64

package cpu

import (
	"encoding/binary"
	"testing"
)

// defineFlags is CMP AL, 5, which follows an instruction that leaves flags undefined.
var defineFlags = []byte{0x3c, 5}

// belongs tells whether an instruction may stand in a sequence: its results are
// defined whatever the operands are, and the next instruction follows it.
func belongs(i *Inst) bool {
	switch i.Op {
	case OpUD, OpJCC, OpJMP, OpJMPIND, OpCALL, OpCALLIND, OpRET, OpLOOP, OpLOOPE, OpLOOPNE, OpJCXZ, OpINT3, OpINT1, OpPOPF,
		OpFXSAVE, OpFNSAVE, OpFNSTENV, // see image
		OpDPPS, OpDPPD, // which of several NaNs they give
		OpSHLD, OpSHRD, OpFLDENV, OpFRSTOR, OpENTER, OpLEAVE:
		return false
	}
	if bitString(i) && i.Prefix&PrefixMem != 0 { // they reach everywhere
		return false
	}
	return notCompared(i) == "" && !isApproximate(i.Op)
}

// image is an instruction that stores x87 state, pointers included, in a place of
// its own, since what the processor leaves in there must not be read by others.
func (g *nativeGen) image(place int) []byte {
	b := [][]byte{{0xd9, 0x34}, {0xdd, 0x34}, {0x66, 0xd9, 0x34}, {0x66, 0xdd, 0x34}, {0x0f, 0xae, 0x04}, {0x48, 0x0f, 0xae, 0x04}}[g.IntN(6)]
	b = append(b[:len(b):len(b)], 0x25)
	return binary.LittleEndian.AppendUint32(b, nativeData+0x1600+uint32(place)*fxSize)
}

// instruction draws one whose memory operand, if any, is at a fixed place.
func (g *nativeGen) instruction() []byte {
	leads := [][]byte{nil, nil, nil, {0x0f}, {0x0f}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}}
	prefixes := [][]byte{nil, nil, nil, {0x66}, {0x66}, {0xf2}, {0xf3}}
	for {
		var b []byte
		b = append(b, prefixes[g.IntN(len(prefixes))]...)
		if g.chance(40) {
			b = append(b, 0x40|byte(g.IntN(16))&^2)
		}
		lead := leads[g.IntN(len(leads))]
		b = append(b, lead...)
		if lead == nil && g.chance(20) {
			b = append(b, 0xd8|byte(g.IntN(8))) // x87
		} else {
			b = append(b, byte(g.Uint32()))
		}
		if g.chance(40) { // [disp32]
			b = append(b, byte(g.IntN(8)<<3|4), 0x25)
			b = binary.LittleEndian.AppendUint32(b, nativeData+uint32(g.IntN(0x100))*16)
		} else {
			b = append(b, 0xc0|byte(g.Uint32()))
		}
		for range 10 {
			b = append(b, g.immediate())
		}
		i, st := Decode(b, Mode64)
		absolute := i.Base == NoReg && i.Index == NoReg && i.Addr == 8
		if st == DecodeOK && belongs(&i) && (i.Prefix&PrefixMem == 0 || absolute && i.Disp >= nativeData && i.Disp < nativeData+0x1000) {
			return b[:i.Len]
		}
	}
}

// sequence draws a program: instructions in a row, some of them jumped over.
func (g *nativeGen) sequence() nativeCase {
	var t nativeCase
	g.state(&t.in)
	t.in.GPR[RSI], t.in.GPR[RDI], t.in.GPR[RCX] = nativeData+0x400, nativeData+0x600, uint64(g.IntN(20))
	images := 0
	for n := 4 + g.IntN(12); n > 0; n-- {
		if images < 5 && g.chance(8) {
			t.code = append(t.code, g.image(images)...)
			images++
		}
		b := g.instruction()
		i, _ := Decode(b, Mode64)
		if images > 0 && i.Op.Kind() == KindString && i.Prefix&(PrefixRep|PrefixRepne) != 0 { // might read as far as that
			continue
		}
		if undefinedFlags(&i, &nativeState{GPR: [16]uint64{RCX: 2}}) != 0 {
			b = append(b, defineFlags...)
		}
		if g.chance(15) {
			t.code = append(t.code, 0x70|byte(g.IntN(16)), byte(len(b)))
		}
		t.code = append(t.code, b...)
	}
	t.inst.Op = OpNOP // and no length: the rules for single instructions do not apply
	return t
}

// TestNativeSequences compares random sequences of ring-3 instructions.
func TestNativeSequences(t *testing.T) {
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1))
	ends := map[int]int{}
	for range 3000 * envNumber("RESVIRT_NATIVE_ROUNDS", 1) {
		c := s.g.sequence()
		s.run(&c)
		ends[s.e.last]++
	}
	t.Logf("ends by vector: %v", ends)
	t.Logf("left out: %v", s.left)
	if ends[3] < 500 {
		t.Errorf("only %d sequences came to their end", ends[3])
	}
}
