package mem_test

import (
	"fmt"

	"resvirt/hw/mem"
)

// A snapshot costs what was written since the last one; memories that are made
// from it share its pages until one of them writes.
func Example() {
	m, err := mem.New(16 << 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Write64(0x1000, 42)
	s := m.Snapshot()

	fork := mem.NewFrom(s)
	fork.Write64(0x1000, 43)
	fmt.Println(m.Read64(0x1000), fork.Read64(0x1000), fork.Dirty(), "page differs")

	fork.Restore(s)
	fmt.Println(fork.Read64(0x1000), fork.Digest() == m.Digest())
	// Output:
	// 42 43 1 page differs
	// 42 true
}

// A flip in code is seen by those that fetch instructions, and by nobody who reads.
func ExampleMemory_FlipFetch() {
	m, err := mem.New(16 << 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Write8(0x2000, 0x74) // JE
	m.FlipFetch(0x2000, 1) // JNE
	var fetched [1]byte
	m.FetchBytes(0x2000, fetched[:])
	fmt.Printf("%#x is fetched, %#x is read\n", fetched[0], m.Read8(0x2000))
	// Output: 0x75 is fetched, 0x74 is read
}
