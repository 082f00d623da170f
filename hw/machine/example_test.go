package machine_test

import (
	"encoding/binary"
	"fmt"

	"resvirt/hw/machine"
)

// helloKernel is a flat Multiboot kernel: eight words of header, then 32-bit code.
func helloKernel() []byte {
	const magic, flags, base = uint32(0x1BADB002), uint32(1 << 16), 0x100000
	sum := magic + flags
	var b []byte
	for _, w := range []uint32{magic, flags, -sum, base, base, 0, 0, base + 32} {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	for _, c := range "hello\n" {
		b = append(b, 0xb0, byte(c), 0xe6, 0xe9) // mov $c, %al; out %al, $0xe9: the debug port
	}
	return append(b, 0xb0, 3, 0xe6, 0xf4) // mov $3, %al; out %al, $0xf4: end with status 3<<1 | 1
}

// A machine boots a kernel and runs it to its end.
func Example() {
	spec := machine.DefaultSpec()
	spec.CPUs = 1
	m, err := machine.New(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.LoadMultiboot(helloKernel(), "", nil); err != nil {
		fmt.Println(err)
		return
	}
	stop := m.Run(machine.Until{Position: 1000})
	fmt.Printf("%s%v after %d instructions\n", m.Debug(), stop, m.Position())
	// Output:
	// hello
	// exit 7 (CPU 0) after 14 instructions
}

// A run goes on from a snapshot as it would have gone on without, in this machine
// or in another, and is the same however it is cut into pieces.
func ExampleMachine_Snapshot() {
	spec := machine.DefaultSpec()
	m, err := machine.New(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.LoadMultiboot(helloKernel(), "", nil); err != nil {
		fmt.Println(err)
		return
	}
	m.Run(machine.Until{Position: 5})
	fork := machine.NewFrom(m.Snapshot())

	m.Run(machine.Until{Position: 1000})
	for fork.Final().Reason == machine.None {
		fork.Run(machine.Until{Position: fork.Position() + 1})
	}
	fmt.Println(fork.Position() == m.Position(), fork.Digest() == m.Digest())
	// Output: true true
}

// A host watches an address: events tell when the instruction there retired.
func ExampleMachine_Watch() {
	m, err := machine.New(machine.DefaultSpec())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.LoadMultiboot(helloKernel(), "", nil); err != nil {
		fmt.Println(err)
		return
	}
	m.Watch(0x100020 + 2) // the first OUT
	stop := m.Run(machine.Until{Watched: true})
	fmt.Println(stop.Reason, "at position", m.Position())
	// Output: reached watched address at position 2
}
