package retrace

import (
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/faults"
)

// StrikeText says what a fault changed, from what to what, in one line.
func StrikeText(s *faults.Strike) string {
	switch {
	case s.Before == s.After && s.Code == s.Fetched:
		return "null fault, nothing changed"
	case s.Kind == faults.Code || s.Kind == faults.CodeKept:
		return fmt.Sprintf("bit %d of a byte of code at %#x flipped for fetches, %#02x became %#02x: %s", s.Bit, s.Address, s.Before, s.After, codeText(s))
	case s.Kind.InCode():
		return fmt.Sprintf("mistake (%s) in code at %#x: %s", s.What, s.Address, codeText(s))
	case s.Kind == faults.Memory && s.Object != "":
		return fmt.Sprintf("bit %d of a byte of %s at %#x (%s) flipped, %#02x became %#02x", s.Bit, s.What, s.Address, s.Object, s.Before, s.After)
	case s.Kind == faults.Memory:
		return fmt.Sprintf("bit %d of a byte of %s at %#x flipped, %#02x became %#02x", s.Bit, s.What, s.Address, s.Before, s.After)
	case s.Bit >= 0:
		return fmt.Sprintf("bit %d of %s flipped, %#x became %#x", s.Bit, s.What, s.Before, s.After)
	}
	return fmt.Sprintf("%s set from %#x to %#x", s.What, s.Before, s.After)
}

// codeText disassembles what was fetched and what is fetched instead, from the
// first instruction that differs to where the two meet again.
func codeText(s *faults.Strike) string {
	was, _ := hex.DecodeString(s.Code)
	is, _ := hex.DecodeString(s.Fetched)
	first, last := differ(was, is)
	from := 0
	for from < len(was) { // the instruction with the first byte that differs
		n := codeLen(was[from:])
		if from+n > first {
			break
		}
		from += n
	}
	to := last + 1
	for a, b := from, from; a < len(was) && b < len(is); { // until both are at the end of an instruction
		if a <= b {
			a += codeLen(was[a:])
		} else {
			b += codeLen(is[b:])
		}
		if to = a; a == b && a > last {
			break
		}
	}
	pc := s.Place.PC
	at := ""
	if from > 0 {
		at = fmt.Sprintf(" (%#x)", pc+uint64(from))
	}
	to = max(min(to, len(was), len(is)), from)
	return fmt.Sprintf("%s became %s%s", listCode(was, from, to, pc), listCode(is, from, to, pc), at)
}

// differ is the first and the last index at which two codes of one length differ.
func differ(a, b []byte) (first, last int) {
	first = -1
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	return max(first, 0), last
}

// codeLen is the length of the instruction at the start of b; a byte that begins no
// instruction counts by itself.
func codeLen(b []byte) int {
	if i, ok := decoded(b); ok {
		return i.Len
	}
	return 1
}

// decoded is the instruction at the start of b. The decoder takes a prefix
// without a fitting instruction for an instruction without an operation.
func decoded(b []byte) (x86asm.Inst, bool) {
	i, err := x86asm.Decode(b, 64)
	return i, err == nil && i.Op != 0 && i.Len > 0
}

// listCode is the instructions of code from one offset to another; equal
// neighbours are counted.
func listCode(code []byte, from, to int, pc uint64) string {
	var list []string
	again, last := 1, ""
	for at := from; at < to; at += codeLen(code[at:]) {
		text := fmt.Sprintf("(%02x)", code[at])
		if i, ok := decoded(code[at:]); ok {
			text = strings.TrimSpace(x86asm.GoSyntax(i, pc+uint64(at), nil))
		}
		if text != last {
			list, again, last = append(list, text), 1, text
			continue
		}
		again++
		list[len(list)-1] = fmt.Sprintf("%d× %s", again, text)
	}
	return "[" + strings.Join(list, "; ") + "]"
}
