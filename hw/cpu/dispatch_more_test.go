package cpu

import (
	"fmt"
	"strings"
)

// More cases of the dispatcher: shifts, multiplications, branches, the stack,
// vectors, and a comparison with the branch after it.

func (g *dispatchGen) shifts() {
	for _, n := range g.sizes(8, 4) {
		g.carried(n)
		bits := 8 * n
		extend := ""
		if n == 4 {
			extend = dst + " &= 0xffffffff\n"
		}
		count := fmt.Sprintf("v := r[RCX] & %d\nif v == 0 { // flags stay\n%sbreak\n}\n", bits-1, extend)
		imm := "v := u.imm & " + fmt.Sprint(bits-1) + "\n"
		for _, form := range [][2]string{{"RI", imm}, {"RC", count}} {
			a := low(dst, n)
			// x is the result, w the carry: the last bit that went out.
			body := map[string]string{
				"SHL": fmt.Sprintf("x, w := %s, %s>>((%d-v)&63)&1\nc.lazy.r = %s\nw |= (c.lazy.r>>63^w)<<11\n", low(dst+"<<(v&63)", n), a, bits, up("x", n)),
				"SHR": fmt.Sprintf("x, w := %s>>(v&63), %s>>((v-1)&63)&1\nc.lazy.r = %s\nw |= (c.lazy.r^c.lazy.r<<1)>>63<<11\n", a, a, up("x", n)),
				"SAR": fmt.Sprintf("y := int64(int%d(%s))\nx, w := %s, uint64(y>>((v-1)&63))&1\nc.lazy.r = %s\n",
					bits, dst, low("uint64(y>>(v&63))", n), up("x", n)),
			}
			silent := map[string]string{"SHL": low(dst+"<<(v&63)", n), "SHR": a + ">>(v&63)",
				"SAR": low(fmt.Sprintf("uint64(int64(int%d(%s))>>(v&63))", bits, dst), n)}
			for _, op := range []string{"SHL", "SHR", "SAR"} {
				g.on(op, n, form[0], 0, form[1], body[op], dst+" = x", "c.lazy.a = w | FlagAF", kind("lazyParts", n))
				if form[0] == "RI" {
					g.quiet(op, n, "RI", imm, dst+" = "+silent[op])
				}
			}
			g.rotates(n, form[0], form[1])
		}
		for _, op := range [][2]string{{"BT", ""}, {"BTS", dst + " |= x\n"}, {"BTR", dst + " &^= x\n"}, {"BTC", dst + " ^= x\n"}} {
			write := op[1]
			if write != "" && n == 4 {
				write += dst + " &= 0xffffffff\n"
			}
			for _, form := range [][2]string{{"RR", src}, {"RI", "u.imm"}} {
				g.on(op[0], n, form[0], 0, fmt.Sprintf("v := %s & %d", form[1], bits-1), fmt.Sprintf("x, w := uint64(1)<<v, %s>>v&1", dst),
					"_ = x", write, setCarry)
			}
		}
	}
}

// rotates are ROL and ROR: CF is the bit that went around last. OF is set if the top two
// bits differ after a right rotation, top bit and carry after a left one.
func (g *dispatchGen) rotates(n int, lay, count string) {
	bits := 8 * n
	left := fmt.Sprintf("bits.RotateLeft%d(uint%[1]d(%s), int(v))", bits, dst)
	right := strings.Replace(left, "int(v)", "-int(v)", 1)
	flags := map[string]string{
		"ROL": fmt.Sprintf("w := x & 1\nw |= (x>>%d^w)<<11\n", bits-1),
		"ROR": fmt.Sprintf("w := x>>%d | (x>>%[1]d^x>>%d)&1<<11\n", bits-1, bits-2),
	}
	for _, op := range [][2]string{{"ROL", left}, {"ROR", right}} {
		g.on(op[0], n, lay, 0, count, "x := uint64("+op[1]+")", flags[op[0]], dst+" = x", setCarryAndOverflow)
		if lay == "RI" {
			g.quiet(op[0], n, lay, count, dst+" = uint64("+op[1]+")")
		}
	}
}

// carried are RCL and RCR by one.
func (g *dispatchGen) carried(n int) {
	top := 8*n - 1
	g.on("RCL", n, "RI", 0, carry, "v := "+low(dst, n), "x := "+low("v<<1|w&1", n), fmt.Sprintf("w = v>>%d", top),
		fmt.Sprintf("w |= (x>>%d^w)&1<<11", top), dst+" = x", setCarryAndOverflow)
	g.on("RCR", n, "RI", 0, carry, "v := "+low(dst, n), fmt.Sprintf("x := v>>1 | w&1<<%d", top),
		fmt.Sprintf("w = v&1 | (x>>%d^x>>%d)&1<<11", top, top-1), dst+" = x", setCarryAndOverflow)
}

func (g *dispatchGen) multiplications() {
	for _, n := range g.sizes(8, 4) {
		wide := func(a, b string) string { // x = product, yes = it does not fit
			if n == 4 {
				return fmt.Sprintf("y := int64(int32(%s)) * int64(int32(%s))\nx, yes := uint64(uint32(y)), y != int64(int32(y))\n", a, b)
			}
			return fmt.Sprintf("y, x := mulSigned(%s, %s)\nyes := y != uint64(int64(x)>>63)\n", a, b)
		}
		flags := "var w uint64\nif yes {\nw = FlagCF | FlagOF\n}\n" + setCarryAndOverflow
		product := func(a, b string) string { return dst + " = " + low(a+"*"+b, n) }
		g.on("IMUL2", n, "RR", 0, wide(dst, src), dst+" = x", flags)
		g.on("IMUL2", n, "RM", 0, load("v", n), wide(dst, "v"), dst+" = x", flags)
		g.on("IMUL3", n, "RRI", 0, wide(src, "u.imm"), dst+" = x", flags)
		g.quiet("IMUL2", n, "RR", product(dst, src))
		g.quiet("IMUL3", n, "RRI", product(src, "u.imm"))
		if n == 8 {
			g.on("MUL", n, "R", 0, "r[RDX], r[RAX] = bits.Mul64(r[RAX], "+dst+")", "yes := r[RDX] != 0", flags)
		} else {
			g.on("MUL", n, "R", 0, "x := uint64(uint32(r[RAX])) * uint64(uint32("+dst+"))",
				"r[RAX], r[RDX] = uint64(uint32(x)), x>>32", "yes := r[RDX] != 0", flags)
		}
	}
}

// toPage sets s to the code page of t, which must be known and executable.
const toPage = `s2 := &c.codes[tlbIndex(t)][mode&3]
	if t-s2.tag >= mem.PageSize {
		if s2 = c.code(t); s2 == nil {
			goto step
		}
	}
	`

const (
	jumpFar    = "s = s2\ngoto far\n"
	jumpDirect = "s = s2\ngoto direct\n"
)

// push stores an expression below the stack pointer.
func (g *dispatchGen) push(expr string) string { return g.store(page("wtag", g.word), expr) }

// pop sets v to what is at an address, which goes to ea, and moves the stack
// pointer beyond it.
func (g *dispatchGen) pop(at, beyond string) string {
	return "ea := " + g.cut(at) + "\n" + page("rtag", g.word) + get("v", g.word) + beyond
}

// pushToo is push for an instruction that has read memory before. It does not
// begin again, because its two pages may compete for a place in the TLB.
func (g *dispatchGen) pushToo(expr string) string {
	return g.store(pageOr("goto step", "wtag", g.word), expr)
}

func (g *dispatchGen) store(find, expr string) string {
	return "ea := " + g.cut(fmt.Sprint("r[RSP] - ", g.word)) + "\n" + find + put(expr, g.word) + "r[RSP] = ea\n"
}

func (g *dispatchGen) branches() {
	w := g.word
	near, far := "off = u.imm\ngoto near\n", "t = "+g.cut("page + u.imm")+"\n"+toPage
	for cc := range 16 {
		g.on("JCC", w, "Near", cc, when(cc), "if yes {", near, "}")
		g.on("JCC", w, "Far", cc, when(cc), "if yes {", far, jumpDirect, "}")
	}
	g.on("JMP", w, "Near", 0, near)
	g.on("JMP", w, "Far", 0, far, jumpDirect)
	g.on("JMPIND", w, "R", 0, "t = "+g.cut(dst), toPage, jumpFar)
	g.on("JMPIND", w, "M", 0, load("v", w), "t = v", toPage, jumpFar)
	next := g.push("page + uint64(u.next)")
	g.on("CALL", w, "Near", 0, next, near)
	g.on("CALL", w, "Far", 0, far, next, jumpDirect)
	g.on("CALLIND", w, "R", 0, "t = "+g.cut(dst), toPage, next, jumpFar)
	g.on("CALLIND", w, "M", 0, "{", load("v", w), "t = v\n}", toPage, g.pushToo("page + uint64(u.next)"), jumpFar)
	beyond := "r[RSP] = " + g.cut(fmt.Sprintf("ea + %d + u.imm", w)) + "\n"
	g.on("RET", w, "None", 0, g.pop("r[RSP]", "t = v\n"+toPage+beyond), jumpFar)
}

func (g *dispatchGen) stack() {
	w := g.word
	beyond := "r[RSP] = " + g.cut(fmt.Sprint("ea + ", w)) + "\n"
	g.on("PUSH", w, "R", 0, "v := "+dst, g.push("v"))
	g.on("PUSH", w, "M", 0, "var x uint64\n{", load("v", w), "x = v\n}", g.pushToo("x"))
	g.on("PUSH", w, "I", 0, g.push("u.imm"))
	g.on("POP", w, "R", 0, g.pop("r[RSP]", beyond), dst+" = v")
	g.on("PAUSE", 4, "None", 0, "c.EndTurn = true", "off = uint64(u.next)", "goto out")
	g.on("LEAVE", w, "None", 0, g.pop("r[RBP]", beyond), "r[RBP] = v")
}

// flags are instructions that change flags of the system. Setting IF stays in
// the block if nothing is pending; the shadow of STI then ends with the
// instruction after it, which must be one of the block.
func (g *dispatchGen) flags() {
	const kernel = "if c.CPL != 0 {\ngoto step\n}\n"
	g.on("CLD", 0, "None", 0, "c.RFLAGS &^= FlagDF")
	g.on("CLI", 0, "None", 0, kernel, "c.RFLAGS &^= FlagIF")
	g.on("STI", 0, "None", 0, kernel,
		"if c.RFLAGS&FlagIF == 0 && ((*uop)(unsafe.Add(unsafe.Pointer(u), uopStride)).code <= uEnd || c.interruptible()) {\ngoto step\n}",
		"c.RFLAGS |= FlagIF")
	for _, op := range []string{"CLAC", "STAC"} {
		change := "c.RFLAGS |= FlagAC"
		if op == "CLAC" {
			change = "c.RFLAGS &^= FlagAC"
		}
		g.on(op, 0, "None", 0, kernel, change, "off = uint64(u.next)", "goto out") // which pages are for whom changes
	}
	w := g.word
	g.on("PUSHF", w, "None", 0, "v := c.lazy.settle(c.RFLAGS)", g.push("v &^ (FlagRF | FlagVM)"))
	g.on("POPF", w, "None", 0, kernel, g.pop("r[RSP]", "f := c.lazy.settle(c.RFLAGS)"),
		"if (v^f)&^(FlagsStatus|FlagDF|FlagIF) != 0 || v&(FlagVIF|FlagVIP) != 0 || v&^f&FlagIF != 0 && c.interruptible() {\ngoto step\n}",
		"c.RFLAGS, c.lazy.kind = v, lazyNone", "r[RSP] = "+g.cut(fmt.Sprint("ea + ", w)))
}

func (g *dispatchGen) vectors() {
	const ready = "if !sse {\ngoto step\n}\n"
	const xdst, xsrc = "c.FPU.XMM[u.dst&15]", "c.FPU.XMM[u.src&15]"
	for _, op := range []string{"MOVUPS", "MOVDQU", "MOVAPS", "MOVDQA"} {
		aligned := ""
		if op == "MOVAPS" || op == "MOVDQA" {
			aligned = "if ea&15 != 0 {\ngoto step\n}\n"
		}
		g.on(op, 16, "RR", 0, ready, xdst+" = "+xsrc)
		g.on(op, 16, "RM", 0, ready, setEA, aligned, page("rtag", 16), xdst+" = *(*xmm)(p)")
		g.on(op, 16, "MR", 0, ready, setEA, aligned, page("wtag", 16), "*(*xmm)(p) = "+xsrc)
	}
	g.on("MOVSD", 8, "RR", 0, ready, xdst+"[0] = "+xsrc+"[0]")
	g.on("MOVSD", 8, "RM", 0, ready, load("v", 8), xdst+" = xmm{v, 0}")
	g.on("MOVSD", 8, "MR", 0, ready, setEA, page("wtag", 8), put(xsrc+"[0]", 8))
	g.on("MOVQ", 8, "RR", 0, ready, xdst+" = xmm{"+xsrc+"[0], 0}")
	g.on("MOVQ", 8, "RM", 0, ready, load("v", 8), xdst+" = xmm{v, 0}")
	g.on("MOVQ", 8, "MR", 0, ready, setEA, page("wtag", 8), put(xsrc+"[0]", 8))
	for _, n := range g.sizes(8, 4) {
		g.on("MOVD", n, "RR", 0, ready, xdst+" = xmm{"+low(src, n)+", 0}")
		g.on("MOVD", n, "RR", 1, ready, dst+" = "+low(xsrc+"[0]", n))
		g.on("MOVD", n, "RM", 0, ready, load("v", n), xdst+" = xmm{v, 0}")
		g.on("MOVD", n, "MR", 0, ready, setEA, page("wtag", n), put(xsrc+"[0]", n))
		g.on("CVTSI2SD", n, "RR", 0, ready, fmt.Sprintf("v := int64(int%d(%s))", 8*n, src), "if v != v<<11>>11 {\ngoto step\n}", // not exact
			xdst+"[0] = math.Float64bits(float64(v))")
	}
	g.vectorArithmetic(ready, xdst, xsrc)
	g.doubles(ready, xdst, xsrc)
}

// vectorArithmetic are operations on both halves alike; a and b stand for them.
func (g *dispatchGen) vectorArithmetic(ready, xdst, xsrc string) {
	const lanes = "uint64(uint32(a%[1]sb)) | (a>>32%[1]sb>>32)<<32"
	for _, row := range [][]string{
		{"a ^ b", "PXOR", "XORPS", "XORPD"}, {"a & b", "PAND", "ANDPS", "ANDPD"}, {"a | b", "POR", "ORPS", "ORPD"},
		{"b &^ a", "PANDN", "ANDNPS", "ANDNPD"}, {"a + b", "PADDQ"}, {"a - b", "PSUBQ"},
		{fmt.Sprintf(lanes, "+"), "PADDD"}, {fmt.Sprintf(lanes, "-"), "PSUBD"},
	} {
		for _, op := range row[1:] {
			text := fmt.Sprintf("for k := range 2 {\na, b := %[1]s[k], %[2]s[k]\n%[1]s[k] = %[3]s\n}", xdst, xsrc, row[0])
			g.on(op, 16, "RR", 0, ready, text)
		}
	}
	for _, row := range [][2]string{{"PSRLQ", "a >> n"}, {"PSLLQ", "a << n"},
		{"PSRLD", "uint64(uint32(a)>>n) | a>>32>>n<<32"}, {"PSLLD", "uint64(uint32(a)<<n) | uint64(uint32(a>>32)<<n)<<32"}} {
		g.on(row[0], 16, "RI", 0, ready, fmt.Sprintf("n := u.imm & 0xff\nfor k := range 2 {\na := %[1]s[k]\n%[1]s[k] = %[2]s\n}", xdst, row[1]))
	}
}

// doubles is arithmetic that the host does alike, see block_double.go.
func (g *dispatchGen) doubles(ready, xdst, xsrc string) {
	for _, op := range []string{"add", "sub", "mul", "div"} {
		compute := func(b string) string {
			return fmt.Sprintf("x, ok := %[1]sDouble(c.FPU.MXCSR, %[2]s[0], %[3]s)\nif !ok {\ngoto step\n}\n%[2]s[0] = x\n", op, xdst, b)
		}
		g.on(strings.ToUpper(op)+"SD", 8, "RR", 0, ready, compute(xsrc+"[0]"))
		g.on(strings.ToUpper(op)+"SD", 8, "RM", 0, ready, load("v", 8), compute("v"))
	}
	compare := func(b string) string {
		return fmt.Sprintf("x, ok := compareDouble(%s[0], %s)\nif !ok {\ngoto step\n}\n", xdst, b) +
			"c.RFLAGS, c.lazy.kind = c.RFLAGS&^FlagsStatus|x, lazyNone\n"
	}
	g.on("UCOMISD", 8, "RR", 0, ready, compare(xsrc+"[0]"))
	g.on("UCOMISD", 8, "RM", 0, ready, load("v", 8), compare("v"))
}

// fused are comparisons with the branch after them, which stays in the page.
func (g *dispatchGen) fused() {
	const jump = "if %s {\noff = uint64(u.to)\ngoto near\n}\n"
	for _, n := range g.sizes(8, 4, 1) {
		for cc := range 16 {
			if quick(cc) == "" {
				continue
			}
			yes := fmt.Sprintf(jump, quick(cc))
			for _, op := range []string{"CMP", "TEST"} {
				g.pair(op, n, "RR", cc, two(op, dst, src, n), yes)
				g.pair(op, n, "RI", cc, two(op, dst, "u.imm", n), yes)
				if op == "CMP" {
					g.pair(op, n, "RM", cc, load("v", n), two(op, dst, "v", n), yes)
					g.pair(op, n, "MR", cc, setEA, page("rtag", n), get("v", n), two(op, "v", src, n), yes)
				}
				g.pair(op, n, "MI", cc, setEA, page("rtag", n), get("v", n), two(op, "v", "u.imm", n), yes)
			}
		}
	}
}
