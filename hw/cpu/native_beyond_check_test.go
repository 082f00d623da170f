package cpu

import (
	"fmt"
	"slices"
	"testing"
)

// TestBeyondHidesNothing decodes every opcode with every ModRM byte and mandatory
// prefix: what the model has must not stand in the list of extensions, or the
// comparison would not notice that it got lost. Exceptions are reserved or decoded
// alike with any prefix.
func TestBeyondHidesNothing(t *testing.T) {
	var hidden []string
	for _, lead := range [][]byte{nil, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}, {0xc4, 0xe2, 0x78}, {0xc4, 0xe2, 0x79}, {0xc4, 0xe2, 0x7a}, {0xc4, 0xe2, 0x7b}, {0xc4, 0xe3, 0x7b}} {
		for _, prefix := range [][]byte{nil, {0x66}, {0xf2}, {0xf3}} {
			if len(lead) == 3 && prefix != nil {
				continue
			}
			for n := range 1 << 16 {
				code := slices.Concat(prefix, lead, []byte{byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 0, 0, 0})
				i, st := Decode(code, Mode64)
				if name := beyondR1(code); st == DecodeOK && i.Op != OpUD && name != "" {
					if s := name + ": " + i.Op.String(); !slices.Contains(hidden, s) {
						hidden = append(hidden, s)
					}
				}
			}
		}
	}
	slices.Sort(hidden)
	const registers = "control and debug registers that do not exist, CR8 by LOCK: "
	want := []string{"FRED: ERETS, ERETU: CLAC",
		registers + "MOVFROMCR", registers + "MOVFROMDR", registers + "MOVTOCR", registers + "MOVTODR",
		reservedX87 + ": FCOM", reservedX87 + ": FCOMP", reservedX87 + ": FFREEP", reservedX87 + ": FNOP", reservedX87 + ": FSTP", reservedX87 + ": FXCH"}
	if fmt.Sprint(hidden) != fmt.Sprint(want) {
		t.Errorf("%q", hidden)
	}
}

// TestBeyond finds encodings by all parts of an entry.
func TestBeyond(t *testing.T) {
	for _, row := range []struct {
		code []byte
		name string
	}{
		{[]byte{0x0f, 0x38, 0xc8, 0xc1}, "SHA"},
		{[]byte{0x66, 0x48, 0x0f, 0x38, 0xcf, 0xc1}, "GFNI"},
		{[]byte{0x0f, 0x38, 0xcf, 0xc1}, ""},
		{[]byte{0xf3, 0x0f, 0xc7, 0xf8}, "RDSEED, RDPID"},
		{[]byte{0x0f, 0xc7, 0x18}, "XSAVES, XRSTORS"},
		{[]byte{0x0f, 0x01, 0xd9}, "SVM"},
		{[]byte{0x0f, 0x01, 0xd3}, ""},
		{[]byte{0xf0, 0x0f, 0x20, 0xc0}, "control and debug registers that do not exist, CR8 by LOCK"},
		{[]byte{0xf2, 0x0f, 0x78, 0xc1, 1, 2}, "VMX; SSE4A"},
		{[]byte{0xf3, 0x0f, 0x2b, 0x03}, "SSE4A: MOVNTSS, MOVNTSD"},
		{[]byte{0x0f, 0x2b, 0x03}, ""},
		{[]byte{0xc7, 0xf8}, "TSX: XABORT, XBEGIN"},
		{[]byte{0xc7, 0xc0}, ""},
		{[]byte{0xd9, 0xd8}, reservedX87},
		{[]byte{0xf3, 0x0f, 0x58, 0xc1}, ""},
		{[]byte{0xc4, 0xe2, 0x70, 0xf2, 0xc2}, ""},
	} {
		if got := beyondR1(row.code); got != row.name {
			t.Errorf("%x: %q, want %q", row.code, got, row.name)
		}
	}
}
