package inspect

import (
	"strings"
	"sync"
	"testing"

	"resvirt/vi/image"
)

// images are those of a system.
var images = []struct {
	pkg  string
	kind image.Kind
}{{"./vi/vmm", image.VMM}, {"./vi/appvm", image.Guest}, {"./vi/control", image.Control}, {"./workloads/unixbench", image.User}}

// opened are the views of images, shared by tests.
var opened = sync.OnceValues(func() (list []*View, err error) {
	for _, i := range images {
		m, err := image.Build(image.Spec{Root: "../..", Pkg: i.pkg, Kind: i.kind})
		if err != nil {
			return nil, err
		}
		v, err := Open(m)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
})

func views(t testing.TB) []*View {
	t.Helper()
	list, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Where frames lie is found in two ways: .debug_frame says it of compiled functions, and
// following the instructions, which is for assembly, must find the same.
func TestFollowingCodeFindsTheFramesOfDebugInformation(t *testing.T) {
	for _, v := range views(t) {
		d, err := v.details()
		if err != nil {
			t.Fatal(err)
		}
		compared, functions := 0, 0
		for _, c := range d.codes {
			start, end := c.low+v.image.Slide, c.high+v.image.Slide
			if strings.HasSuffix(c.file, ".s") || v.gone(d, c) {
				continue
			}
			functions++
			for pc, s := range v.follow(d, start, end).states {
				if pc >= end {
					continue // behind a call that does not return
				}
				want, ok := d.frameAt(pc - v.image.Slide)
				sp := s.reg[RSP]
				if !ok || sp.kind != relative || sp.n != 0 {
					t.Fatalf("%s: rule %v, RSP %v", v.image.Where(pc), ok, sp)
				}
				if compared++; 8-sp.off != want {
					t.Errorf("%s: the frame begins %d above RSP, .debug_frame says %d", v.image.Where(pc), 8-sp.off, want)
				}
			}
		}
		t.Logf("%s: %d instructions of %d functions", v.image.Name, compared, functions)
		if compared < 2000 || functions < 30 {
			t.Errorf("%s: only %d instructions of %d functions were compared", v.image.Name, compared, functions)
		}
	}
}
