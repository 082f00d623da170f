package machine

import (
	_ "embed"
	"testing"
)

// ipiKernel is testdata/ipi.S, assembled.
//
//go:embed testdata/ipi.bin
var ipiKernel []byte

// TestIPIKernel sends interrupts among 16 processors in every way there is.
func TestIPIKernel(t *testing.T) {
	var ends []end
	for _, engine := range []Engine{Fast{}, Plain{}} {
		spec := DefaultSpec()
		spec.CPUs, spec.MemBytes, spec.Engine = MaxCPUs, 4<<20, engine
		m, err := New(spec)
		if err != nil {
			t.Fatal(err)
		}
		m.Firmware()
		if err := m.LoadMultiboot(ipiKernel, "", nil); err != nil {
			t.Fatal(err)
		}
		s := m.Run(limit)
		if s.Reason != Exit || s.Code != 1 {
			t.Fatalf("%s engine: %v at position %d, %v: case %d of the table", engine.Name(), s, m.Position(), m.Now(), s.Code>>1)
		}
		ends = append(ends, end{s, m.Digest(), m.Position(), m.Scoped(), ""})
	}
	if ends[0] != ends[1] {
		t.Errorf("the engines differ: %+v", ends)
	}
}
