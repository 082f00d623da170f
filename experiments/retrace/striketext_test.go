package retrace

import (
	"strings"
	"testing"

	"resvirt/faults"
)

// The text for the strike of each fault type.
func TestStrikeText(t *testing.T) {
	place := faults.Place{PC: 0x1000}
	pad := strings.Repeat("90", 8)
	for _, c := range []struct {
		s    faults.Strike
		want string
	}{
		{faults.Strike{Kind: faults.Null, Bit: -1, Before: 1, After: 1}, "null fault, nothing changed"},
		{faults.Strike{Kind: faults.Failstop, What: "rip", Bit: -1, Before: 0x1000}, "rip set from 0x1000 to 0x0"},
		{faults.Strike{Kind: faults.RegisterFlip, What: "rax", Bit: 2, Before: 1, After: 5}, "bit 2 of rax flipped, 0x1 became 0x5"},
		{faults.Strike{Kind: faults.Memory, What: "heap", Address: 0x5000, Bit: 0, Before: 1}, "bit 0 of a byte of heap at 0x5000 flipped, 0x01 became 0x00"},
		{
			faults.Strike{Kind: faults.Memory, What: "static data", Address: 0x5000, Object: "main.x+0x1", Bit: 7, After: 0x80},
			"bit 7 of a byte of static data at 0x5000 (main.x+0x1) flipped, 0x00 became 0x80",
		},
		{ // push rbp, then mov eax, 1 with the immediate changed
			faults.Strike{Kind: faults.Code, Place: place, Address: 0x2002, Bit: 1, Before: 1, After: 3, Code: "55b801000000" + pad, Fetched: "55b803000000" + pad},
			"bit 1 of a byte of code at 0x2002 flipped for fetches, 0x01 became 0x03: [MOVL $0x1, AX] became [MOVL $0x3, AX] (0x1001)",
		},
		{ // a longer instruction swallows the next ones
			faults.Strike{Kind: faults.CodeKept, Place: place, Address: 0x2000, Bit: 3, Before: 0xb0, After: 0xb8, Code: "b001909090c3" + pad, Fetched: "b801909090c3" + pad},
			"bit 3 of a byte of code at 0x2000 flipped for fetches, 0xb0 became 0xb8: [MOVL $0x1, AL; 3× NOPL] became [MOVL $-0x6f6f6fff, AX]",
		},
		{
			faults.Strike{Kind: faults.Software, What: "branch removed", Place: place, Address: 0x2000, Bit: -1, Code: "7405" + pad, Fetched: "9090" + pad},
			"mistake (branch removed) in code at 0x2000: [JE 0x1007] became [2× NOPL]",
		},
		{ // bytes that are no instruction are shown as they are
			faults.Strike{Kind: faults.Code, Place: place, Address: 0x2000, Bit: 1, Before: 0xc3, After: 0xc1, Code: "c3f0" + pad, Fetched: "c1f0" + pad},
			"bit 1 of a byte of code at 0x2000 flipped for fetches, 0xc3 became 0xc1: [RET",
		},
		{faults.Strike{Kind: faults.Code, Place: place, Bit: 1, Before: 1, After: 3, Code: "", Fetched: "zz"}, "[] became []"},
	} {
		if got := StrikeText(&c.s); !strings.Contains(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}
