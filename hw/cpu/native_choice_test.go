package cpu

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Host and model are compared strictly first. Where they differ, the table of
// choices says what the manuals leave to the processor: each choice makes the host's
// result the model's in one thing, if the host's is one that the manuals allow. What
// still differs then is a mistake. What a choice made equal is counted and printed.

// choice is one thing that is not architecture.
type choice struct {
	name   string
	source string             // the place in the manuals that leaves it open, or how the makers differ
	level  func(m *meeting)   // makes host and model alike in this, if the case is one of it
	other  func(i *Inst) byte // or else: for code that another maker decodes otherwise, its new first opcode byte or prefix; see rewrite
}

// meeting is host and model having run the same code from the same state.
type meeting struct {
	code        []byte
	in          *nativeState
	host, model nativeEnd
	single      bool   // one instruction
	inst        Inst   // what the choices look at; OpUD if that is not known
	undefined   uint64 // flags that need not agree

	again func(code []byte) nativeEnd // the model on other code from the same state
}

// meet prepares the comparison of one instruction.
func meet(c *nativeCase, host, model nativeEnd) *meeting {
	m := &meeting{code: c.code, in: &c.in, host: host, model: model, inst: c.inst, single: true}
	if !m.faulted() || c.inst.Op == OpDIV || c.inst.Op == OpIDIV { // a fault leaves flags alone
		m.undefined = undefinedFlags(&c.inst, &c.in)
	}
	return m
}

// meetSequence prepares the comparison of many instructions.
func meetSequence(code []byte, in *nativeState, host, model nativeEnd) *meeting {
	m := &meeting{code: code, in: in, host: host, model: model}
	m.look()
	return m
}

// look finds the instruction that choices look at: the only one, or that at which
// both ended with a fault.
func (m *meeting) look() {
	switch {
	case m.single:
		m.inst = m.instAt(m.in.RIP)
	case m.faulted():
		m.inst = m.instAt(m.host.RIP)
	}
}

// instAt decodes what lies at an address of the code page.
func (m *meeting) instAt(rip uint64) Inst {
	off := rip - nativeCode
	if off >= 0x1000 {
		return Inst{Base: NoReg, Index: NoReg}
	}
	i, st := Decode(codePage(m.code)[off:], Mode64)
	if st != DecodeOK {
		return Inst{Base: NoReg, Index: NoReg}
	}
	return i
}

// faulted tells that both ended at the same instruction with a fault.
func (m *meeting) faulted() bool {
	return isFault(m.host.Vector) && isFault(m.model.Vector) && m.host.RIP == m.model.RIP
}

// isFault tells which vectors say that the instruction at RIP was not executed.
func isFault(v int) bool { return v == 0 || v == 5 || v >= 6 && v <= 19 }

// judge returns what differs for no good reason, and the choices that explained the other
// differences.
func (m *meeting) judge(table []choice) (left []string, bad string) {
	first := *m
	if left, bad = m.levelAll(table); bad == "" || m.again == nil {
		return left, bad
	}
	var all []choice
	for _, ch := range table {
		if ch.other != nil {
			all = append(all, ch)
		}
	}
	tries := [][]choice{all}
	for k := range all {
		tries = append(tries, all[k:k+1])
	}
	for _, try := range tries {
		code, names := rewrite(first.code, try)
		if len(names) == 0 {
			continue
		}
		variant := first
		variant.code, variant.model = code, first.again(code)
		variant.look()
		if left, still := variant.levelAll(table); still == "" {
			*m = variant
			return append(names, left...), ""
		}
	}
	return left, bad
}

// levelAll applies the choices one after the other.
func (m *meeting) levelAll(table []choice) (left []string, bad string) {
	bad = difference(&m.host, &m.model)
	for k := range table {
		if bad == "" {
			break
		}
		if table[k].level == nil {
			continue
		}
		table[k].level(m)
		if now := difference(&m.host, &m.model); now != bad {
			left, bad = append(left, table[k].name), now
		}
	}
	return left, bad
}

// rewrite turns code into what it is for a processor that decodes the way the
// choices say. Prefixes become DS (3E), which 64-bit mode ignores, so that nothing
// moves.
func rewrite(code []byte, try []choice) (out []byte, names []string) {
	out = slices.Clone(code)
	for at := 0; at < len(code); {
		i, st := Decode(codePage(code)[nativeText+at:], Mode64)
		if st != DecodeOK {
			break
		}
		part := out[at:min(at+int(i.Len), len(out))]
		for _, ch := range try {
			if b := ch.other(&i); b != 0 && swapByte(part, &i, b) && !slices.Contains(names, ch.name) {
				names = append(names, ch.name)
			}
		}
		at += int(i.Len)
	}
	return out, names
}

const (
	dropOpSize = 0x66 // the prefix 66 counts for nothing
	dropREXB   = 0x41 // REX.B of 90 counts for nothing
	noWait     = 0xdb // becomes a NOP of two bytes; other values are opcodes
)

// swapByte changes the one byte of an instruction in which makers differ.
func swapByte(b []byte, i *Inst, to byte) bool {
	for k := range b {
		switch {
		case to == dropOpSize && b[k] == 0x66:
			b[k] = 0x3e
			return true
		case to == dropREXB && b[k]&0xf1 == 0x41 && k+1 < len(b) && b[k+1] == 0x90:
			b[k] &^= 1
			return true
		case to == noWait && b[k] == 0xdb:
			copy(b[k:], []byte{0x66, 0x90})
			return true
		case to == 0xe0 && b[k] == 0xe1, to == 0xe1 && b[k] == 0xe0, to == 0x8b && b[k] == 0x63:
			b[k] = to
			return true
		}
	}
	return false
}

// tallyOf counts by name.
type tallyOf map[string]int

func (t tallyOf) add(names ...string) {
	for _, n := range names {
		t[n]++
	}
}

func (t tallyOf) String() string {
	var b strings.Builder
	total, names := 0, []string{}
	for n := range t {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(&b, "\n    %6d %s", t[n], n)
		total += t[n]
	}
	return fmt.Sprintf("%d%s", total, b.String())
}
