package cpu

import (
	"encoding/hex"
	"testing"
)

// TestLegacyArithmetic executes, in 32-bit code of ring 3, instructions that 64-bit code
// does not have. The rows are worked out by hand from the manuals' descriptions.
func TestLegacyArithmetic(t *testing.T) {
	const cf, pf, af, zf, sf = FlagCF, FlagPF, FlagAF, FlagZF, FlagSF
	e := startEmu(t)
	for _, row := range []struct {
		name, hex  string
		ax, flags  uint64
		want, left uint64 // AX and the status flags
		vector     int
	}{
		{"DAA", "27", 0x00ae, 0, 0x0014, cf | af | pf, 3},
		{"DAA without adjustment", "27", 0x0042, 0, 0x0042, pf, 3},
		{"DAA to zero", "27", 0x009a, 0, 0x0000, cf | af | zf | pf, 3},
		{"DAA of carries", "27", 0x0000, cf | af, 0x0066, cf | af | pf, 3},
		{"DAS", "2f", 0x00ee, 0, 0x0088, cf | af | sf | pf, 3},
		{"DAS with a borrow of its own", "2f", 0x0002, af, 0x00fc, cf | af | sf | pf, 3},
		{"AAA", "37", 0x000b, 0, 0x0101, cf | af, 3},
		{"AAA of a carry into AH", "37", 0x00fa, 0, 0x0200, cf | af | zf | pf, 3},
		{"AAS", "3f", 0x0204, af, 0x000e, cf | af, 3}, // 6 is taken from AX
		{"AAS without adjustment", "3f", 0x0205, cf, 0x0205, pf, 3},
		{"AAM", "d40a", 0x0063, 0, 0x0909, pf, 3},
		{"AAM to base 16", "d410", 0x00ab, 0, 0x0a0b, 0, 3},
		{"AAM by zero", "d400", 0x0063, 0, 0x0063, 0, 0},
		{"AAD", "d50a", 0x0909, 0, 0x0063, pf, 3},
		{"AAD overflows", "d50a", 0xff01, 0, 0x00f7, sf, 3},
		{"SALC set", "d6", 0x1234, cf, 0x12ff, cf, 3},
		{"SALC clear", "d6", 0x1234, 0, 0x1200, 0, 3},
		{"BLSR", "c4e278f3c8", 0x00f0, 0, 0x00e0, 0, 3},
		{"LES of a register", "c4c0", 0, 0, 0, 0, 6}, // mod 3, map 0
	} {
		in := nativeState{Compat: true, RIP: nativeCode + nativeText, RFLAGS: 0x202 | row.flags}
		in.GPR[RAX] = row.ax
		code, _ := hex.DecodeString(row.hex)
		out := e.run(code, &in)
		if out.Vector != row.vector || out.GPR[RAX] != row.want || row.vector == 3 && out.RFLAGS&FlagsStatus != row.left {
			t.Errorf("%s: AX %#x, flags %#x, vector %d; want %#x, %#x, %d", row.name, out.GPR[RAX], out.RFLAGS&FlagsStatus, out.Vector, row.want, row.left, row.vector)
		}
	}
}

// TestRealModeHasNoVEX executes ANDN in real mode.
func TestRealModeHasNoVEX(t *testing.T) {
	c := startEmu(t).c
	c.CR0, c.CR4, c.MSR.EFER, c.CPL = CR0ET, 0, 0, 0
	c.Reset()
	c.execute(&Inst{Op: OpANDN, Form: FormRegRM, Size: 4, Len: 5})
	if !c.exc.pending || c.exc.vector != VecUD {
		t.Errorf("%+v", c.exc)
	}
}

// TestRandom checks that RDRAND's numbers follow from seed, processor and count.
func TestRandom(t *testing.T) {
	draw := func(seed uint64, id int) (v [4]uint64) {
		c := &CPU{ID: id, Seed: seed}
		for k := range v {
			c.rdrand(&Inst{Op: OpRDRAND, Size: 8})
			v[k] = c.GPR[RAX]
			if c.RFLAGS&FlagsStatus != FlagCF {
				t.Errorf("flags %#x", c.RFLAGS)
			}
		}
		return v
	}
	seen := map[uint64]bool{}
	for _, v := range [][4]uint64{draw(0, 0), draw(0, 1), draw(1, 0), draw(1, 1)} {
		for _, x := range v {
			seen[x] = true
		}
	}
	first, again := draw(7, 3), draw(7, 3)
	if len(seen) != 16 || first != again {
		t.Errorf("%d different numbers of 16", len(seen))
	}
}
