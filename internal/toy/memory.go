package toy

import "fmt"

// The toy's memory: its data from address 0 on, and a program of 20 equal
// instructions at toyBase, where virtual and physical addresses are the same.

// toyCode is what each instruction of the program looks like: cmp eax, 5; nop.
var toyCode = [4]byte{0x83, 0xf8, 5, 0x90}

// struck tells whether the instruction that a processor executes was changed.
func (t *toy) struck(c *toyCPU) bool {
	at := 4 * (c.step % 20)
	return [4]byte(t.s.flips[at:at+4]) != [4]byte{}
}

func (t *toy) Translate(_ int, va uint64) (uint64, bool) {
	return va, va >= toyBase && va < toyBase+uint64(len(t.s.flips))
}

func (t *toy) ReadVirt(_ int, va uint64, b []byte) error {
	for i := range b {
		if _, ok := t.Translate(0, va+uint64(i)); !ok {
			return fmt.Errorf("the toy has nothing at %#x", va)
		}
		b[i] = toyCode[(va+uint64(i))%4]
	}
	return nil
}

func (t *toy) ReadCode(cpu int, va uint64, b []byte) error {
	err := t.ReadVirt(cpu, va, b)
	for i := range b {
		if d := va + uint64(i) - toyBase; d < uint64(len(t.s.flips)) {
			b[i] ^= t.s.flips[d]
		}
	}
	return err
}

func (t *toy) ReadPhys(pa uint64, b []byte)    { copy(b, t.s.data[pa:]) }
func (t *toy) WritePhys(pa uint64, b []byte)   { copy(t.s.data[pa:], b) }
func (t *toy) FlipFetch(pa uint64, mask uint8) { t.s.flips[pa-toyBase] ^= mask }
func (t *toy) EndFlips()                       { t.s.flips = [80]byte{} }
