//go:build linux && amd64

package cpu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"testing"
)

// nativeSweep compares cases and keeps score.
type nativeSweep struct {
	t      *testing.T
	h      *hostCPU
	e      *emuCPU
	g      *nativeGen
	done   [NumOps]int
	bad    map[Op]int
	beyond tallyOf        // host executes, the model's processor does not
	lacks  map[string]int // unsupported by the model
	left   tallyOf        // what the comparison left out, by choice

	missing map[Op]string // what the host lacks, with the feature's name
	no16    bool          // nor CMPXCHG16B
}

func newSweep(t *testing.T, seed uint64) *nativeSweep {
	s := &nativeSweep{
		t: t, h: startHost(t), e: startEmu(t), g: newNativeGen(seed),
		bad: map[Op]int{}, beyond: tallyOf{}, lacks: map[string]int{}, left: tallyOf{},
	}
	s.missing, s.no16 = missingOps(s.h.cpuid)
	return s
}

// run compares one case, which is a single instruction unless inst is OpNOP of no length.
func (s *nativeSweep) run(c *nativeCase) {
	if why := s.notRun(c); why != "" {
		s.left.add(why)
		return
	}
	host := s.h.run(c.code, &c.in)
	if host.Vector == vectorDead {
		s.h = startHost(s.t)
		return
	}
	model := s.e.run(c.code, &c.in)
	if c.inst.Op == OpUD && model.Vector == 6 && host.Vector != 6 {
		if name := s.hostAlone(c, &host); name != "" {
			s.beyond.add(name)
			return
		}
	}
	if model.Vector == vectorUnsupported {
		s.lacks[model.What]++
		return
	}
	s.done[c.inst.Op]++
	left, d := s.judge(c, host, model)
	if d != "" { // a virtual host now and then loses a trap: what counts is what it does twice
		left, d = s.judge(c, s.h.run(c.code, &c.in), model)
	}
	s.left.add(left...)
	if d != "" {
		s.bad[c.inst.Op]++
		if s.bad[c.inst.Op] <= 3 {
			s.t.Errorf("{hex: %x, op: %v, %s} %s", c.code, c.inst.Op, stateText(&c.in, &c.inst), d)
		}
	}
}

// hostAlone names the reason why the host may execute what is undefined in the model: an
// extension, or a prefix that selects nothing and that the host does not look at.
func (s *nativeSweep) hostAlone(c *nativeCase, host *nativeEnd) string {
	if name := beyondR1(c.code); name != "" {
		return name
	}
	const ignored = "a prefix that selects nothing, ignored: "
	for _, drop := range [][]byte{{0xf2, 0xf3}, {0x66}, {0x66, 0xf2, 0xf3}} {
		d := *c
		d.code = without(c.code, drop...)
		d.inst, _ = Decode(codePage(d.code)[nativeText:], Mode64)
		if d.inst.Op == OpUD || bytes.Equal(d.code, c.code) {
			continue
		}
		if notCompared(&d.inst) != "" {
			return ignored + d.inst.Op.String()
		}
		if _, bad := s.judge(&d, *host, s.e.run(d.code, &d.in)); bad == "" {
			return ignored + d.inst.Op.String()
		}
	}
	return ""
}

func (s *nativeSweep) judge(c *nativeCase, host, model nativeEnd) (left []string, bad string) {
	m := meetSequence(c.code, &c.in, host, model)
	if c.inst.Len != 0 {
		m = meet(c, host, model)
	}
	m.again = func(code []byte) nativeEnd { return s.e.run(code, &c.in) }
	return m.judge(choices)
}

func stateText(s *nativeState, i *Inst) string {
	if i.Op.Kind() == KindX87 {
		le := binary.LittleEndian
		return fmt.Sprintf("FCW: %#x, FSW: %#x, FTW: %#x, ST0: %x:%x, ST1: %x:%x", le.Uint16(s.FX[:]), le.Uint16(s.FX[fxFSW:]), s.FX[fxFTW],
			le.Uint16(s.FX[fxST+8:]), le.Uint64(s.FX[fxST:]), le.Uint16(s.FX[fxST+24:]), le.Uint64(s.FX[fxST+16:]))
	}
	return fmt.Sprintf("size: %d, regs: %x, flags: %#x", i.Size, s.GPR, s.RFLAGS)
}

// hasModRM tells whether an opcode has a ModRM byte, so that sweeps vary it.
func hasModRM(escape bool, op byte) bool {
	if escape {
		return !(op >= 0x05 && op <= 0x0b || op == 0x0e || op >= 0x30 && op <= 0x3f || op == 0x77 ||
			op >= 0x80 && op <= 0x8f || op >= 0xa0 && op <= 0xa2 || op >= 0xa8 && op <= 0xaa || op >= 0xc8 && op <= 0xcf)
	}
	switch {
	case op < 0x40:
		return op&7 < 4
	case op == 0x63, op == 0x69, op == 0x6b, op >= 0x80 && op <= 0x8f, op == 0xc0, op == 0xc1, op == 0xc6, op == 0xc7,
		op >= 0xd0 && op <= 0xd3, op >= 0xd8 && op <= 0xdf, op == 0xf6, op == 0xf7, op == 0xfe, op == 0xff:
		return true
	}
	return false
}

// skipOpcode leaves out prefixes, escapes, and encodings of later extensions.
func skipOpcode(escape bool, op byte) bool {
	if escape {
		return op == 0x38 || op == 0x3a || op == 0x0f // maps of their own; 3DNow!
	}
	switch op {
	case 0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0xc4, 0xc5, 0x62:
		return true
	}
	return op >= 0x40 && op <= 0x4f
}

// TestNativeOpcodes executes every opcode of the one-byte and 0F maps in all
// ModRM groups and with all prefixes on host and model.
func TestNativeOpcodes(t *testing.T) {
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1))
	for range envNumber("RESVIRT_NATIVE_ROUNDS", 1) {
		s.opcodes()
	}
	s.report()
}

func (s *nativeSweep) opcodes() {
	for n := range 512 {
		if escape, op := n >= 256, byte(n); !skipOpcode(escape, op) {
			var lead []byte
			if escape {
				lead = []byte{0x0f}
			}
			s.opcode(lead, op, hasModRM(escape, op))
		}
	}
	for n := range 256 {
		s.opcode([]byte{0x0f, 0x38}, byte(n), true)
		s.opcode([]byte{0x0f, 0x3a}, byte(n), true)
	}
	for _, op := range []byte{0xf2, 0xf3, 0xf5, 0xf6, 0xf7, 0xf0} {
		s.vex(op)
	}
}

// opcode varies what surrounds an opcode.
func (s *nativeSweep) opcode(lead []byte, op byte, modrm bool) {
	prefixes := [][]byte{nil, nil, {0x66}, {0xf2}, {0xf3}, {0x67}, {0xf0}, {0x66, 0xf3}, {0x64}}
	if len(lead) == 2 {
		prefixes = [][]byte{nil, {0x66}, {0x66}, {0xf2}, {0x66, 0xf2}, {0xf3}, {0xf0, 0x66}}
	}
	regs := 8
	if len(lead) == 2 { // no groups
		regs = 2
	}
	for reg := range regs {
		if len(lead) == 2 {
			reg = s.g.IntN(8)
		}
		for _, mem := range []bool{false, true} {
			for k, p := range prefixes {
				if !modrm && (mem || reg > 1) {
					continue
				}
				if s.g.chance(2) {
					p = s.g.manyPrefixes(p)
				}
				rex, rm := -1, -1
				switch {
				case k == 1 || s.g.chance(25):
					rex = 0x48 | s.g.IntN(8)
				case s.g.chance(40):
					rex = 0x40 | s.g.IntN(8)
				}
				if len(lead) == 0 && op&0xf8 == 0xd8 {
					rm = k & 7 // of x87, each register number is an instruction
				}
				c := s.g.make(shape{p, rex, lead, op, reg, rm, mem})
				s.run(&c)
			}
		}
	}
}

// manyPrefixes puts segment overrides that 64-bit mode ignores before others, so
// that the instruction may get longer than 15 bytes.
func (g *nativeGen) manyPrefixes(p []byte) []byte {
	var many []byte
	for range 5 + g.IntN(11) {
		many = append(many, []byte{0x26, 0x2e, 0x36, 0x3e}[g.IntN(4)])
	}
	return append(many, p...)
}

// vex varies what a VEX prefix says before an opcode.
func (s *nativeSweep) vex(op byte) {
	for n := range 256 {
		table := 2
		if op == 0xf0 {
			table = 3
		}
		lead := []byte{0xc4, byte(s.g.IntN(8)<<5 | table), byte(s.g.IntN(32) << 3)}
		lead[2] = lead[2]&^4 | byte(n&3)
		if op == 0xf0 {
			lead[2] |= 0x78
		}
		c := s.g.make(shape{nil, -1, lead, op, n >> 2 & 7, -1, n&0x20 != 0})
		s.run(&c)
	}
}

// envNumber lets a developer vary or lengthen a test.
func envNumber(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

func (s *nativeSweep) report() {
	s.t.Helper()
	total, never := 0, []string{}
	for op := OpADD; op < NumOps; op++ {
		total += s.done[op]
		if s.done[op] == 0 {
			never = append(never, op.String())
		}
	}
	s.t.Logf("%d cases of %d operations compared", total, int(NumOps-OpADD)-len(never))
	s.t.Logf("not compared: %v", never)
	s.t.Logf("unsupported by the model: %v", s.lacks)
	s.t.Logf("beyond the model's processor: %v", s.beyond)
	s.t.Logf("left out: %v", s.left)
	s.t.Logf("mismatches: %v", s.bad)
}
