package faults_test

import (
	"testing"

	"resvirt/faults"
)

func draw(i int) faults.Plan {
	m := faults.Model{Kinds: []faults.Kind{faults.Failstop, faults.RegisterFlip}, From: 100, To: 900, Instructions: 20000}
	return faults.Draw("campaign", i, m, faults.Span{Start: 1000, End: 1001000})[0]
}

// A fault depends on campaign and index alone, not on which were drawn before.
func TestDrawIsAFunction(t *testing.T) {
	late := draw(17)
	for i := range 17 {
		draw(i)
	}
	if draw(17) != late || draw(17) == draw(19) {
		t.Error("fault 17 is not always the same")
	}
}

func TestDrawIsUniform(t *testing.T) {
	const n = 40000
	var time, instructions [10]int
	registers := map[faults.Register]int{}
	bits := map[uint8]int{}
	flags := map[uint8]int{}
	for i := range n {
		p := draw(i)
		if p.Kind != []faults.Kind{faults.Failstop, faults.RegisterFlip}[i%2] {
			t.Fatal("kinds do not take turns")
		}
		since := p.Time - 1000
		if since < 100000 || since > 900000 || p.N > 20000 {
			t.Fatalf("fault %d at %v + %d", i, p.Time, p.N)
		}
		time[min(9, (since-100000)/80000)]++
		instructions[min(9, p.N/2000)]++
		if p.Kind != faults.RegisterFlip {
			continue
		}
		registers[p.Register]++
		if p.Register == faults.RFLAGS {
			flags[p.Bit]++
		} else {
			bits[p.Bit]++
		}
	}
	for i := range time {
		even(t, "tenth of the time", time[i], n/10)
		even(t, "tenth of the instructions", instructions[i], n/10)
	}
	if len(registers) != 18 || len(bits) != 64 || len(flags) != 17 {
		t.Errorf("%d registers, %d bits, %d flags", len(registers), len(bits), len(flags))
	}
	for _, k := range registers {
		even(t, "register", k, n/2/18)
	}
	for _, b := range []uint8{1, 3, 5, 15, 17, 22, 63} {
		if flags[b] > 0 {
			t.Errorf("bit %d of RFLAGS does not exist and was drawn", b)
		}
	}
}

// even allows five standard deviations.
func even(t *testing.T, what string, got, want int) {
	t.Helper()
	if d := got - want; d*d > 25*want {
		t.Errorf("%s: %d, expected about %d", what, got, want)
	}
}

func TestWholeWindow(t *testing.T) {
	m := faults.Model{Kinds: []faults.Kind{faults.Null}, From: 0, To: 1000}
	for i := range 100 {
		if p := faults.Draw("c", i, m, faults.Span{Start: 5, End: 6})[0]; p.Time < 5 || p.Time > 6 || p.N != 0 {
			t.Errorf("%+v", p)
		}
	}
}

// Every value of every other type of fault is drawn, and evenly.
func TestOtherKindsAreUniform(t *testing.T) {
	const n = 30000
	kinds := []faults.Kind{faults.Code, faults.Memory, faults.Software}
	m := faults.Model{Kinds: kinds, From: 100, To: 900, Instructions: 20000}
	var offsets [faults.CodeReach]int
	var classes [faults.Classes]int
	var codeBits, memoryBits [8]int
	var tenth [10]int
	for i := range n {
		p := faults.Draw("c", i, m, faults.Span{Start: 0, End: 1000000})[0]
		switch p.Kind {
		case faults.Code:
			offsets[p.Offset]++
			codeBits[p.Bit]++
		case faults.Memory:
			classes[p.Class]++
			memoryBits[p.Bit]++
			tenth[p.Choice/(1<<63/5)%10]++
		case faults.Software:
			tenth[p.Choice/(1<<63/5)%10]++
		}
	}
	for _, list := range [][]int{offsets[:], classes[:], codeBits[:], memoryBits[:]} {
		for _, k := range list {
			even(t, "value", k, n/3/len(list))
		}
	}
	for _, k := range tenth {
		even(t, "choice", k, n*2/3/10)
	}
}

// Several faults of a run are different ones of one kind, in order; the first
// one drawn is the one that a run with one fault has.
func TestSeveralFaults(t *testing.T) {
	m := faults.Model{Kinds: []faults.Kind{faults.Memory, faults.Code}, From: 100, To: 900, Instructions: 20000, PerRun: 5}
	span := faults.Span{Start: 1000, End: 1001000}
	for i := range 100 {
		list := faults.Draw("c", i, m, span)
		one := m
		one.PerRun = 1
		first, found := faults.Draw("c", i, one, span)[0], false
		for k, p := range list {
			found = found || p == first
			if p.Kind != m.Kinds[i%2] || p.Index != i || k > 0 && (p.Time < list[k-1].Time || p == list[k-1]) {
				t.Fatalf("run %d: %+v", i, list)
			}
		}
		if len(list) != 5 || !found {
			t.Fatalf("run %d: %+v", i, list)
		}
	}
}
