package cpu

import (
	"fmt"
	"strconv"
	"strings"
)

// The opcode maps are text, one row per encoding, parsed once at start:
//
//	[prefix.]opcode[+][/group|=modrm] MNEMONIC operands [flags]
//
// prefix is np, 66, F3 or F2 where it selects the instruction; a row without it
// stands for all four. "+" means eight opcodes with a register in the low bits.
// "/4" is a group member, "/m4" only with a memory operand, "/r4" only with a
// register, "/m" and "/r" any member; "=D9" is one exact ModRM byte.
//
// Operands follow the manuals: E and W are ModRM.rm, M the same but memory
// only, R and U the same but register only (R ignores mod), G V S C D are ModRM.reg, Z
// is in the opcode, O an absolute offset, St a stack register; P, Q and N are what
// V, W and U are, for MMX registers, and set Sub; B is VEX.vvvv; I is an
// immediate (b, s and z sign-extended, u and w zero-extended, 2 the second byte of
// ENTER), J a displacement, A a far pointer. The second letter is the size: b w
// d q x (16) t (10) fixed, v by operand size, z the same but at most 4, y 4 or
// 8 by REX.W, n the mode's native size.
//
// Flags: a size letter where operands do not say; st and br default to 8 bytes in
// 64-bit mode (br: AMD, unlike Intel, heeds 66); lock allows LOCK with a memory
// destination; i64 is invalid in 64-bit mode, o64 outside; sub=n sets Sub.

// entry is what a row says.
type entry struct {
	op     Op
	form   Form
	sub    uint8
	size   byte // size letter
	imm    byte // second letter of I, 'B' 'Z' for J, 'A' far, '1' constant one, 'O' offset; 0 none
	imm2   bool
	modrm  bool
	vvvv   bool // VEX.vvvv is an operand
	rm     byte // 'E', 'M', 'R', 'U', 'Z', 'A' accumulator, 'O', 'T' x87 stack, 'Q', 'N'
	reg    byte // 'G', 'S', 'C', 'D', 'A' accumulator, 'V', 'P'
	def64  bool // st, br
	lock   bool
	only64 bool
	not64  bool
}

// slot is one cell of an opcode map: an entry, or a group that ModRM selects from.
type slot struct {
	e *entry
	g *group
}

type group struct {
	mem [8]*entry
	reg [64]*entry // by the low six bits of ModRM
}

// opcodeMap is indexed by opcode and mandatory prefix (np, 66, F3, F2).
type opcodeMap [256][4]slot

// maps holds the opcode maps of a mode: one byte, 0F, 0F 38, 0F 3A, and the last
// two behind VEX.
type maps struct {
	one, two, three38, three3A, vex38, vex3A opcodeMap
}

var (
	maps64 = buildMaps(true)
	maps32 = buildMaps(false)
)

func buildMaps(long bool) *maps {
	ops := make(map[string]Op, NumOps)
	for op, name := range opNames {
		ops[name] = Op(op)
	}
	m := new(maps)
	for _, text := range []struct {
		to   *opcodeMap
		rows string
	}{{&m.one, rowsOne}, {&m.one, rowsX87}, {&m.two, rowsTwo}, {&m.two, rowsSSE},
		{&m.three38, rowsThree38}, {&m.three3A, rowsThree3A}, {&m.vex38, rowsVEX38}, {&m.vex3A, rowsVEX3A}} {
		for row := range strings.Lines(text.rows) {
			if row = strings.TrimSpace(row); row != "" {
				addRow(text.to, row, ops, long)
			}
		}
	}
	return m
}

// addRow enters one row into a map unless it does not exist in this mode.
func addRow(to *opcodeMap, row string, ops map[string]Op, long bool) {
	f := strings.Fields(row)
	op, ok := ops[f[1]]
	if !ok {
		panic("BUG: opcode row names no Op: " + row)
	}
	e := parseEntry(op, f[2], f[3:])
	if long && e.not64 || !long && e.only64 {
		return
	}
	first, last := 0, 3
	key := f[0]
	if pfx, rest, ok := strings.Cut(key, "."); ok {
		first = map[string]int{"np": 0, "66": 1, "F3": 2, "F2": 3}[pfx]
		last, key = first, rest
	}
	n := 1
	if strings.HasSuffix(key, "+") {
		n, key = 8, key[:2]
	}
	code, err := strconv.ParseUint(key[:2], 16, 8)
	if err != nil {
		panic(fmt.Sprintf("BUG: opcode row %q: %v", row, err))
	}
	for k := range n {
		for p := first; p <= last; p++ {
			s := &to[int(code)+k][p]
			if len(key) == 2 {
				s.e = e
				continue
			}
			if s.g == nil {
				s.g = new(group)
			}
			s.g.add(key[2:], e)
		}
	}
}

// add enters e under a selector "/n", "/mn", "/rn", "/m", "/r" or "=XX".
func (g *group) add(sel string, e *entry) {
	if sel[0] == '=' {
		v, _ := strconv.ParseUint(sel[1:], 16, 8)
		g.reg[v&63] = e
		return
	}
	sel = sel[1:]
	mem, reg := true, true
	switch sel[0] {
	case 'm':
		reg, sel = false, sel[1:]
	case 'r':
		mem, sel = false, sel[1:]
	}
	for n := range 8 {
		if sel != "" && int(sel[0]-'0') != n {
			continue
		}
		if mem {
			g.mem[n] = e
		}
		for k := 0; reg && k < 8; k++ {
			if g.reg[n*8+k] == nil {
				g.reg[n*8+k] = e
			}
		}
	}
}

func parseEntry(op Op, operands string, flags []string) *entry {
	e := &entry{op: op}
	var shape []string
	if operands != "-" {
		for s := range strings.SplitSeq(operands, ",") {
			if part := e.operand(s, operands); part != "" {
				shape = append(shape, part)
			}
		}
	}
	form, ok := map[string]Form{"": FormNone, "rm": FormRM, "rm reg": FormRMReg, "reg rm": FormRegRM, "rm imm": FormRMImm,
		"rm CL": FormRMCL, "rm reg imm": FormRMRegImm, "rm reg CL": FormRMRegCL, "reg rm imm": FormRegRMImm,
		"imm": FormImm, "imm imm": FormImm, "far": FormFar}[strings.Join(shape, " ")]
	if !ok {
		panic("BUG: no form for operands " + operands)
	}
	e.form = form
	for _, f := range flags {
		switch {
		case f == "st":
			e.def64 = true
			if e.size == 0 {
				e.size = 'v'
			}
		case f == "br":
			e.def64, e.size = true, 'v'
		case f == "lock":
			e.lock = true
		case f == "i64":
			e.not64 = true
		case f == "o64":
			e.only64 = true
		case strings.HasPrefix(f, "sub="):
			v, _ := strconv.Atoi(f[4:])
			e.sub = uint8(v)
		case len(f) == 1:
			e.size = f[0]
		default:
			panic("BUG: unknown flag in opcode row: " + f)
		}
	}
	return e
}

// operand notes where one operand is and returns its part of the form.
func (e *entry) operand(s, all string) string {
	size := byte(0)
	if len(s) > 1 {
		size = s[1]
	}
	if part := e.specialOperand(s, all); part != "" {
		return part
	}
	switch s[0] {
	case 'E', 'W', 'M', 'R', 'U', 'Z', 'O':
		e.rm = s[0]
		if s[0] == 'W' {
			e.rm = 'E'
		}
		e.modrm = s[0] != 'Z' && s[0] != 'O'
		if s[0] == 'O' {
			e.imm = 'O'
		}
		if e.reg != 'G' {
			e.size = size
		}
		if (e.op == OpMOVZX || e.op == OpMOVSX) && size == 'b' {
			e.sub = 1
		} else if e.op == OpMOVZX || e.op == OpMOVSX {
			e.sub = 2
		}
		return "rm"
	case 'G':
		e.reg, e.modrm, e.size = 'G', true, size
		return "reg"
	case 'V', 'C', 'D':
		e.reg, e.modrm = s[0], true
		return "reg"
	case 'P':
		e.reg, e.modrm, e.sub = 'P', true, subMMX
		return "reg"
	case 'Q', 'N':
		e.rm, e.modrm, e.sub = s[0], true, subMMX
		if e.reg != 'G' {
			e.size = size
		}
		return "rm"
	case 'B':
		e.vvvv = true
		return ""
	case 'J':
		e.imm = map[byte]byte{'b': 'B', 'z': 'Z'}[size]
		return "imm"
	case 'I':
		if size == '2' {
			e.imm2 = true
		} else {
			e.imm = size
		}
		return "imm"
	case '1':
		e.imm = '1'
		return "imm"
	}
	panic("BUG: unknown operand in opcode row: " + s)
}

// specialOperand is operand for those that are whole words, "" for others.
func (e *entry) specialOperand(s, all string) string {
	switch s {
	case "AL", "AX":
		if strings.ContainsAny(all, "OZ") {
			e.reg = 'A'
			return "reg"
		}
		e.rm = 'A'
		e.size = map[string]byte{"AL": 'b', "AX": 'v'}[s]
		return "rm"
	case "Sw":
		e.reg, e.modrm = 'S', true
		return "reg"
	case "St":
		e.rm, e.modrm = 'T', true
		return "rm"
	case "CL":
		return "CL"
	case "Ap":
		e.imm, e.size = 'A', 'z'
		return "far"
	}
	return ""
}
