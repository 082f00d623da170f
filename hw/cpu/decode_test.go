package cpu

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// text renders what the decoder found, for tests.
func (i *Inst) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s f%d s%d reg%d rm%d", i.Op, i.Form, i.Size, i.Reg, i.RM)
	if i.Prefix&PrefixMem != 0 {
		fmt.Fprintf(&b, " [%d:%d+%d<<%d%+d]", i.Seg, int8(i.Base), int8(i.Index), i.Scale, i.Disp)
	}
	fmt.Fprintf(&b, " #%x sub%d", i.Imm, i.Sub)
	return b.String()
}

func TestDecodeRows(t *testing.T) {
	for _, row := range []struct {
		hex  string
		mode Mode
		want string // op and operands, or a status
	}{
		{"90", Mode64, "NOP f0 s4 reg0 rm0 #0 sub0"},
		{"f390", Mode64, "PAUSE f0 s4 reg0 rm0 #0 sub0"},
		{"4190", Mode64, "XCHG f2 s4 reg0 rm8 #0 sub0"},
		{"4801c8", Mode64, "ADD f2 s8 reg1 rm0 #0 sub0"},
		{"66486601c8", Mode64, "ADD f2 s2 reg1 rm0 #0 sub0"}, // REX before a prefix is ignored
		{"404801c8", Mode64, "ADD f2 s8 reg1 rm0 #0 sub0"},   // the last REX counts
		{"8b05f0ffffff", Mode64, "MOV f3 s4 reg0 rm0 [3:-2+-1<<0-16] #0 sub0"},
		{"658b042510000000", Mode64, "MOV f3 s4 reg0 rm0 [5:-1+-1<<0+16] #0 sub0"},
		{"36678b4424f8", Mode64, "MOV f3 s4 reg0 rm0 [2:4+-1<<0-8] #0 sub0"},
		{"428b4cc500", Mode64, "MOV f3 s4 reg1 rm0 [2:5+8<<3+0] #0 sub0"},
		{"48b88877665544332211", Mode64, "MOV f4 s8 reg0 rm0 #1122334455667788 sub0"},
		{"48c7c0ffffffff", Mode64, "MOV f4 s8 reg0 rm0 #ffffffffffffffff sub0"},
		{"a11122334455667788", Mode64, "MOV f3 s4 reg0 rm0 [3:-1+-1<<0-8613303245920329199] #0 sub0"},
		{"f00fb111", Mode64, "CMPXCHG f2 s4 reg2 rm0 [3:1+-1<<0+0] #0 sub0"},
		{"f00fb1d1", Mode64, "UD f0 s4 reg2 rm1 #0 sub0"}, // LOCK needs memory
		{"f08b00", Mode64, "UD f0 s4 reg0 rm0 #0 sub0"},
		{"f30fb8c1", Mode64, "POPCNT f3 s4 reg0 rm1 #0 sub0"},
		{"660f388201", Mode64, "INVPCID f3 s8 reg0 rm0 [3:1+-1<<0+0] #0 sub0"},
		{"660f3882c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"f30fbcc1", Mode64, "TZCNT f3 s4 reg0 rm1 #0 sub0"},
		{"660f3840c1", Mode64, "PMULLD f3 s16 reg0 rm1 #0 sub0"},
		{"0f3840c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"66450f3a16c103", Mode64, "PEXTRD f6 s4 reg8 rm9 #3 sub0"},
		{"664d0f3a16c103", Mode64, "PEXTRD f6 s8 reg8 rm9 #3 sub0"},
		{"66f20f38f1c1", Mode64, "CRC32 f3 s2 reg0 rm1 #0 sub0"},
		{"0f38f1c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"}, // MOVBE needs memory
		{"f00f38f101", Mode64, "UD f0 s4 reg0 rm0 #0 sub0"},
		{"c4e278f2c1", Mode64, "ANDN f3 s4 reg0 rm1 #0 sub0"},
		{"c442f8f2c1", Mode64, "ANDN f3 s8 reg8 rm9 #0 sub0"},
		{"c4e27cf2c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},   // L
		{"66c4e278f2c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"}, // another prefix
		{"48c4e278f2c1", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"c4e37bf0c105", Mode64, "RORX f8 s4 reg0 rm1 #5 sub0"},
		{"c4e373f0c105", Mode64, "UD f0 s4 reg0 rm1 #5 sub0"}, // vvvv without use
		{"c4e278f2c1", Mode32, "ANDN f3 s4 reg0 rm1 #0 sub0"},
		{"c401", Mode32, "LOADFAR f3 s4 reg0 rm0 [3:1+-1<<0+0] #0 sub0"},
		{"c4", Mode32, "more"},
		{"c4e2", Mode64, "more"},
		{"0f0b", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"06", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"c5f877", Mode64, "UD f0 s0 reg0 rm0 #0 sub0"},
		{"f30f1efa", Mode64, "NOP f1 s4 reg0 rm2 #0 sub0"},
		{"0f01f8", Mode64, "SWAPGS f0 s0 reg0 rm0 #0 sub0"},
		{"f20f2ac1", Mode64, "CVTSI2SD f3 s4 reg0 rm1 #0 sub0"},
		{"f2480f2ac1", Mode64, "CVTSI2SD f3 s8 reg0 rm1 #0 sub0"},
		{"66f20f58c1", Mode64, "ADDSD f3 s8 reg0 rm1 #0 sub0"},
		{"0ffcc1", Mode64, "PADDB f3 s8 reg0 rm1 #0 sub1"},
		{"dec1", Mode64, "FADDP f1 s0 reg0 rm1 #0 sub1"},
		{"66e81234", Mode64, "CALL f9 s2 reg0 rm0 #3412 sub0"}, // as AMD, not as Intel
		{"ea0000008000f0", Mode16, "JMPFAR f10"},
		{"ea00000800", Mode16, "JMPFAR f10 s2 reg0 rm0 #0 sub0"},
		{"66ea000000800800", Mode16, "JMPFAR f10 s4 reg0 rm0 #80000000 sub0"},
		{"8b4702", Mode16, "MOV f3 s2 reg0 rm0 [3:3+-1<<0+2] #0 sub0"},
		{"0f22c0", Mode64, "MOVTOCR f3 s8 reg0 rm0 #0 sub0"},
		{"0f22c8", Mode64, "UD f0 s8 reg1 rm0 #0 sub0"},
		{"48", Mode64, "more"},
		{"8b05f0ff", Mode64, "more"},
		{strings.Repeat("66", 14) + "90", Mode64, "NOP f0 s2 reg0 rm0 #0 sub0"},
		{strings.Repeat("66", 15) + "90", Mode64, "too long"},
	} {
		b, err := hex.DecodeString(row.hex)
		if err != nil {
			t.Fatal(err)
		}
		i, st := Decode(b, row.mode)
		got := i.text()
		switch st {
		case DecodeMore:
			got = "more"
		case DecodeTooLong:
			got = "too long"
		}
		if got != row.want && !strings.HasPrefix(got, row.want+" ") {
			t.Errorf("%s: got %q, want %q", row.hex, got, row.want)
		} else if st == DecodeOK && i.Op != OpUD && int(i.Len) != len(b) && row.want != "JMPFAR f10" {
			t.Errorf("%s: length %d", row.hex, i.Len)
		}
	}
}

// TestDecodeAgreesOnLength compares lengths with golang.org/x/arch over random
// bytes that both decode.
func TestDecodeAgreesOnLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	prefixes := []byte{0x66, 0x67, 0xf2, 0xf3, 0x48, 0x41, 0x64, 0x2e}
	disagree := map[string]string{}
	n := 400000
	for range n {
		var b [MaxLen]byte
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		k := 0
		for r.IntN(2) == 0 && k < 3 {
			b[k] = prefixes[r.IntN(len(prefixes))]
			k++
		}
		if r.IntN(2) == 0 {
			b[k] = 0x0f
		}
		if i, st := Decode(b[:], Mode64); st == DecodeMore {
			t.Fatalf("%x: 15 bytes are not enough", b)
		} else if other := otherLength(b[:], &i, st); other != "" {
			disagree[i.Op.String()] = other
		}
	}
	for k, v := range disagree {
		t.Errorf("%s: %s", k, v)
	}
}

// otherLength says what x86asm makes of the bytes of i if it gives it another
// length, and where it knows better than that.
func otherLength(b []byte, i *Inst, st DecodeStatus) string {
	x, err := x86asm.Decode(b, 64)
	if st != DecodeOK || i.Op == OpUD || err != nil || x.Op == 0 {
		return "" // it knows fewer encodings, and no REX before a prefix
	}
	switch i.Op {
	case OpMOVFROMDR, OpMOVTODR, OpMOVFROMCR, OpMOVTOCR: // it takes mod for memory; processors ignore mod
		return ""
	case OpJMP, OpJCC, OpCALL: // AMD heeds 66
		if i.Prefix&PrefixOpSize != 0 {
			return ""
		}
	}
	if int(i.Len) == x.Len {
		return ""
	}
	return fmt.Sprintf("%x: %s %d, x86asm %d %v", b, i.Op, i.Len, x.Len, x)
}

// TestDecodeAgreesOnDefined finds encodings that x86asm knows and we do not.
func TestDecodeAgreesOnDefined(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	missing := map[string]string{}
	for range 400000 {
		var b [MaxLen]byte
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		switch r.IntN(6) {
		case 0:
			b[0] = 0x0f
		case 1:
			b[0], b[1] = 0x66, 0x0f
		case 2:
			b[0], b[1] = 0xf3, 0x0f
		case 3:
			b[0], b[1] = 0xf2, 0x0f
		}
		i, st := Decode(b[:], Mode64)
		x, err := x86asm.Decode(b[:], 64)
		if err == nil && x.Op != 0 && st == DecodeOK && i.Op == OpUD && !absent(b[:i.Len], x) {
			missing[x.Op.String()] = fmt.Sprintf("%x %v", b, x)
		}
	}
	for k, v := range missing {
		t.Errorf("%s: %s", k, v)
	}
}

// absent tells whether an encoding that x86asm decodes is one that the model's
// processor lacks: later extensions (AVX, SSE4A, ...), LOCK
// where it is invalid, or a register where memory is required.
func absent(b []byte, x x86asm.Inst) bool {
	for len(b) > 1 && (b[0] == 0x66 || b[0] == 0x67 || b[0] == 0xf2 || b[0] == 0xf3 || b[0]&0xf0 == 0x40 || b[0]&0xe7 == 0x26 || b[0]&0xfe == 0x64) {
		b = b[1:]
	}
	if b[0] == 0xf0 || b[0] == 0xc4 || b[0] == 0xc5 || b[0] == 0x62 {
		return true
	}
	return strings.Contains(absentNames, " "+x.Op.String()+" ")
}

const absentNames = " UD0 UD1 UD2 RSM " + // #UD outside system management mode
	"MOVNTSS MOVNTSD " + // SSE4A
	"XSAVES XRSTORS RDSEED CLFLUSHOPT CLWB " +
	"XBEGIN XEND XABORT XTEST SYSENTER SYSEXIT " +
	"SHA1MSG1 SHA1MSG2 SHA1NEXTE SHA1RNDS4 SHA256MSG1 SHA256MSG2 SHA256RNDS2 " +
	// prefixed forms that x86asm lets through and processors of this kind do not
	"FXSAVE FXRSTOR LDMXCSR STMXCSR LFENCE MFENCE SFENCE CLFLUSH EMMS MOVNTI RCPPS RSQRTPS " +
	"XSAVE XSAVEC XSAVEOPT XRSTOR XGETBV XSETBV RDRAND MOVBE " +
	// a register where memory is required, or the reverse; CR1
	"MOVLPD MOVHPD WRFSBASE WRGSBASE RDFSBASE RDGSBASE MOV "
