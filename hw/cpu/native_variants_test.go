package cpu

import (
	"encoding/binary"
	"slices"
	"testing"
)

// variant feeds the comparison what hosts of different makers would have answered:
// the model's end, edited. Ends that a manual allows pass and are counted under
// the choice, ends that none allows do not pass.
type variant struct {
	choice string
	title  string
	code   []byte
	set    func(s *nativeState)
	good   []func(e *nativeEnd) // each makes the end that some other processor has
	wrong  []func(e *nativeEnd)
}

const (
	faultOrder = "which fault of one instruction comes first, at which byte"
	notThere   = 0x7000_0000        // canonical, no memory
	notCanon   = 0x1234_0000_0000_0 // that many zeros make it not canonical
	dataEnd    = nativeData + nativeSize
)

// fault makes an end a fault at the code's first instruction.
func fault(vector int, addr uint64) func(e *nativeEnd) {
	return func(e *nativeEnd) {
		e.Vector, e.Addr, e.RIP = vector, addr, nativeCode+nativeText
	}
}

func flags(toggle uint64) func(e *nativeEnd) {
	return func(e *nativeEnd) { e.RFLAGS ^= toggle }
}

func gpr(r int, v uint64) func(e *nativeEnd) { return func(e *nativeEnd) { e.GPR[r] = v } }

func bytesAt(at uint64, b ...byte) func(e *nativeEnd) {
	return func(e *nativeEnd) { copy(e.Data[at-nativeData:], b) }
}

func fx(at int, b ...byte) func(e *nativeEnd) {
	return func(e *nativeEnd) { copy(e.FX[at:], b) }
}

func both(edits ...func(e *nativeEnd)) func(e *nativeEnd) {
	return func(e *nativeEnd) {
		for _, f := range edits {
			f(e)
		}
	}
}

func regs(pairs ...uint64) func(s *nativeState) {
	return func(s *nativeState) {
		for k := 0; k < len(pairs); k += 2 {
			s.GPR[pairs[k]] = pairs[k+1]
		}
	}
}

type edits = []func(e *nativeEnd)

// sampleState has defined values everywhere, and nothing that faults.
func sampleState() nativeState {
	s := nativeState{RIP: nativeCode + nativeText, RFLAGS: 0x202}
	for r := range s.GPR {
		s.GPR[r] = nativeData + 0x100*uint64(r)
	}
	for k := range s.Data {
		s.Data[k] = byte(k * 7)
	}
	s.GPR[RSP] = nativeData + 0x1000
	le := binary.LittleEndian
	le.PutUint16(s.FX[:], 0x37f)
	le.PutUint32(s.FX[fxMXCSR:], 0x1f80)
	s.FX[fxFTW] = 0xff
	for k := range 8 {
		le.PutUint64(s.FX[fxST+16*k:], 1<<63|uint64(k)<<40)
		le.PutUint16(s.FX[fxST+16*k+8:], 0x3fff)
	}
	for k := range 16 {
		le.PutUint64(s.FX[fxXMM+16*k:], 0x3f80_0000_4000_0000)
		le.PutUint64(s.FX[fxXMM+16*k+8:], 0x4040_0000_4080_0000)
	}
	return s
}

// judgeVariant compares one edited end.
func judgeVariant(e *emuCPU, v *variant, in *nativeState, edit func(e *nativeEnd)) (left []string, bad string) {
	model := e.run(v.code, in)
	host := model
	edit(&host)
	i, st := Decode(v.code, Mode64)
	m := meetSequence(v.code, in, host, model)
	if st == DecodeOK && int(i.Len) == len(v.code) {
		m = meet(&nativeCase{code: v.code, inst: i, in: *in}, host, model)
	}
	m.again = func(code []byte) nativeEnd { return e.run(code, in) }
	return m.judge(choices)
}

// TestChoices shows of every choice that both makers' results pass under its name,
// and that it lets nothing else pass.
func TestChoices(t *testing.T) {
	e := startEmu(t)
	seen := map[string]bool{}
	for _, v := range slices.Concat(variantsOfFaults(), variantsOfResults(), variantsOfX87(), variantsOfCode(e)) {
		seen[v.choice] = true
		in := sampleState()
		if v.set != nil {
			v.set(&in)
		}
		if _, bad := judgeVariant(e, &v, &in, func(*nativeEnd) {}); bad != "" {
			t.Errorf("%s: the model's own result: %s", v.title, bad)
		}
		counted := false
		for n, edit := range v.good {
			left, bad := judgeVariant(e, &v, &in, edit)
			if bad != "" || len(left) > 0 && !slices.Contains(left, v.choice) {
				t.Errorf("%s: a processor's result %d: %q, left out: %q", v.title, n, bad, left)
			}
			counted = counted || len(left) > 0 // one of them may be the model's own
		}
		for n, edit := range v.wrong {
			if left, bad := judgeVariant(e, &v, &in, edit); bad == "" {
				t.Errorf("%s: wrong result %d passes, left out: %q", v.title, n, left)
			}
		}
		if !counted || len(v.wrong) == 0 {
			t.Errorf("%s: nothing to show", v.title)
		}
	}
	for _, ch := range choices {
		if !seen[ch.name] {
			t.Errorf("no variant of %q", ch.name)
		}
		if ch.source == "" {
			t.Errorf("no source of %q", ch.name)
		}
	}
}
