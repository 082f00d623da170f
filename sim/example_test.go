package sim_test

import (
	"fmt"

	"resvirt/sim"
)

// Events come in the order of their times, equal times in the order in which
// they were added.
func ExampleQueue() {
	const tick, packet = 1, 2 // kinds
	var q sim.Queue
	q.Add(3*sim.Microsecond, packet, 0, 7)
	q.Add(sim.Microsecond, tick, 0, 0)
	q.Add(3*sim.Microsecond, tick, 0, 1)
	for {
		e, ok := q.Pop(sim.Millisecond)
		if !ok {
			break
		}
		fmt.Println(e.Time, e.Kind, e.B)
	}
	// Output:
	// 1µs 1 0
	// 3µs 2 7
	// 3µs 1 1
}

// A stream depends on its seed and its label alone, so that what draws from one
// does not change what another gives.
func ExampleStream() {
	a, b := sim.Stream(1, "a"), sim.Stream(1, "b")
	first := a.Uint64()
	again := sim.Stream(1, "a")
	fmt.Println(first == again.Uint64(), first == b.Uint64())
	// Output: true false
}

// A digest stands for a state: what is equal has the same one.
func ExampleHasher() {
	digest := func(words ...uint64) sim.Digest {
		var h sim.Hasher
		for _, w := range words {
			h.Uint64(w)
		}
		return h.Sum()
	}
	first, again, other := digest(1, 2), digest(1, 2), digest(2, 1)
	fmt.Println(first == again, first == other)
	// Output: true false
}
