package recording

import (
	"math/rand/v2"
	"testing"

	"resvirt/faults"
)

func benchmarked(b *testing.B) *Recording { return recovered(b, quickCampaign(b)) }

// A step back, each from where the last one led.
func BenchmarkBack(b *testing.B) {
	r := benchmarked(b)
	if err := r.Run.Seek(b.Context(), r.Run.End()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Run.Seek(b.Context(), r.Run.Position()-1); err != nil {
			b.Fatal(err)
		}
	}
}

// A jump to anywhere in the run.
func BenchmarkJump(b *testing.B) {
	r := benchmarked(b)
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		if err := r.Run.Seek(b.Context(), r.Run.Start()+random.Uint64N(r.Run.End()-r.Run.Start())); err != nil {
			b.Fatal(err)
		}
	}
}

// A search through the whole run for an instruction that is not there.
func BenchmarkFind(b *testing.B) {
	r := benchmarked(b)
	for b.Loop() {
		if err := r.Run.Seek(b.Context(), r.Run.Start()); err != nil {
			b.Fatal(err)
		}
		if found, err := r.Run.Find(b.Context(), func(_ faults.Machine, e faults.TraceEntry) bool { return e.PC == 1 }); found || err != nil {
			b.Fatal(found, err)
		}
	}
	b.ReportMetric(float64(r.Run.End()-r.Run.Start())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Minstr/s")
}

// The same by its address.
func BenchmarkFindPC(b *testing.B) {
	r := benchmarked(b)
	for b.Loop() {
		if err := r.Run.Seek(b.Context(), r.Run.Start()); err != nil {
			b.Fatal(err)
		}
		if found, err := r.Run.FindPC(b.Context(), []uint64{1}); found || err != nil {
			b.Fatal(found, err)
		}
	}
	b.ReportMetric(float64(r.Run.End()-r.Run.Start())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Minstr/s")
}

// A run opened: executed up to its fault.
func BenchmarkRecord(b *testing.B) {
	r := benchmarked(b)
	c := quickCampaign(b)
	for b.Loop() {
		if _, err := c.recording(r.Row, r.Setting); err != nil {
			b.Fatal(err)
		}
	}
}

// Who wrote a word that nothing wrote, in a page of a stack: its page is the same between
// few marks, and nearly the whole run is executed again.
func BenchmarkWhoWrote(b *testing.B) {
	r := benchmarked(b)
	cpu, _ := stands(b, r)
	pa, ok := r.Run.Machine().Translate(cpu, r.Run.Machine().Register(cpu, 4))
	if !ok {
		b.Fatal("the stack is not mapped")
	}
	if err := r.Run.Seek(b.Context(), r.Run.End()); err != nil {
		b.Fatal(err)
	}
	found, err := true, error(nil)
	for pa &^= 4095; found; pa += 8 { // the deepest part, which is not reached
		if _, found, err = r.WhoWrote(b.Context(), pa, 8); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, found, err := r.WhoWrote(b.Context(), pa-8, 8); found || err != nil {
			b.Fatal(found, err)
		}
	}
}

// The invariants along the whole run.
func BenchmarkHealth(b *testing.B) {
	r := benchmarked(b)
	for b.Loop() {
		if _, err := r.Health(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
