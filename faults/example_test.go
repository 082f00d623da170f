package faults_test

import (
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// The faults of a run depend on campaign and number alone: drawn again, in any
// order, they are the same.
func ExampleDraw() {
	model := faults.Model{Kinds: []faults.Kind{faults.Failstop, faults.RegisterFlip}, From: 100, To: 900, Instructions: 20000}
	span := faults.Span{Start: sim.Millisecond, End: 2 * sim.Millisecond}
	for i := range 4 {
		p := faults.Draw("example", i, model, span)[0]
		what := ""
		if p.Kind == faults.RegisterFlip {
			what = fmt.Sprintf(" bit %d of %v", p.Bit, p.Register)
		}
		fmt.Printf("%d: at %v and %d instructions, %v%s\n", p.Index, p.Time, p.N, p.Kind, what)
	}
	// Output:
	// 0: at 1.27402ms and 16431 instructions, failstop
	// 1: at 1.22626ms and 12950 instructions, register bit 35 of r14
	// 2: at 1.4529ms and 4593 instructions, failstop
	// 3: at 1.30962ms and 12104 instructions, register bit 35 of rdi
}

// Each kind of fault says what it does.
func ExampleKind_Meaning() {
	k, err := faults.ParseKind("failstop")
	fmt.Println(k.Meaning(), err)
	// Output: the program counter becomes 0 <nil>
}

// Names of outcomes.
func ExampleOutcome() {
	for _, o := range []faults.Outcome{faults.Converged, faults.Recovered, faults.VMLost} {
		fmt.Printf("%v: detected %v, unsurvived %v\n", o, o.Detected(), o.Unsurvived())
	}
	// Output:
	// converged: detected false, unsurvived false
	// recovered: detected true, unsurvived false
	// vm_lost: detected true, unsurvived true
}
