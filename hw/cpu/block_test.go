package cpu

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"resvirt/hw/mem"
)

// twins are two processors in the same state, one for each engine.
type twins struct {
	in          *dialect // of the programs
	t           testing.TB
	plain, fast *CPU
	clean       State
	memory      *mem.Snapshot
	starts      int
}

// Pages of the twins' programs: they follow each other, the last one is a
// second mapping of the first.
const (
	twinCode  = nativeCode + 0x1000
	twinPages = 3
	twinAlias = nativeCode + 0x20_000
	twinData  = nativeData + 0x1000
)

func newTwins(t testing.TB) *twins {
	e := startEmu(t)
	const all = 1 | 2 | 4
	for p := range uint64(twinPages) {
		e.c.Mem.Write64(emuCodePT+8*(p+1), twinCode+p<<12|all)
	}
	e.c.Mem.Write64(emuCodePT+8*0x20, twinCode|all)
	narrowTables(e.c)
	e.c.Bus = zeroBus{}
	w := &twins{in: &dialect64, t: t, plain: e.c, clean: e.c.State, memory: e.c.Mem.Snapshot()}
	second := *e.c
	second.Mem = mem.NewFrom(w.memory)
	w.fast = &second
	return w
}

// start gives both the same state and program.
func (w *twins) start(r *rand.Rand, g *nativeGen, code []byte) {
	var s nativeState
	g.state(&s)
	for n := range s.GPR {
		switch r.IntN(5) {
		case 0, 1:
			s.GPR[n] = twinData + r.Uint64N(0xf00)
		case 2:
			s.GPR[n] = []uint64{twinCode, twinAlias, nativeData, nativeCode}[r.IntN(4)] + r.Uint64N(0x1000)
		}
	}
	s.GPR[RSP] = twinData + 0x800 + r.Uint64N(64)*8
	rip := twinCode + r.Uint64N(uint64(len(code)))
	system, kernel := r.IntN(8), r.IntN(3) == 0
	paging, high, far := r.IntN(9), highHalves(r), r.Uint64()
	w.starts++
	var data []byte // numbers, and addresses of code
	for range 0x1f0 {
		v := g.integer()
		if r.IntN(2) == 0 {
			v = twinCode + r.Uint64N(twinPages<<12)
		}
		data = binary.LittleEndian.AppendUint64(data, v)
	}
	for _, c := range []*CPU{w.plain, w.fast} {
		c.Mem.Restore(w.memory)
		c.State = w.clean
		c.Stop, c.exc, c.EndTurn = Stop{}, exception{}, false
		c.Limit = 1 << 62
		c.GPR, c.RIP, c.RFLAGS = s.GPR, rip, s.RFLAGS
		transfers(c, rand.New(rand.NewPCG(far, 1)))
		fx := s.FX
		c.FPU.unpack(&fx, true, 16)
		switch system { // now and then what fast ways must look at
		case 0:
			c.CR0 |= CR0TS
		case 1:
			c.RFLAGS |= FlagTF
		case 2:
			c.RFLAGS |= FlagAC
		case 3:
			c.RFLAGS |= FlagRF
		case 4: // breakpoints on code and on data
			c.DR[0], c.DR[1], c.DR[7] = twinCode+8, twinData+0x40, dr7One|1<<1|1<<3|3<<20|2<<22
		}
		if kernel {
			c.CPL = 0
			c.Seg[CS] = segmentOf(0x10, c.Mem.Read64(emuGDT+0x10))
			c.Seg[SS] = segmentOf(0x18, c.Mem.Read64(emuGDT+0x18))
		}
		if w.in.mode == Mode32 {
			narrow(c, paging, kernel)
			for n := range c.GPR {
				c.GPR[n] |= high[n]
			}
		}
		c.Mem.WriteBytes(nativeData, s.Data[:])
		c.Mem.WriteBytes(twinData, data)
		c.Mem.WriteBytes(twinCode, code)
		c.Resync()
	}
}

// highHalves are upper halves of registers, which 32-bit code must not see.
func highHalves(r *rand.Rand) (h [16]uint64) {
	for n := range h {
		if r.IntN(4) == 0 {
			h[n] = r.Uint64() << 32
		}
	}
	return h
}

// piece runs both to the same bound and compares them. It reports whether they go on.
func (w *twins) piece(count uint64, time int64) bool {
	a, b := w.plain, w.fast
	end, clock := a.Retired+count, a.Clock+time
	if w.in.mode == Mode32 { // without paging, repeated string instructions may find memory everywhere
		a.Limit, b.Limit = clock, clock
	}
	runs := func(c *CPU) bool {
		return c.Retired < end && c.Clock < clock && c.Activity == Running && c.Stop.Kind == StopNone && !c.EndTurn
	}
	for runs(a) {
		if w.starts&3 == 0 {
			stepObserved(w.t, a)
		} else {
			a.Step()
		}
	}
	for runs(b) {
		b.ExecuteBlocks(&Bound{Clock: clock, Count: end - b.Retired})
	}
	if a.State != b.State || a.EndTurn != b.EndTurn || a.Stop != b.Stop || a.Mem.Digest() != b.Mem.Digest() {
		x, y := a.State, b.State
		x.TLB, y.TLB = TLB{}, TLB{}
		w.t.Fatalf("plain and blocks differ:\n%+v\n%+v\nTLBs equal: %v, memory equal: %v",
			x, y, a.TLB == b.TLB, a.Mem.Digest() == b.Mem.Digest())
	}
	a.EndTurn, b.EndTurn = false, false
	return a.Activity == Running && a.Stop.Kind == StopNone
}

// pool holds encodings: those that the dispatcher executes, by what it makes of them, and
// others.
type pool struct {
	in     *dialect
	keys   []uint16
	known  map[uint16][][]byte
	others [][]byte
	seen   map[uint16]int // executed by the dispatcher, alone
}

func newPool(in *dialect, r *rand.Rand, g *nativeGen) *pool {
	const enough = 4
	p := &pool{in: in, known: map[uint16][][]byte{}, seen: map[uint16]int{}}
	missing := 0
	for key := range in.ops {
		if key.mod != modQuiet {
			missing++
		}
	}
	for range 10_000_000 {
		s := shape{rex: -1, opcode: byte(r.Uint32()), reg: r.IntN(8), rm: -1, mem: r.IntN(2) == 0}
		switch r.IntN(16) {
		case 0, 1, 2, 3:
			s.lead = []byte{0x0f}
		case 4:
			s.lead = []byte{0x0f, 0x38 | byte(r.IntN(2))<<1}
		}
		if r.IntN(2) == 0 && in.mode == Mode64 {
			s.rex = 0x40 | r.IntN(16)
		}
		if r.IntN(4) == 0 {
			s.prefix = []byte{[]byte{0x66, 0xf2, 0xf3, 0xf0, 0x64}[r.IntN(5)]}
		}
		b, _ := g.encode(s)
		i, st := Decode(b, in.mode)
		if st != DecodeOK || i.Op == OpUD {
			continue
		}
		b = b[:i.Len]
		code := in.lower(&i, 0x400).code
		switch l := p.known[code]; {
		case code <= uLast:
			if len(p.others) < 4096 && (i.Op.Kind() != KindX87 || r.IntN(8) == 0) {
				p.others = append(p.others, b)
			}
			continue
		case len(l) < 256:
			p.known[code] = append(l, b)
		}
		if len(p.known[code]) == enough {
			if p.keys = append(p.keys, code); len(p.keys) == missing {
				break
			}
		}
	}
	return p
}

// program is random instructions, most of which the dispatcher knows; branches
// stay near, and much of what is relative to RIP is in the data.
func (p *pool) program(r *rand.Rand) []byte {
	code := make([]byte, 0, twinPages<<12)
	for len(code) < twinPages<<12-32 {
		if r.IntN(64) == 0 {
			code = append(code, special(r, p.in.mode)...)
		}
		key := p.keys[r.IntN(len(p.keys))]
		for k := 0; k < 8 && p.seen[key] > 0; k++ { // rather what was not yet executed
			key = p.keys[r.IntN(len(p.keys))]
		}
		from := p.known[key]
		if r.IntN(20) == 0 {
			from = p.others
		}
		b := slices.Clone(from[r.IntN(len(from))])
		i, _ := Decode(b, p.in.mode)
		if r.IntN(8) != 0 {
			code = p.lead(code, &i, r)
		}
		p.aim(b, &i, uint64(len(code)), r)
		code = append(code, b...)
	}
	return code
}

// lead appends instructions that make the operands of i good ones.
func (p *pool) lead(code []byte, i *Inst, r *rand.Rand) []byte {
	set := func(reg uint8, v uint64) {
		if p.in.mode == Mode32 {
			code = binary.LittleEndian.AppendUint32(append(code, 0xb8|reg&7), uint32(v))
			return
		}
		code = append(code, 0x48|reg>>3, 0xb8|reg&7)
		code = binary.LittleEndian.AppendUint64(code, v)
	}
	memory := i.Prefix&PrefixMem != 0
	switch {
	case memory && i.Index < 16 && i.Index != i.Base:
		set(i.Index, r.Uint64N(32))
		fallthrough
	case memory && i.Base < 16:
		set(i.Base, twinData+r.Uint64N(0x1e0)*8-uint64(i.Disp))
	case i.Op == OpJMPIND || i.Op == OpCALLIND:
		set(i.RM, twinCode+r.Uint64N(twinPages<<12))
	}
	return code
}

// aim writes into b, the encoding of i, a displacement that leads somewhere near; the
// instruction will be at offset at of the program.
func (p *pool) aim(b []byte, i *Inst, at uint64, r *rand.Rand) {
	next := at + uint64(len(b))
	relative := twinCode + next
	if p.in.mode == Mode32 {
		relative = 0
	}
	switch {
	case i.Form == FormImm && (i.Op == OpJMP || i.Op == OpCALL || i.Op == OpJCC) && i.Size == p.in.word:
		if i.Imm+0x80 >= 0x100 { // a displacement of 32 bits
			binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(r.IntN(0x3000)-0x1800))
		}
	case i.Prefix&PrefixMem != 0 && i.Addr == p.in.word && (i.Base == RIPReg || i.Base == NoReg && i.Index == NoReg && p.in.mode == Mode32) && i.Form != FormRMImm && i.Form != FormRegRMImm:
		to := twinData + r.Uint64N(0x1e0)*8
		if r.IntN(8) == 0 {
			to = twinCode + r.Uint64N(twinPages<<12)
		}
		binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(to-relative))
	}
}

// TestBlocksAgree runs random programs on both engines in random pieces, until
// everything that the dispatcher knows has been executed by it.
func TestBlocksAgree(t *testing.T) {
	t.Run("64", func(t *testing.T) { t.Parallel(); blocksAgree(t, &dialect64, 3000) })
	t.Run("32", func(t *testing.T) { t.Parallel(); blocksAgree(t, &dialect32, 1000) })
}

func blocksAgree(t *testing.T, in *dialect, rounds int) {
	w, g := newTwins(t), newNativeGen(5)
	w.in = in
	r := rand.New(rand.NewPCG(5, 6))
	if testing.Short() {
		rounds = 400
	}
	var retired uint64
	p := newPool(in, r, g)
	for n := 0; n < rounds || len(p.seen) < len(p.keys) && n < 10*rounds; n++ {
		code := p.program(r)
		for range 8 {
			w.start(r, g, code)
			for range 30 {
				c := w.fast
				before, rip := c.LongWay(), c.RIP
				var b [15]byte
				single := r.IntN(2) == 0
				if single {
					c.Mem.ReadBytes(rip, b[:]) // pages are mapped one to one
					if !w.piece(1, 100_000) {
						break
					}
					if i, st := Decode(b[:], in.mode); st == DecodeOK && c.LongWay() == before {
						u := in.lower(&i, rip&0xfff)
						p.seen[u.code]++
					}
				} else if !w.piece(1+r.Uint64N(40), int64(1+r.Uint64N(20_000))) {
					break
				}
			}
			retired += w.fast.Retired
		}
	}
	t.Logf("%d instructions, %d of them in the long way", retired, w.fast.LongWay())
	for key, code := range in.ops {
		if p.seen[code] == 0 && key.mod != modQuiet && !testing.Short() {
			t.Errorf("never executed: %v size %d layout %d condition or size %d", key.op, key.size, key.lay, key.sub)
		}
	}
}

// FuzzBlocks compares the engines on any bytes.
func FuzzBlocks(f *testing.F) {
	w := newTwins(f)
	f.Add(uint64(1), []byte{0x48, 0x01, 0xc8, 0x75, 0xfb, 0xc3})
	f.Add(uint64(2), []byte{0xff, 0xc0, 0xc6, 0x05, 1, 0, 0, 0, 0xc8, 0xff, 0xc0, 0xeb, 0xf3})
	f.Add(uint64(3), []byte{0x40, 0x8b, 0x0d, 0, 0x10, 0, 0x20, 0x49, 0x51, 0xe2, 0xf6, 0x5a, 0xc3})
	for n, r := uint64(4), rand.New(rand.NewPCG(9, 9)); n < 40; n++ {
		f.Add(n, specials(r, n))
	}
	f.Fuzz(func(t *testing.T, seed uint64, code []byte) {
		if len(code) == 0 || len(code) > twinPages<<12 {
			return
		}
		w.t = t
		w.observed(seed, code)
	})
}
