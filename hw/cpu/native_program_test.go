//go:build linux && amd64

package cpu

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestNativePrograms executes random sequences of instructions, with loops,
// branches, calls and strings, on host and model, in turn by both engines.
func TestNativePrograms(t *testing.T) {
	rounds := int(envNumber("RESVIRT_NATIVE_PROGRAMS", 1500))
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1)+1000)
	vectors, failed := map[int]int{}, 0
	for n := range rounds {
		s.e.step = (*CPU).Step
		if n&1 != 0 {
			s.e.step = func(c *CPU) { c.ExecuteBlocks(&Bound{Clock: math.MaxInt64, Count: 200}) }
		}
		q := nativeProgram{g: s.g}
		for len(q.code) < 0x500 && len(q.units) < 40 {
			q.unit()
		}
		var in nativeState
		q.state(&in)
		bad, v := s.program(q.code, &in)
		vectors[v]++
		if bad != "" { // as with single instructions, the host must do it twice
			bad, _ = s.program(q.code, &in)
		}
		if bad == "" {
			continue
		}
		t.Errorf("sequence %d: %s\n%s", n, bad, s.shortest(&q, &in))
		if failed++; failed == 4 {
			break
		}
	}
	t.Logf("ends by vector: %v", vectors)
	t.Logf("left out: %v", s.left)
	if failed == 0 && vectors[3] < rounds/2 {
		t.Errorf("of %d sequences only %d came to their end", rounds, vectors[3])
	}
}

// program compares a run; it returns the difference and the exception that ended it.
func (s *nativeSweep) program(code []byte, in *nativeState) (string, int) {
	host := s.h.run(code, in)
	if host.Vector == vectorDead {
		s.h = startHost(s.t)
		return "", vectorDead
	}
	model := s.e.run(code, in)
	if host.Vector == vectorHang || model.Vector == vectorHang {
		return "", vectorHang
	}
	m := meetSequence(code, in, host, model)
	m.undefined = FlagAF // see nativeProgram
	m.again = func(code []byte) nativeEnd { return s.e.run(code, in) }
	left, bad := m.judge(choices)
	s.left.add(left...)
	return bad, host.Vector
}

// shortest describes the first unit after which host and model differ.
func (s *nativeSweep) shortest(q *nativeProgram, in *nativeState) string {
	from := 0
	for _, to := range q.units {
		if bad, _ := s.program(q.code[:to], in); bad != "" {
			var b strings.Builder
			for at := from; at < to; {
				i, _ := Decode(q.code[at:to], Mode64)
				n := max(int(i.Len), 1)
				fmt.Fprintf(&b, "%#x: %x %v\n", at, q.code[at:min(at+n, to)], i.Op)
				at += n
			}
			return "after " + b.String() + bad
		}
		from = to
	}
	return "only as a whole"
}

// nativeProgram is a program that is being made. At the end of a unit no flag is undefined
// but AF, and a CMP precedes whatever reads AF.
type nativeProgram struct {
	g     *nativeGen
	code  []byte
	units []int // ends of those at the outermost level
	depth int
	loops bool // R15 counts
}

func (q *nativeProgram) emit(b ...byte) { q.code = append(q.code, b...) }

// set is MOV r64, imm64.
func (q *nativeProgram) set(reg int, v uint64) {
	q.emit(0x48|byte(reg>>3), 0xb8|byte(reg&7))
	for k := range 8 {
		q.emit(byte(v >> (8 * k)))
	}
}

// compare defines all flags.
func (q *nativeProgram) compare() {
	q.emit(0x48, 0x81, 0xf8|byte(q.g.IntN(8)), q.g.immediate(), q.g.immediate(), q.g.immediate(), q.g.immediate())
}

func (q *nativeProgram) unit() {
	n := q.g.IntN(100)
	if q.depth > 0 && n >= 60 && n < 80 {
		n = 0
	}
	switch {
	case n < 60 || len(q.code) > 0x400:
		q.single()
	case n < 70:
		q.forward()
	case n < 76:
		q.loop()
	case n < 80:
		q.call()
	case n < 88:
		q.stack()
	case n < 96:
		q.str()
	default:
		q.flags()
	}
	if q.depth == 0 {
		q.units = append(q.units, len(q.code))
	}
}

// body makes some units and returns their code alone, as if at offset at.
func (q *nativeProgram) body(lead int) []byte {
	start := len(q.code)
	q.emit(make([]byte, lead)...)
	q.depth++
	for range 1 + q.g.IntN(3) {
		q.unit()
	}
	q.depth--
	return q.code[start+lead:]
}

// forward jumps over some units, or not.
func (q *nativeProgram) forward() {
	at := len(q.code)
	n := len(q.body(6))
	c := byte(q.g.IntN(16))
	if n < 128 && q.g.chance(50) { // JCC rel8 behind a NOP of four bytes
		copy(q.code[at:], []byte{0x0f, 0x1f, 0x40, 0, 0x70 | c, byte(n)})
		return
	}
	copy(q.code[at:], []byte{0x0f, 0x80 | c, byte(n), byte(n >> 8), 0, 0})
}

// loop repeats some units that leave R15 alone.
func (q *nativeProgram) loop() {
	q.emit(0x41, 0xbf, byte(1+q.g.IntN(8)), 0, 0, 0)
	was := q.loops
	q.loops = true
	n := len(q.body(0)) + 9
	q.loops = was
	q.emit(0x41, 0xff, 0xcf, 0x0f, 0x85, byte(-n), byte(-n>>8), 0xff, 0xff)
}

// call calls some units that end by RET.
func (q *nativeProgram) call() {
	at := len(q.code)
	n := len(q.body(7)) + 1
	copy(q.code[at:], []byte{0xe8, 2, 0, 0, 0, 0xeb, byte(n)})
	q.emit(0xc3)
	if n > 127 { // the jump over the body is too short: stay in it
		q.code[at+5], q.code[at+6], q.code[len(q.code)-1] = 0x66, 0x90, 0x90
		q.emit(0x48, 0x8d, 0x64, 0x24, 8) // what CALL pushed
	}
}

// stack pushes and pops in all sizes.
func (q *nativeProgram) stack() {
	g := q.g
	for range 1 + g.IntN(3) {
		switch g.IntN(4) {
		case 0:
			q.emit(0x6a, g.immediate(), 0x66, 0x8f, 0xc0|byte(g.IntN(4)), 0x66, 0x5b, 0x48, 0x8d, 0x64, 0x24, 4)
		case 1:
			q.emit(0x41, 0x50|byte(g.IntN(8)), 0x58|byte(g.IntN(4)))
		case 2: // POP into memory relative to what RSP is after it
			q.emit(0x50, 0x8f, 0x44, 0x24, byte(8*g.IntN(8)))
		case 3:
			q.set(RBP, q.place(8))
			q.emit(0xc8, byte(8*g.IntN(8)), 0, byte(g.IntN(3)), 0xc9) // ENTER, LEAVE
		}
	}
}

// flags moves the flags to and from the stack and AH.
func (q *nativeProgram) flags() {
	f := uint32(q.g.Uint64() & FlagsStatus)
	q.compare()
	q.emit(0x9c, 0x9f, 0x58, 0x68, byte(f), byte(f>>8), byte(q.g.IntN(20)/19)<<2, 0, 0x9d) // PUSHF, LAHF, POP RAX, PUSH, POPF
	if q.g.chance(50) {
		q.emit([]byte{0x9e, 0xf5, 0xf9, 0xf8}[q.g.IntN(4)])
	}
}

// str is a string instruction with its registers set.
func (q *nativeProgram) str() {
	g := q.g
	q.set(RSI, q.place(8))
	q.set(RDI, q.place(8))
	q.emit(0xb9, byte(g.IntN(40)), 0, 0, 0, 0xfc|byte(g.IntN(2)))
	q.emit([][]byte{{}, {0xf3}, {0xf2}, {0xf3, 0x67}, {0xf3, 0x66}, {0xf3, 0x48}, {0x48}}[g.IntN(7)]...)
	if q.code[len(q.code)-1]&0xf8 == 0x48 {
		q.emit([]byte{0xa5, 0xa7, 0xab, 0xad, 0xaf}[g.IntN(5)])
	} else {
		q.emit([]byte{0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}[g.IntN(10)])
	}
	q.emit(0xfc)
}

// place is an address for an operand, mostly a good one, off the stack.
func (q *nativeProgram) place(size int) uint64 {
	g := q.g
	n := g.IntN(200)
	if size >= 16 && n >= 8 {
		n = 0
	}
	switch {
	case n < 150:
		return nativeData + 0x100 + uint64(g.IntN(0xc0))*16
	case n < 190:
		return nativeData + 0x100 + uint64(g.IntN(0xc00))
	case n < 199:
		return nativeData + 0x1000 - uint64(g.IntN(size+2))
	}
	return g.place(size)
}

// state is where sequences start.
func (q *nativeProgram) state(s *nativeState) {
	q.g.state(s)
	s.RFLAGS &^= FlagDF
	if q.g.chance(8) {
		s.RFLAGS |= FlagAC
	}
	s.GPR[RSP] = nativeData + 0x1c00
	for r := range s.GPR {
		if r != RSP && q.g.chance(50) {
			s.GPR[r] = q.place(8)
		}
	}
}
