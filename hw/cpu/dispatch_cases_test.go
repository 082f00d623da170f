package cpu

import (
	"fmt"
	"strings"
)

// The cases of the dispatcher. Everything that can fail comes first and goes to
// step, before any register or flag has changed.

const setEA = "ea = r[u.base&31] + r[u.index&31]<<(u.scale&3) + u.disp\n"

// page sets h to the host entry of ea and d to the offset, or gives up.
func page(tag string, size int) string {
	return fmt.Sprintf(`h = &c.host[tlbIndex(ea)][mode&3]
		if d = ea - h.%s; d > mem.PageSize-%d {
			goto step
		}
		`, tag, size)
}

// get sets v to size bytes at d, put stores an expression there.
func get(v string, size int) string {
	if size == 1 {
		return v + " = uint64(h.page[d])\n"
	}
	return fmt.Sprintf("%s = uint64(binary.LittleEndian.Uint%d(h.page[d:d+%d]))\n", v, 8*size, size)
}

func put(expr string, size int) string {
	if size == 1 {
		return "h.page[d] = uint8(" + expr + ")\n"
	}
	return fmt.Sprintf("binary.LittleEndian.PutUint%d(h.page[d:d+%d], uint%d(%s))\n", 8*size, size, 8*size, expr)
}

func load(v string, size int) string { return setEA + page("rtag", size) + get(v, size) }

// dst and src are the register operands, low their lowest bytes.
const (
	dst = "r[u.dst&31]"
	src = "r[u.src&31]"
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

func kind(name string, size int) string { return fmt.Sprintf("lk = %s + %d\n", name, 64-8*size) }

// result writes what is in lr to a register; it is shifted up.
func result(size int) string {
	if size == 1 {
		return dst + " = " + dst + "&^0xff | lr>>56\n"
	}
	return dst + " = " + down("lr", size) + "\n"
}

// when sets yes to condition code cc.
func when(cc int) string {
	quick := [8]string{"", "la < lb", "lr == 0", "la <= lb", "int64(lr) < 0", "", "int64(la) < int64(lb)", "int64(la) <= int64(lb)"}[cc>>1]
	known := "lk < lazyAdd"
	if q := cc >> 1; q == 2 || q == 4 {
		known = "lk != lazyNone"
	}
	if cc&1 != 0 && quick != "" {
		quick = "!(" + quick + ")"
	}
	slow := fmt.Sprintf("yes = (&lazyFlags{lk, la, lb, lr}).condition(%d, c.RFLAGS)\n", cc)
	if quick == "" {
		return slow
	}
	return "if " + known + " {\nyes = " + quick + "\n} else {\n" + slow + "}\n"
}

// settle brings RFLAGS up to date, for instructions that write some flags only.
const settle = "c.RFLAGS, lk = (&lazyFlags{lk, la, lb, lr}).settle(c.RFLAGS), lazyNone\n"

func (g *dispatchGen) moves() {
	g.on("NOP", 0, "None", 0)
	for _, n := range []int{8, 4, 1} {
		g.on("MOV", n, "RR", 0, setReg(src, n))
		g.on("MOV", n, "RM", 0, load("v", n), setReg("v", n))
		g.on("MOV", n, "MR", 0, setEA, page("wtag", n), put(src, n))
		g.on("MOV", n, "MI", 0, setEA, page("wtag", n), put("u.imm", n))
		if n != 4 {
			g.on("MOV", n, "RI", 0, setReg("u.imm", n))
		}
	}
	g.on("MOV", 2, "RM", 0, load("v", 2), dst+" = "+dst+"&^0xffff | v")
	g.on("MOV", 2, "MR", 0, setEA, page("wtag", 2), put(src, 2))
	for _, n := range []int{8, 4} {
		g.on("LEA", n, "RM", 0, setEA, setReg("ea", n))
		for _, from := range []int{1, 2} {
			g.on("MOVZX", n, "RR", from, setReg(low(src, from), n))
			g.on("MOVZX", n, "RM", from, load("v", from), setReg("v", n))
			signed := func(v string) string { return fmt.Sprintf("uint64(int64(int%d(%s)))", 8*from, v) }
			g.on("MOVSX", n, "RR", from, setReg(signed(src), n))
			g.on("MOVSX", n, "RM", from, load("v", from), setReg(signed("v"), n))
		}
		for cc := range 16 {
			g.on("CMOV", n, "RR", cc, when(cc), "if v = "+dst+"; yes { v = "+src+" }", setReg("v", n))
		}
		for _, op := range []string{"XCHG", "CMPXCHG"} {
			g.exchange(op, n)
		}
		g.on("XCHG", n, "RR", 0, "v = "+low(dst, n), dst+" = "+low(src, n), src+" = v")
	}
	g.on("MOVSXD", 8, "RR", 0, setReg("uint64(int64(int32("+src+")))", 8))
	g.on("MOVSXD", 8, "RM", 0, load("v", 4), setReg("uint64(int64(int32(v)))", 8))
	for cc := range 16 {
		g.on("SET", 1, "R", cc, when(cc), dst+" &^= 0xff", "if yes { "+dst+"++ }")
	}
}

// exchange is with memory. CMPXCHG writes it in any case.
func (g *dispatchGen) exchange(op string, n int) {
	if op == "XCHG" {
		g.on(op, n, "MR", 0, setEA, page("wtag", n), get("v", n), put(src, n), src+" = v")
		return
	}
	g.on(op, n, "MR", 0, setEA, page("wtag", n), get("v", n),
		"la, lb = "+up("r[RAX]", n)+", "+up("v", n), "lr = la - lb", kind("lazySub", n),
		"if lr == 0 {", put(src, n), "} else { r[RAX] = v }")
}

func (g *dispatchGen) arithmetic() {
	for _, n := range []int{8, 4, 1} {
		for _, op := range []string{"ADD", "SUB", "AND", "OR", "XOR", "CMP", "TEST"} {
			var compute string
			switch op {
			case "ADD":
				compute = "lr = la + lb\n" + kind("lazyAdd", n)
			case "SUB", "CMP":
				compute = "lr = la - lb\n" + kind("lazySub", n)
			default:
				sign := map[string]string{"AND": "&", "TEST": "&", "OR": "|", "XOR": "^"}[op]
				compute = "lr = la " + sign + " lb\nla, lb = lr, 0\n" + kind("lazySub", n)
			}
			write := op != "CMP" && op != "TEST"
			toReg, toMem, tag := "", "", "rtag"
			if write {
				toReg, toMem, tag = result(n), put(down("lr", n), n), "wtag"
			}
			two := func(a, b string) string { return "la, lb = " + up(a, n) + ", " + up(b, n) + "\n" + compute }
			g.on(op, n, "RR", 0, two(dst, src), toReg)
			g.on(op, n, "RI", 0, two(dst, "u.imm"), toReg)
			if op != "TEST" { // which has no such form
				g.on(op, n, "RM", 0, load("v", n), two(dst, "v"), toReg)
			}
			g.on(op, n, "MR", 0, setEA, page(tag, n), get("v", n), two("v", src), toMem)
			g.on(op, n, "MI", 0, setEA, page(tag, n), get("v", n), two("v", "u.imm"), toMem)
		}
		g.unary(n)
	}
	for _, n := range []int{8, 4} { // through the carry: flags at once
		for _, op := range [][2]string{{"ADC", "addFlags"}, {"SBB", "subFlags"}} {
			for _, form := range [][2]string{{"RR", src}, {"RI", "u.imm"}} {
				g.on(op[0], n, form[0], 0, "t = (&lazyFlags{lk, la, lb, lr}).carry(c.RFLAGS)",
					fmt.Sprintf("v, w = %s(%s, %s, t, %d)", op[1], low(dst, n), low(form[1], n), n),
					dst+" = v", "c.RFLAGS, lk = c.RFLAGS&^FlagsStatus|w, lazyNone")
			}
		}
	}
}

// unary is INC, DEC, NEG and NOT. INC and DEC keep CF, which goes to the parts.
func (g *dispatchGen) unary(n int) {
	one := up("uint64(1)", n)
	for _, op := range []string{"INC", "DEC"} {
		compute := "lr = v + lb\nw |= (lr^v)&^v>>63<<11\n"
		if op == "DEC" {
			compute = "lr = v - lb\nw |= v&^lr>>63<<11\n"
		}
		body := "lb = " + one + "\n" + compute + "la = w | " + down("(v^lr^lb)", n) + "&FlagAF\n" + kind("lazyParts", n)
		carry := "w = (&lazyFlags{lk, la, lb, lr}).carry(c.RFLAGS)\n"
		g.on(op, n, "R", 0, carry, "v = "+up(dst, n), body, result(n))
		g.on(op, n, "M", 0, setEA, page("wtag", n), get("t", n), carry, "v = "+up("t", n), body, put(down("lr", n), n))
	}
	g.on("NEG", n, "R", 0, "la, lb = 0, "+up(dst, n), "lr = -lb", kind("lazySub", n), result(n))
	g.on("NOT", n, "R", 0, setReg("^"+dst, n))
}

func (g *dispatchGen) shifts() {
	for _, n := range []int{8, 4} {
		bits := 8 * n
		count := fmt.Sprintf("v = r[RCX] & %d\nif v == 0 {\ngoto step\n}\n", bits-1)
		for _, form := range [][2]string{{"RI", "v = u.imm & " + fmt.Sprint(bits-1) + "\n"}, {"RC", count}} {
			a := low(dst, n)
			// t is the result, w the carry: the last bit that went out.
			body := map[string]string{
				"SHL": fmt.Sprintf("t, w = %s, %s>>(%d-v)&1\nlr = %s\nw |= (lr>>63^w)<<11\n", low(dst+"<<v", n), a, bits, up("t", n)),
				"SHR": fmt.Sprintf("t, w = %s>>v, %s>>(v-1)&1\nlr = %s\nw |= (lr^lr<<1)>>63<<11\n", a, a, up("t", n)),
				"SAR": fmt.Sprintf("t = uint64(int64(int%d(%s)))\nt, w = %s, uint64(int64(t)>>((v-1)&63))&1\nlr = %s\n",
					bits, dst, low("uint64(int64(t)>>v)", n), up("t", n)),
			}
			for _, op := range []string{"SHL", "SHR", "SAR"} {
				g.on(op, n, form[0], 0, form[1], body[op], dst+" = t", "la = w | FlagAF", kind("lazyParts", n))
			}
			for _, op := range []string{"ROL", "ROR"} {
				g.on(op, n, form[0], 0, form[1], settle,
					fmt.Sprintf("%s, v, w = rotate(Op%s, %s, uint(v), %d)", dst, op, a, n), "c.RFLAGS = c.RFLAGS&^v | w&v")
			}
		}
		for _, op := range [][2]string{{"BT", ""}, {"BTS", dst + " |= t\n"}, {"BTR", dst + " &^= t\n"}, {"BTC", dst + " ^= t\n"}} {
			write := op[1]
			if write != "" && n == 4 {
				write += dst + " &= 0xffffffff\n"
			}
			for _, form := range [][2]string{{"RR", src}, {"RI", "u.imm"}} {
				g.on(op[0], n, form[0], 0, fmt.Sprintf("t = 1 << (%s & %d)", form[1], bits-1), "w = "+dst+" & t", settle, write,
					"c.RFLAGS &^= FlagCF", "if w != 0 { c.RFLAGS |= FlagCF }")
			}
		}
	}
}

func (g *dispatchGen) multiplications() {
	for _, n := range []int{8, 4} {
		wide := func(a, b string) string { // v = product, yes = it does not fit
			if n == 4 {
				return fmt.Sprintf("t = uint64(int64(int32(%s)) * int64(int32(%s)))\nv, yes = uint64(uint32(t)), int64(t) != int64(int32(t))\n", a, b)
			}
			return fmt.Sprintf("t, v = mulSigned(%s, %s)\nyes = t != uint64(int64(v)>>63)\n", a, b)
		}
		flags := settle + "if c.RFLAGS &^= FlagCF | FlagOF; yes {\nc.RFLAGS |= FlagCF | FlagOF\n}\n"
		g.on("IMUL2", n, "RR", 0, wide(dst, src), dst+" = v", flags)
		g.on("IMUL2", n, "RM", 0, load("v", n), wide(dst, "v"), dst+" = v", flags)
		g.on("IMUL3", n, "RRI", 0, wide(src, "u.imm"), dst+" = v", flags)
		if n == 8 {
			g.on("MUL", n, "R", 0, "r[RDX], r[RAX] = bits.Mul64(r[RAX], "+dst+")", "yes = r[RDX] != 0", flags)
		} else {
			g.on("MUL", n, "R", 0, "v = uint64(uint32(r[RAX])) * uint64(uint32("+dst+"))",
				"r[RAX], r[RDX] = uint64(uint32(v)), v>>32", "yes = r[RDX] != 0", flags)
		}
	}
}

// toPage sets s to the code page of t, which must be known and executable.
const toPage = "s2 = &c.codes[tlbIndex(t)][mode&3]\nif t-s2.tag >= mem.PageSize {\ngoto step\n}\n"

const jumpFar = "s = s2\ngoto far\n"

// push stores an expression below the stack pointer, in ea.
func push(expr string) string {
	return "ea = r[RSP] - 8\n" + page("wtag", 8) + put(expr, 8) + "r[RSP] = ea\n"
}

func (g *dispatchGen) branches() {
	const near, far = "off = u.imm\ngoto near\n", "t = page + u.imm\n" + toPage
	for cc := range 16 {
		g.on("JCC", 8, "Near", cc, when(cc), "if yes {", near, "}")
		g.on("JCC", 8, "Far", cc, when(cc), "if yes {", far, jumpFar, "}")
	}
	g.on("JMP", 8, "Near", 0, near)
	g.on("JMP", 8, "Far", 0, far, jumpFar)
	g.on("JMPIND", 8, "R", 0, "t = "+dst, toPage, jumpFar)
	g.on("JMPIND", 8, "M", 0, load("t", 8), toPage, jumpFar)
	next := push("page + uint64(u.next)")
	g.on("CALL", 8, "Near", 0, next, near)
	g.on("CALL", 8, "Far", 0, far, next, jumpFar)
	g.on("CALLIND", 8, "R", 0, "t = "+dst, toPage, next, jumpFar)
	g.on("CALLIND", 8, "M", 0, load("t", 8), toPage, next, jumpFar)
	g.on("RET", 8, "None", 0, "ea = r[RSP]", page("rtag", 8), get("t", 8), toPage, "r[RSP] = ea + 8 + u.imm", jumpFar)
}

func (g *dispatchGen) stack() {
	g.on("PUSH", 8, "R", 0, "v = "+dst, push("v"))
	g.on("PUSH", 8, "M", 0, load("v", 8), push("v"))
	g.on("PUSH", 8, "I", 0, push("u.imm"))
	g.on("POP", 8, "R", 0, "ea = r[RSP]", page("rtag", 8), "r[RSP] = ea + 8", get(dst, 8))
	g.on("LEAVE", 8, "None", 0, "ea = r[RBP]", page("rtag", 8), "r[RSP] = ea + 8", get("r[RBP]", 8))
}

func (g *dispatchGen) vectors() {
	const ready = "if !sse {\ngoto step\n}\n"
	const xdst, xsrc = "c.FPU.XMM[u.dst&15]", "c.FPU.XMM[u.src&15]"
	both := get("v", 8) + strings.ReplaceAll(get("w", 8), "d:d+8", "d+8:d+16")
	store := put(xsrc+"[0]", 8) + strings.ReplaceAll(put(xsrc+"[1]", 8), "d:d+8", "d+8:d+16")
	for _, op := range []string{"MOVUPS", "MOVDQU", "MOVAPS", "MOVDQA"} {
		aligned := ""
		if op == "MOVAPS" || op == "MOVDQA" {
			aligned = "if ea&15 != 0 {\ngoto step\n}\n"
		}
		g.on(op, 16, "RR", 0, ready, xdst+" = "+xsrc)
		g.on(op, 16, "RM", 0, ready, setEA, aligned, page("rtag", 16), both, xdst+" = xmm{v, w}")
		g.on(op, 16, "MR", 0, ready, setEA, aligned, page("wtag", 16), store)
	}
	for _, op := range []string{"XORPS", "PXOR"} {
		g.on(op, 16, "RR", 0, ready, xdst+"[0] ^= "+xsrc+"[0]", xdst+"[1] ^= "+xsrc+"[1]")
	}
	g.on("MOVSD", 8, "RR", 0, ready, xdst+"[0] = "+xsrc+"[0]")
	g.on("MOVSD", 8, "RM", 0, ready, load("v", 8), xdst+" = xmm{v, 0}")
	g.on("MOVSD", 8, "MR", 0, ready, setEA, page("wtag", 8), put(xsrc+"[0]", 8))
}
