package cpu

import (
	"fmt"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// FuzzDecode: the first byte chooses the mode. No bytes panic the decoder, an
// instruction is decoded alike whatever follows it, each of its beginnings asks
// for more, and it is as long as golang.org/x/arch says.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"\x90", "\xf0\x0f\xb1\x11", "\x66\x48\x66\x01\xc8", "\xc8\x10\x00\x02", "\x67\x8b\x04\x25\x00\x00\x00\x00",
		"\xa1\x11\x22\x33\x44\x55\x66\x77\x88", "\xea\x00\x00\x00\x80\x08\x00", "\xf2\x48\x0f\x2a\xc1", "\xc5\xf8\x77", "\xdd\x36"} {
		for mode := range Mode(3) {
			f.Add([]byte(string(rune(mode)) + seed))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		if bad := checkDecode(data[1:], Mode(data[0]%3)); bad != "" {
			t.Error(bad)
		}
	})
}

// checkDecode says what is wrong with the decoding of b, or nothing.
func checkDecode(b []byte, mode Mode) string {
	i, st := Decode(b, mode)
	bits := 16 << mode
	switch {
	case st == DecodeMore && len(b) >= MaxLen:
		return fmt.Sprintf("%x, %d bits: %d bytes are not enough", b, bits, len(b))
	case st == DecodeTooLong && len(b) < MaxLen:
		return fmt.Sprintf("%x, %d bits: too long", b, bits)
	case st != DecodeOK:
		return ""
	case i.Len == 0 || int(i.Len) > min(len(b), MaxLen):
		return fmt.Sprintf("%x, %d bits: length %d", b, bits, i.Len)
	}
	if i.Op == OpUD {
		return ""
	}
	if j, st := Decode(b[:i.Len:i.Len], mode); st != DecodeOK || j != i {
		return fmt.Sprintf("%x, %d bits: cut after %d bytes it is %+v, before %+v", b, bits, i.Len, j, i)
	}
	for n := range int(i.Len) {
		if _, st := Decode(b[:n:n], mode); st != DecodeMore {
			return fmt.Sprintf("%x, %d bits: %d bytes of %d are enough", b, bits, n, i.Len)
		}
	}
	x, err := x86asm.Decode(b, bits)
	if err != nil || x.Op == 0 || x.Len == int(i.Len) || archErrs(b, &i, &x) {
		return ""
	}
	return fmt.Sprintf("%x, %d bits: %v of %d bytes, x/arch: %v of %d", b, bits, i.Op, i.Len, x, x.Len)
}

// archErrs knows where golang.org/x/arch (v0.32.0) gets the length wrong.
func archErrs(b []byte, i *Inst, x *x86asm.Inst) bool {
	switch i.Op {
	case OpMOVFROMDR, OpMOVTODR, OpMOVFROMCR, OpMOVTOCR: // it takes mod for memory; processors ignore it
		return true
	case OpJMP, OpJCC, OpCALL: // it ignores 66 in 64-bit mode, as Intel's processors do; AMD's heed it
		return i.Prefix&PrefixOpSize != 0
	}
	return false
}

// TestDecodeLengths checks random instructions in all modes as the fuzzer does.
func TestDecodeLengths(t *testing.T) {
	g := newNativeGen(5)
	failed := map[string]bool{}
	for range 300000 {
		var b [MaxLen + 1]byte
		for k := range b {
			b[k] = byte(g.Uint32())
		}
		k := 0
		for ; g.chance(50) && k < 4; k++ {
			b[k] = []byte{0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x64, 0x48, 0x41}[g.IntN(10)]
		}
		if g.chance(50) {
			b[k] = 0x0f
		}
		mode := Mode(g.IntN(3))
		i, _ := Decode(b[:], mode)
		if bad := checkDecode(b[:], mode); bad != "" && !failed[i.Op.String()] {
			failed[i.Op.String()] = true
			t.Error(bad)
		}
	}
}
