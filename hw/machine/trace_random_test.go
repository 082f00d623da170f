package machine

import (
	"bytes"
	"testing"

	"resvirt/hw/cpu"
	"resvirt/sim"
)

// TestRandomTraces traces random kernels: the trace is the same by either engine, has each
// instruction that retires once, and changes nothing.
func TestRandomTraces(t *testing.T) {
	kernels, seed := randomNumbers()
	bases := map[int]*Snapshot{1: fuzzBase(1), 2: fuzzBase(2)}
	r := sim.Stream(seed, t.Name())
	for range kernels {
		data := randomKernel(&r)
		load := func(e Engine) *Machine {
			m := NewFrom(bases[1+int(data[0]&fuzzTwo)/fuzzTwo])
			m.SetEngine(e)
			fuzzLoad(m, data)
			return m
		}
		untraced := load(Fast{})
		end := untraced.Run(fuzzEnd)
		var traces [2][]TraceEntry
		for k, e := range []Engine{Plain{}, Fast{}} {
			m := load(e)
			retired, bases := make([]uint64, len(m.cpus)), make([]uint64, len(m.cpus))
			m.Trace(func(e TraceEntry) {
				if n := len(traces[k]); n != 0 {
					if last := traces[k][n-1]; last.CPU != e.CPU && last.Position == e.Position && m.CPU(last.CPU).RIP == last.PC && m.CPU(last.CPU).Seg[cpu.CS].Base == bases[last.CPU] && !repeats(m, last) {
						t.Errorf("%s: %+v was traced before it was executed", m.spec.Engine.Name(), last)
					}
				}
				traces[k] = append(traces[k], e)
				bases[e.CPU] = m.CPU(e.CPU).Seg[cpu.CS].Base
				if c := m.cpus[e.CPU]; c.Retired == retired[e.CPU] {
					retired[e.CPU]++
				} else if c.Retired+1 != retired[e.CPU] { // it faulted, or is repeated
					t.Errorf("%s: CPU %d retired %d instructions, traced %d", m.spec.Engine.Name(), e.CPU, c.Retired, retired[e.CPU])
				}
			})
			sameFuzz(t, "traced machine", untraced, m, end, m.Run(fuzzEnd))
		}
		for i := range min(len(traces[0]), len(traces[1])) {
			if traces[0][i] != traces[1][i] {
				t.Errorf("entry %d: %+v, plain: %+v", i, traces[1][i], traces[0][i])
				break
			}
		}
		if len(traces[0]) != len(traces[1]) {
			t.Errorf("%d instructions traced, plain: %d", len(traces[1]), len(traces[0]))
		}
		if t.Failed() {
			t.Fatalf("data %x", data)
		}
	}
}

// repeats tells whether an instruction may give way to another processor when it has begun.
func repeats(m *Machine, e TraceEntry) bool {
	var code [8]byte
	if m.ReadCode(e.CPU, m.CPU(e.CPU).Seg[cpu.CS].Base+e.PC, code[:]) != nil {
		return false
	}
	const prefixes, strings = "\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3@ABCDEFGHIJKLMNO", "\x6c\x6d\x6e\x6f\xa4\xa5\xa6\xa7\xaa\xab\xac\xad\xae\xaf"
	op := code[:]
	for len(op) > 1 && bytes.IndexByte([]byte(prefixes), op[0]) >= 0 {
		op = op[1:]
	}
	return bytes.IndexByte([]byte(strings), op[0]) >= 0
}
