package recording

import (
	"bytes"
	"strings"
	"testing"

	"resvirt/faults"
)

// Each line, each probe and each end of a VM stands at the first position at which it is so.
func TestPrinted(t *testing.T) {
	t.Parallel()
	r := recovered(t, quickCampaign(t))
	list, err := r.Printed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := func(p Position) faults.Machine {
		if err := r.Run.Seek(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		return r.Run.Machine()
	}
	first := bytes.Count(m(r.Run.Start()).Serial(), []byte("\n"))
	if n := bytes.Count(m(r.Run.End()).Serial(), []byte("\n")) - first; n != len(list)-count(list, Gone) {
		t.Errorf("%d lines are printed from the start on, %d are told of", n, len(list)-count(list, Gone))
	}
	for i, e := range list {
		if i > 0 && e.Position < list[i-1].Position {
			t.Errorf("%d comes after %d", e.Position, list[i-1].Position)
		}
		switch e.Kind {
		case Gone:
			if r.vms(m(e.Position))[e.VM] || !r.vms(m(e.Position - 1))[e.VM] {
				t.Errorf("%s does not end at %d", e.VM, e.Position)
			}
		default:
			said := string(m(e.Position).Serial())
			if !strings.HasSuffix(said, "\n") || !strings.Contains(said[max(0, len(said)-len(e.Name)-10):], e.Name) {
				t.Errorf("at %d the console does not end with %q", e.Position, e.Name)
			}
			if before := string(m(e.Position - 1).Serial()); before == said {
				t.Errorf("%q was there before %d", e.Name, e.Position)
			}
		}
	}
	passed := map[string]bool{}
	for _, e := range list {
		if e.Probe == faults.ProbePassed {
			passed[e.VM] = true
		}
	}
	for _, v := range r.Row.Verdicts {
		if (v.Probe == faults.ProbePassed) != passed[v.VM] {
			t.Errorf("probe of %s: %q in the row, in the list %v", v.VM, v.Probe, passed[v.VM])
		}
	}
	if count(list, Gone) == 0 {
		t.Error("no VM ends")
	}
}

func count(list []Event, k EventKind) (n int) {
	for _, e := range list {
		if e.Kind == k {
			n++
		}
	}
	return n
}

func BenchmarkPrinted(b *testing.B) {
	r := benchmarked(b)
	for b.Loop() {
		if _, err := r.Printed(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
