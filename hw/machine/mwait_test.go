package machine

import "testing"

// Two programs at 0x1000 and 0x2000 in flat 32-bit code: one waits for the line
// at 0x3000, the other writes there after a while.
var (
	waits = []byte{
		0xb8, 0x00, 0x30, 0x00, 0x00, // mov $0x3000, %eax
		0x31, 0xc9, 0x31, 0xd2, // xor %ecx, %ecx; xor %edx, %edx
		0x0f, 0x01, 0xc8, // monitor
		0x31, 0xc0, // xor %eax, %eax
		0x0f, 0x01, 0xc9, // mwait
		0x8b, 0x1d, 0x3c, 0x30, 0x00, 0x00, // mov 0x303c, %ebx
		0xf4, // hlt
	}
	writes = []byte{
		0xb9, 0x10, 0x27, 0x00, 0x00, // mov $10000, %ecx
		0xe2, 0xfe, // loop .
		0xc7, 0x05, 0x3c, 0x30, 0x00, 0x00, 0x2a, 0x00, 0x00, 0x00, // movl $42, 0x303c
		0xf4, // hlt
	}
)

func waitingMachine(t *testing.T, e Engine) *Machine {
	spec := DefaultSpec()
	spec.Engine = e
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m.Memory().WriteBytes(0x1000, waits)
	m.Memory().WriteBytes(0x2000, writes)
	m.CPU(0).StartMultiboot(0x1000, 0, 0)
	m.CPU(1).StartMultiboot(0x2000, 0, 0)
	return m
}

// TestMWait lets a processor wait for the other's store, also across a snapshot.
func TestMWait(t *testing.T) {
	want := waitingMachine(t, Plain{})
	if stop := want.Run(Until{}); stop.Reason != AllHalted {
		t.Fatalf("%v", stop)
	}
	waiter, writer := want.CPU(0), want.CPU(1)
	if waiter.GPR[3] != 42 || waiter.Retired != 8 || waiter.Clock < writer.Clock-int64(want.Spec().Quantum) {
		t.Errorf("EBX %d after %d instructions at %d, the writer ended at %d", waiter.GPR[3], waiter.Retired, waiter.Clock, writer.Clock)
	}
	for _, pos := range []uint64{0, 3, 6, 9, 100, 9000} {
		m := waitingMachine(t, Fast{})
		if pos != 0 {
			m.Run(Until{Position: pos})
		}
		again := NewFrom(m.Snapshot())
		again.Run(Until{})
		if again.Digest() != want.Digest() {
			t.Errorf("snapshot at %d: another end", pos)
		}
	}
}
