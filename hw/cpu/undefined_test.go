package cpu

import (
	"encoding/hex"
	"testing"
)

// TestUndefinedResults holds item 3 of DEVIATIONS.md: what the manuals leave
// undefined and this machine defines. Each row starts once with all status flags clear and
// once with all set; keep are the flags that the instruction leaves alone.
func TestUndefinedResults(t *testing.T) {
	const of, sf, zf, af, pf, cf = FlagOF, FlagSF, FlagZF, FlagAF, FlagPF, FlagCF
	const legacy = true
	rows := []struct {
		name, hex        string
		ax, cx           uint64
		want, flag, keep uint64
		legacy           bool // of 32-bit code
	}{
		{"SHRD AX, CX, 19", "660facc813", 0x5678, 0x3d34, 0x87a6, of | sf | af | pf | cf, 0, false},
		{"SHRD AX, CX, 17", "660facc811", 0x0001, 0x8001, 0xc000, sf | af | pf | cf, 0, false},
		{"SHRD AX, CX, CL of 31", "660fadc8", 0x0001, 0x401f, 0x803e, of | sf | af | cf, 0, false},
		{"SHRD AX, CX, 16", "660facc810", 0x8001, 0x1234, 0x1234, af | cf, 0, false},
		{"SHLD AX, CX, 19", "660fa4c813", 0x5678, 0x3d34, 0xe9a1, sf | af | cf, 0, false},
		{"SHLD AX, CX, 17", "660fa4c811", 0x0001, 0x8001, 0x0003, of | af | pf | cf, 0, false},
		{"SHLD AX, CX, 31", "660fa4c81f", 0x0001, 0x4003, 0xa001, sf | af | cf, 0, false},

		{"SHL AL, 3", "c0e003", 0x70, 0, 0x80, sf | af | cf, 0, false},
		{"SHL AL, 9", "c0e009", 0xff, 0, 0, zf | af | pf, 0, false},
		{"SHR AL, 2", "c0e802", 0xff, 0, 0x3f, af | pf | cf, 0, false},
		{"SHR AL, 10", "c0e80a", 0xff, 0, 0, zf | af | pf, 0, false},
		{"SAR AL, 2", "c0f802", 0x82, 0, 0xe0, sf | af | cf, 0, false},
		{"ROL AL, 2", "c0c002", 0x81, 0, 0x06, 0, sf | zf | af | pf, false},
		{"ROR AL, 2", "c0c802", 0x02, 0, 0x80, of | cf, sf | zf | af | pf, false},

		{"AND EAX, ECX", "21c8", 3, 5, 1, 0, 0, false},
		{"XOR EAX, ECX", "31c8", 3, 5, 6, pf, 0, false},
		{"MUL ECX", "f7e1", 3, 5, 15, 0, sf | zf | af | pf, false},
		{"IMUL EAX, ECX", "0fafc1", 3, 0x4000_0000, 0xc000_0000, of | cf, sf | zf | af | pf, false},
		{"DIV CL", "f6f1", 7, 3, 0x0102, af, of | cf, false},
		{"IDIV CL", "f6f9", 7, 3, 0x0102, af, of | cf, false},
		{"BT EAX, ECX", "0fa3c8", 4, 2, 4, cf, of | sf | zf | af | pf, false},
		{"BTR EAX, ECX", "0fb3c8", 4, 2, 0, cf, of | sf | zf | af | pf, false},

		{"BSF EAX, ECX", "0fbcc1", 0xffff_ffff_ffff, 0x18, 3, pf, 0, false},
		{"BSF of 0", "0fbcc1", 0xffff_ffff_ffff, 0, 0xffff_ffff_ffff, zf | pf, 0, false},
		{"BSR EAX, ECX", "0fbdc1", 0xffff_ffff_ffff, 0x18, 4, 0, 0, false},
		{"BSR of 0", "0fbdc1", 0xffff_ffff_ffff, 0, 0xffff_ffff_ffff, zf | pf, 0, false},
		{"BSWAP AX", "660fc8", 0x1_2345_6789, 0, 0x1_2345_0000, 0, of | sf | zf | af | pf | cf, false},
		{"LZCNT EAX, ECX", "f30fbdc1", 0, 0x4000_0000, 1, 0, of, false},
		{"TZCNT EAX, ECX", "f30fbcc1", 0, 1, 0, zf, of, false},
		{"BLSI EAX, ECX", "c4e278f3d9", 0, 0x18, 8, cf, 0, false},
		{"BZHI EAX, ECX, ECX", "c4e270f5c1", 0, 0x8000_0004, 4, 0, 0, false},
		{"BEXTR EAX, ECX, ECX", "c4e270f7c1", 0, 0x0804, 0x80, 0, 0, false},

		{"AAM", "d40a", 99, 0, 0x0909, pf, 0, legacy},
		{"AAD", "d50a", 0x0909, 0, 99, pf, 0, legacy},
	}
	e := startEmu(t)
	for _, row := range rows {
		code, err := hex.DecodeString(row.hex)
		if err != nil {
			t.Fatal(err)
		}
		for _, flags := range []uint64{0, FlagsStatus} {
			in := sampleState()
			in.Compat, in.RFLAGS = row.legacy, 0x202|flags
			in.GPR[RAX], in.GPR[RCX], in.GPR[RDX] = row.ax, row.cx, 0
			out := e.run(code, &in)
			want := row.flag | flags&row.keep
			if got := out.RFLAGS & FlagsStatus; out.Vector != 3 || out.GPR[RAX] != row.want || got != want {
				t.Errorf("%s from flags %#x: vector %d, RAX %#x, flags %#x; want %#x, %#x", row.name, flags, out.Vector, out.GPR[RAX], got, row.want, want)
			}
		}
	}
}
