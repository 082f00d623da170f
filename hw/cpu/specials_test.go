package cpu

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// special is some instructions of the kinds that random bytes seldom make:
// loads of flags with TF, far calls and frames behind all prefixes, x87 with
// unmasked exceptions, images of its state.
func special(r *rand.Rand, mode Mode) (code []byte) {
	emit := func(b ...byte) { code = append(code, b...) }
	address := func(lead ...byte) { // with the address of an operand at the end
		emit(lead...)
		code = binary.LittleEndian.AppendUint32(code, uint32(twinData+r.Uint64N(0x1e0)*8))
	}
	store := func(disp byte, v uint32) { // mov dword [rsp+disp], v
		code = binary.LittleEndian.AppendUint32(append(code, 0xc7, 0x44, 0x24, disp), v)
	}
	absolute := func(reg byte) []byte { // ModRM of [disp32]
		if mode == Mode32 {
			return []byte{reg<<3 | 5}
		}
		return []byte{reg<<3 | 4, 0x25}
	}
	far := []byte{userCS, 0x10, userCS32, userSS}[r.IntN(4)] // and the upper half of an offset, should 66 count
	store(0xf8, uint32(twinCode&0xffff|r.Uint32()&0xfff)|uint32(userSS)<<16)
	store(0xfc, uint32(far))
	if n := r.IntN(6); n < 4 && mode == Mode64 || n < 2 {
		emit([][]byte{{}, {0x66}, {0x48}, {0x66, 0x48}}[n]...)
	}
	switch r.IntN(10) {
	case 0: // flags with and without TF
		code = []byte{0x68, byte(r.Uint32()), 0, 0, 0, 0x9d}
		code[2] = byte(r.IntN(2)) | 2
	case 1:
		emit(0x0f, 0x07) // sysret
	case 2:
		emit(0x0f, 0x05) // syscall
	case 3:
		emit(0xc8, byte(r.IntN(64)), 0, byte(r.IntN(64))) // enter
	case 4: // lss, lfs, lgs; far call, jmp
		emit([][]byte{{0x0f, 0xb2, 0x44, 0x24, 0xf8}, {0x0f, 0xb4, 0x4c, 0x24, 0xf8}, {0xff, 0x5c, 0x24, 0xf8}, {0xff, 0x6c, 0x24, 0xf8}}[r.IntN(4)]...)
	case 5:
		code = append(code[:0], 0x68, byte(r.Uint32()), 3, 0, 0, 0xd9, 0x2c, 0x24) // push; fldcw [rsp]
	case 6: // with some exception or other unmasked: a load, mostly of a denormal, into a free register
		code = code[:0]
		store(0xf8, r.Uint32()>>10)
		store(0xf0, r.Uint32()&0x3f)
		emit(0xdb, 0xe3, 0xd9, 0x6c, 0x24, 0xf0, 0xd9, 0x44, 0x24, 0xf8)
	case 9:
		emit(0x6d | byte(r.IntN(2))<<1) // ins, outs
	case 7: // fxsave, fxrstor of an image that was saved
		lead := append([]byte{0x0f, 0xae}, absolute(byte(r.IntN(2)))...)
		emit(lead...)
		code = binary.LittleEndian.AppendUint32(code, uint32(twinData+r.Uint64N(4)*0x200))
	case 8:
		address(append([]byte{0xd9}, absolute(6-byte(r.IntN(2))<<1)...)...) // fnstenv, fldenv
	}
	return code
}

// transfers gives SYSCALL and SYSRET somewhere to go.
func transfers(c *CPU, r *rand.Rand) {
	sel := uint64(userCS - 16)
	if r.IntN(4) == 0 {
		sel = userCS32
	}
	c.MSR.STAR = sel<<48 | 0x10<<32 | twinCode&0xffffffff
	c.MSR.LSTAR, c.MSR.CSTAR = twinCode+r.Uint64N(0x1000), twinCode+r.Uint64N(0x1000)
	c.MSR.FMASK = FlagTF * r.Uint64N(2)
	if r.IntN(2) == 0 {
		c.GPR[RCX], c.GPR[R11] = twinCode+r.Uint64N(0x1000), 0x202|FlagTF*r.Uint64N(2)
	}
}

// specials is a program of them, of the dialect that a seed chooses.
func specials(r *rand.Rand, seed uint64) (code []byte) {
	for range 8 {
		code = append(code, special(r, seededDialect(seed).mode)...)
	}
	return code
}

func seededDialect(seed uint64) *dialect { return []*dialect{&dialect64, &dialect32}[seed&1] }

// observed runs a program on both engines and holds each step of the plain one
// against the rules.
func (w *twins) observed(seed uint64, code []byte) {
	w.in = seededDialect(seed)
	r, g := rand.New(rand.NewPCG(seed, 1)), newNativeGen(seed)
	w.starts = 3 // so that start makes it a run that is observed
	w.start(r, g, code)
	for k := 0; k < 20 && w.piece(1+r.Uint64N(60), int64(1+r.Uint64N(30_000))); k++ {
	}
}

// TestSpecialsAgree runs programs that consist of nothing else on both engines.
func TestSpecialsAgree(t *testing.T) {
	w, r := newTwins(t), rand.New(rand.NewPCG(11, 12))
	n := uint64(3000)
	if testing.Short() {
		n = 300
	}
	var retired uint64
	for seed := range n {
		w.observed(seed, specials(r, seed))
		retired += w.fast.Retired
	}
	t.Logf("%d instructions", retired)
	if retired < 10*n {
		t.Errorf("%d programs executed only %d instructions", n, retired)
	}
}
