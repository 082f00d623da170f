package cpu

import (
	"fmt"
)

// The cases of the dispatcher. Everything that can fail comes first and goes to
// step, before any register or flag has changed.

// setEA and setIndexed compute the address of a memory operand.
const (
	setEA      = "ea := r[u.base] + uint64(int64(u.disp))\n"
	setIndexed = "ea := r[u.base] + r[u.index]<<(u.scale&3) + uint64(int64(u.disp))\n"

	setEA32      = "ea := uint64(uint32(r[u.base]) + uint32(u.disp))\n"
	setIndexed32 = "ea := uint64(uint32(r[u.base]) + uint32(r[u.index])<<(u.scale&3) + uint32(u.disp))\n"
)

// page sets p to the host address of ea, or asks for it.
func page(tag string, size int) string {
	need := 2 * size
	if tag == "wtag" {
		need++
	}
	return pageOr(fmt.Sprintf("t, need = ea, %d\ngoto miss", need), tag, size)
}

// pageOr does something else if the address is not known.
func pageOr(miss, tag string, size int) string {
	return fmt.Sprintf(`h := (*hostEntry)(unsafe.Add(hosts, tlbIndex(ea)*hostStride))
		d := ea - h.%s
		if d > mem.PageSize-%d {
			%s
		}
		p := unsafe.Add(unsafe.Pointer(h.page), d)
		`, tag, size, miss)
}

// get sets v to size bytes at p, put stores an expression there.
func get(v string, size int) string { return fmt.Sprintf("%s := uint64(*(*uint%d)(p))\n", v, 8*size) }

func put(expr string, size int) string {
	return fmt.Sprintf("*(*uint%d)(p) = uint%[1]d(%s)\n", 8*size, expr)
}

func load(v string, size int) string { return setEA + page("rtag", size) + get(v, size) }

// dst and src are the register operands, low their lowest bytes.
const (
	dst = "r[u.dst]"
	src = "r[u.src]"
)

func low(expr string, size int) string {
	if size == 8 {
		return expr
	}
	return fmt.Sprintf("uint64(uint%d(%s))", 8*size, expr)
}

// setReg writes a register at a size: 32 bits clear the rest, 8 keep it.
func setReg(expr string, size int) string {
	if size == 1 {
		return dst + " = " + dst + "&^0xff | " + low(expr, 1) + "\n"
	}
	return dst + " = " + low(expr, size) + "\n"
}

// up shifts an operand so that its top bit is bit 63.
func up(expr string, size int) string {
	if size == 8 {
		return expr
	}
	return fmt.Sprintf("(%s)<<%d", expr, 64-8*size)
}

func down(expr string, size int) string {
	if size == 8 {
		return expr
	}
	return fmt.Sprintf("%s>>%d", expr, 64-8*size)
}

func kind(name string, size int) string {
	return fmt.Sprintf("c.lazy.kind = %s + %d\n", name, 64-8*size)
}

// result writes what is in c.lazy.r to a register; it is shifted up.
func result(size int) string {
	if size == 1 {
		return dst + " = " + dst + "&^0xff | c.lazy.r>>56\n"
	}
	return dst + " = " + down("c.lazy.r", size) + "\n"
}

// quick is condition code cc after a lazySub, "" if there is no short way.
func quick(cc int) string {
	q := [8]string{"", "c.lazy.a < c.lazy.b", "c.lazy.r == 0", "c.lazy.a <= c.lazy.b", "int64(c.lazy.r) < 0", "", "int64(c.lazy.a) < int64(c.lazy.b)", "int64(c.lazy.a) <= int64(c.lazy.b)"}[cc>>1]
	if cc&1 != 0 && q != "" {
		q = "!(" + q + ")"
	}
	return q
}

// when sets yes to condition code cc.
func when(cc int) string {
	known := "c.lazy.kind < lazyAdd"
	if q := cc >> 1; q == 2 || q == 4 {
		known = "c.lazy.kind != lazyNone"
	}
	slow := fmt.Sprintf("yes = lazyCondition(%d, c.lazy.kind, c.lazy.a, c.lazy.b, c.lazy.r, c.RFLAGS)\n", cc)
	if quick(cc) == "" {
		return "var yes bool\n" + slow
	}
	return "var yes bool\nif " + known + " {\nyes = " + quick(cc) + "\n} else {\n" + slow + "}\n"
}

// carry sets w to the carry flag.
const carry = `var w uint64
	switch {
	case c.lazy.kind < lazyAdd:
		w = flagIf(c.lazy.a < c.lazy.b, 1)
	case c.lazy.kind < lazyParts:
		w = flagIf(c.lazy.r < c.lazy.a, 1)
	case c.lazy.kind != lazyNone:
		w = c.lazy.a & FlagCF
	default:
		w = c.RFLAGS & FlagCF
	}
	`

// setCarryAndOverflow replaces CF and OF by w and keeps the others, setCarry CF alone.
const (
	setCarryAndOverflow = `switch {
	case c.lazy.kind < lazyParts:
		c.lazy.a, c.lazy.kind = (c.lazy.a^c.lazy.b^c.lazy.r)>>(c.lazy.kind&63)&FlagAF|w, c.lazy.kind&63+lazyParts
	case c.lazy.kind != lazyNone:
		c.lazy.a = c.lazy.a&FlagAF | w
	default:
		c.RFLAGS = c.RFLAGS&^(FlagCF|FlagOF) | w
	}
	`
	setCarry = `switch {
	case c.lazy.kind < lazyAdd:
		c.lazy.a, c.lazy.kind = (c.lazy.a^c.lazy.b^c.lazy.r)>>(c.lazy.kind&63)&FlagAF|(c.lazy.a^c.lazy.b)&(c.lazy.a^c.lazy.r)>>63<<11|w, c.lazy.kind+lazyParts
	case c.lazy.kind < lazyParts:
		c.lazy.a, c.lazy.kind = (c.lazy.a^c.lazy.b^c.lazy.r)>>(c.lazy.kind&63)&FlagAF|(c.lazy.a^c.lazy.r)&(c.lazy.b^c.lazy.r)>>63<<11|w, c.lazy.kind&63+lazyParts
	case c.lazy.kind != lazyNone:
		c.lazy.a = c.lazy.a&^FlagCF | w
	default:
		c.RFLAGS = c.RFLAGS&^FlagCF | w
	}
	`
)

func (g *dispatchGen) moves() {
	g.on("NOP", 0, "None", 0)
	for _, n := range g.sizes(8, 4, 1) {
		g.on("MOV", n, "RR", 0, setReg(src, n))
		g.on("MOV", n, "RM", 0, load("v", n), setReg("v", n))
		g.on("MOV", n, "MR", 0, setEA, page("wtag", n), put(src, n))
		g.on("MOV", n, "MI", 0, setEA, page("wtag", n), put("u.imm", n))
		if n != 4 || g.word == 4 { // in 64-bit code it is the one for 8
			g.on("MOV", n, "RI", 0, setReg("u.imm", n))
		}
	}
	g.on("MOV", 2, "RM", 0, load("v", 2), dst+" = "+dst+"&^0xffff | v")
	g.on("MOV", 2, "MR", 0, setEA, page("wtag", 2), put(src, 2))
	g.on("MOV", 2, "MI", 0, setEA, page("wtag", 2), put("u.imm", 2))
	for _, n := range g.sizes(8, 4) {
		g.on("LEA", n, "RM", 0, setEA, setReg("ea", n))
		for _, from := range []int{1, 2} {
			g.on("MOVZX", n, "RR", from, setReg(low(src, from), n))
			g.on("MOVZX", n, "RM", from, load("v", from), setReg("v", n))
			signed := func(v string) string { return fmt.Sprintf("uint64(int64(int%d(%s)))", 8*from, v) }
			g.on("MOVSX", n, "RR", from, setReg(signed(src), n))
			g.on("MOVSX", n, "RM", from, load("v", from), setReg(signed("v"), n))
		}
		for cc := range 16 {
			g.on("CMOV", n, "RR", cc, when(cc), "v := "+dst+"\nif yes { v = "+src+" }", setReg("v", n))
		}
		for _, op := range []string{"XCHG", "CMPXCHG"} {
			g.exchange(op, n)
		}
		g.on("XADD", n, "MR", 0, setEA, page("wtag", n), get("v", n), "c.lazy.a, c.lazy.b = "+up("v", n)+", "+up(src, n), "c.lazy.r = c.lazy.a + c.lazy.b",
			kind("lazyAdd", n), put(down("c.lazy.r", n), n), src+" = v")
		g.on("XCHG", n, "RR", 0, "v := "+low(dst, n), dst+" = "+low(src, n), src+" = v")
		scan := func(r string) string {
			return fmt.Sprintf("v := %s\nif v == 0 {\ngoto step\n}\nx := uint64(%s)\n%s = x\n", low(src, n), r, dst) +
				"c.RFLAGS, c.lazy.kind = c.RFLAGS&^FlagsStatus|resultFlags(x, 8)&FlagPF, lazyNone\n"
		}
		g.on("BSF", n, "RR", 0, scan("bits.TrailingZeros64(v)"))
		g.on("BSR", n, "RR", 0, scan("bits.Len64(v) - 1"))
		g.on("BSWAP", n, "R", 0, dst+" = "+low(fmt.Sprintf("bits.ReverseBytes64(%s)>>%d", dst, 64-8*n), n))
	}
	g.on("CBW", 4, "None", 0, "r[RAX] = uint64(uint32(int32(int16(r[RAX]))))")
	g.on("CWD", 4, "None", 0, "r[RDX] = uint64(uint32(int32(r[RAX]) >> 31))")
	if g.word == 8 {
		g.on("CBW", 8, "None", 0, "r[RAX] = uint64(int64(int32(r[RAX])))")
		g.on("CWD", 8, "None", 0, "r[RDX] = uint64(int64(r[RAX]) >> 63)")
		g.on("MOVSXD", 8, "RR", 0, setReg("uint64(int64(int32("+src+")))", 8))
		g.on("MOVSXD", 8, "RM", 0, load("v", 4), setReg("uint64(int64(int32(v)))", 8))
	}
	for cc := range 16 {
		g.on("SET", 1, "R", cc, when(cc), dst+" &^= 0xff", "if yes { "+dst+"++ }")
		g.on("SET", 1, "M", cc, setEA, page("wtag", 1), when(cc), "x := uint8(0)", "if yes { x = 1 }", put("x", 1))
	}
}

// exchange is XCHG and CMPXCHG with memory. Processors write memory also if CMPXCHG finds
// another value there, so the page must be writable in any case.
func (g *dispatchGen) exchange(op string, n int) {
	if op == "XCHG" {
		g.on(op, n, "MR", 0, setEA, page("wtag", n), get("v", n), put(src, n), src+" = v")
		return
	}
	g.on(op, n, "MR", 0, setEA, page("wtag", n), get("v", n),
		"c.lazy.a, c.lazy.b = "+up("r[RAX]", n)+", "+up("v", n), "c.lazy.r = c.lazy.a - c.lazy.b", kind("lazySub", n),
		"if c.lazy.r == 0 {", put(src, n), "} else { r[RAX] = v }")
}

// compute is the text of an operation on c.lazy.a and c.lazy.b, with its flags.
func compute(op string, n int) string {
	switch op {
	case "ADD":
		return "c.lazy.r = c.lazy.a + c.lazy.b\n" + kind("lazyAdd", n)
	case "SUB", "CMP":
		return "c.lazy.r = c.lazy.a - c.lazy.b\n" + kind("lazySub", n)
	}
	return "c.lazy.r = c.lazy.a " + signs[op] + " c.lazy.b\nc.lazy.a, c.lazy.b = c.lazy.r, 0\n" + kind("lazySub", n)
}

var signs = map[string]string{"ADD": "+", "SUB": "-", "AND": "&", "TEST": "&", "OR": "|", "XOR": "^"}

// two sets c.lazy.a and c.lazy.b and computes.
func two(op, a, b string, n int) string {
	return "c.lazy.a, c.lazy.b = " + up(a, n) + ", " + up(b, n) + "\n" + compute(op, n)
}

func (g *dispatchGen) arithmetic() {
	for _, n := range g.sizes(8, 4, 1) {
		for _, op := range []string{"ADD", "SUB", "AND", "OR", "XOR", "CMP", "TEST"} {
			write := op != "CMP" && op != "TEST"
			toReg, toMem, tag := "", "", "rtag"
			if write {
				toReg, toMem, tag = result(n), put(down("c.lazy.r", n), n), "wtag"
			}
			g.on(op, n, "RR", 0, two(op, dst, src, n), toReg)
			g.on(op, n, "RI", 0, two(op, dst, "u.imm", n), toReg)
			if op != "TEST" { // which has no such form
				g.on(op, n, "RM", 0, load("v", n), two(op, dst, "v", n), toReg)
			}
			g.on(op, n, "MR", 0, setEA, page(tag, n), get("v", n), two(op, "v", src, n), toMem)
			g.on(op, n, "MI", 0, setEA, page(tag, n), get("v", n), two(op, "v", "u.imm", n), toMem)
			if write && n != 1 {
				g.quiet(op, n, "RR", setReg(dst+signs[op]+src, n))
				g.quiet(op, n, "RI", setReg(dst+signs[op]+"u.imm", n))
			}
		}
		g.unary(n)
	}
	for _, n := range g.sizes(8, 4) { // through the carry: flags at once
		for _, op := range [][2]string{{"ADC", "addFlags"}, {"SBB", "subFlags"}} {
			for _, form := range [][2]string{{"RR", src}, {"RI", "u.imm"}} {
				g.on(op[0], n, form[0], 0, carry,
					fmt.Sprintf("v, f := %s(%s, %s, w, %d)", op[1], low(dst, n), low(form[1], n), n),
					dst+" = v", "c.RFLAGS, c.lazy.kind = c.RFLAGS&^FlagsStatus|f, lazyNone")
			}
		}
	}
}

// unary is INC, DEC, NEG and NOT. INC and DEC keep CF, which goes to the parts.
func (g *dispatchGen) unary(n int) {
	one := up("uint64(1)", n)
	for _, op := range []string{"INC", "DEC"} {
		body := "c.lazy.b = " + one + "\nc.lazy.r = v + c.lazy.b\nw |= (c.lazy.r^v)&^v>>63<<11\n"
		step := "+ 1"
		if op == "DEC" {
			body, step = "c.lazy.b = "+one+"\nc.lazy.r = v - c.lazy.b\nw |= v&^c.lazy.r>>63<<11\n", "- 1"
		}
		body += "c.lazy.a = w | " + down("(v^c.lazy.r^c.lazy.b)", n) + "&FlagAF\n" + kind("lazyParts", n)
		g.on(op, n, "R", 0, carry, "v := "+up(dst, n), body, result(n))
		g.on(op, n, "M", 0, setEA, page("wtag", n), get("x", n), carry, "v := "+up("x", n), body, put(down("c.lazy.r", n), n))
		if n != 1 {
			g.quiet(op, n, "R", setReg(dst+step, n))
		}
	}
	g.on("NEG", n, "R", 0, "c.lazy.a, c.lazy.b = 0, "+up(dst, n), "c.lazy.r = -c.lazy.b", kind("lazySub", n), result(n))
	g.on("NOT", n, "R", 0, setReg("^"+dst, n))
}
