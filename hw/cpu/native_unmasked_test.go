//go:build linux && amd64

package cpu

import (
	"encoding/binary"
	"testing"
)

// TestNativeUnmasked compares x87 instructions of all encodings with exceptions
// unmasked, stacks that are full or empty, and operands that raise something.
func TestNativeUnmasked(t *testing.T) {
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1)+2000)
	for range 4 * envNumber("RESVIRT_NATIVE_ROUNDS", 1) {
		for op := 0xd8; op <= 0xdf; op++ {
			for modrm := range 256 {
				switch { // one memory operand, [RBX], is enough
				case modrm >= 0xc0:
					s.unmasked(byte(op), byte(modrm))
				case modrm&0xc7 == RBX:
					for range 24 {
						s.unmasked(byte(op), byte(modrm))
					}
				}
			}
		}
	}
	s.report()
}

// unmasked makes and compares a case of one encoding.
func (s *nativeSweep) unmasked(op, modrm byte) {
	g := s.g
	c := nativeCase{code: []byte{op, modrm}}
	i, st := Decode(c.code, Mode64)
	if st != DecodeOK || i.Op == OpUD || isApproximate(i.Op) {
		return
	}
	switch i.Op {
	case OpFLDENV, OpFRSTOR, OpFNSAVE, OpFNSTENV:
		return
	}
	c.inst = i
	g.state(&c.in)
	g.unmask(&c.in)
	const at = 0x200
	c.in.GPR[RBX] = nativeData + at
	le := binary.LittleEndian
	data := c.in.Data[at:]
	switch i.Size {
	case 4:
		le.PutUint32(data, g.single())
	case 8:
		le.PutUint64(data, g.double())
	case 10:
		mant, exp := g.extended()
		le.PutUint64(data, mant)
		le.PutUint16(data[8:], exp)
	}
	s.run(&c)
}

// unmask unmasks some exceptions and leaves the stack full, empty or in between.
func (g *nativeGen) unmask(s *nativeState) {
	le := binary.LittleEndian
	fcw := uint16(0x300) | uint16(g.IntN(4))<<10 | uint16(g.Uint32())&0x3f
	if g.chance(30) {
		fcw = fcw&^0x300 | uint16(g.IntN(2))<<9
	}
	le.PutUint16(s.FX[0:], fcw|fcwOne)
	le.PutUint16(s.FX[fxFSW:], uint16(g.Uint32())&(7<<fswTop|fswC0|fswC1|fswC2|fswC3)|uint16(g.Uint32())&0x3f&fcw)
	s.FX[fxFTW] = []byte{0, 0xff, 0xff, 0x7f, byte(g.Uint32()), byte(g.Uint32())}[g.IntN(6)]
}
