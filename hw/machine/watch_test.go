package machine

import (
	"testing"

	"resvirt/hw/mem"
	"resvirt/sim"
)

// The first touch of a byte by code at 0x100020, by either engine.
func TestWatchByte(t *testing.T) {
	exit := []byte{0xb0, 21, 0xe6, 0xf4}                                                                          // mov al, 21; out 0xf4, al
	read := append([]byte{0xa1, 0x40, 0, 0x10, 0}, exit...)                                                       // mov eax, [0x100040]
	write := append([]byte{0xa3, 0x40, 0, 0x10, 0}, exit...)                                                      // mov [0x100040], eax
	both := append([]byte{0xff, 0x05, 0x40, 0, 0x10, 0}, exit...)                                                 // inc dword [0x100040]
	turned := append(write[:5:5], read...)                                                                        // the one, then the other
	across := append([]byte{0xa1, 0xfe, 0x0f, 0x10, 0}, exit...)                                                  // mov eax, [0x100ffe]
	copies := append([]byte{0xbe, 0x40, 0, 0x10, 0, 0xbf, 0, 2, 0x10, 0, 0xb9, 64, 0, 0, 0, 0xf3, 0xa4}, exit...) // rep movsb
	for _, c := range []struct {
		name string
		code []byte
		pa   uint64
		want mem.Touch
		by   uint64
	}{
		{"fetched", exit, 0x100023, mem.WasRead, 0},
		{"not fetched", exit, 0x100024, mem.Untouched, 0},
		{"read", read, 0x100043, mem.WasRead, 0x100020},
		{"not read", read, 0x100044, mem.Untouched, 0},
		{"written", write, 0x100040, mem.WasWritten, 0},
		{"not written", write, 0x10003f, mem.Untouched, 0},
		{"read and written", both, 0x100041, mem.WasRead, 0x100020},
		{"written, then read", turned, 0x100041, mem.WasWritten, 0},
		{"read across pages", across, 0x101001, mem.WasRead, 0x100020},
		{"copied from", copies, 0x10007f, mem.WasRead, 0x10002f},
		{"copied to", copies, 0x10023f, mem.WasWritten, 0},
		{"behind the copy", copies, 0x100240, mem.Untouched, 0},
	} {
		for _, e := range []Engine{Plain{}, Fast{}} {
			m := boot(t, flat(c.code...))
			m.SetEngine(e)
			m.WatchByte(c.pa)
			m.Run(Until{Position: 100})
			if got, by := m.Touched(); got != c.want || by != c.by {
				t.Errorf("%s, %s: touch %v by %#x, want %v by %#x", c.name, e.Name(), got, by, c.want, c.by)
			}
		}
	}
}

// A watch changes nothing, and both engines see the same, on two processors with
// paging: bytes of code, stack and page tables.
func TestWatchChangesNothing(t *testing.T) {
	read, left := 0, 0
	for seed := range uint64(40) {
		r := sim.Stream(seed, "watch")
		at := 1 + r.Uint64N(25_000)
		var pa, by uint64
		var touch mem.Touch
		var digest sim.Digest
		for k, e := range []Engine{Plain{}, Plain{}, Fast{}} {
			m := boot(t, smpKernel)
			m.SetEngine(e)
			m.Run(Until{Position: at})
			if c := m.CPU(m.Next()); k == 0 {
				va := [...]uint64{c.RIP, c.GPR[4]}[r.IntN(2)] + r.Uint64N(32)
				if pa, _ = m.Translate(c.ID, va); r.IntN(4) == 0 {
					pa = c.CR3&^0xfff + r.Uint64N(16)
				}
			} else {
				m.WatchByte(pa)
			}
			m.Run(Until{Position: at + 3000})
			got, from := m.Touched()
			switch k {
			case 0:
				digest = m.Digest()
			case 1:
				touch, by = got, from
				if got == mem.WasRead {
					read++
				} else {
					left++
				}
			}
			if m.Digest() != digest || k == 2 && (got != touch || from != by) {
				t.Errorf("seed %d, %s, byte %#x: touch %v by %#x, digest %v; plain: %v by %#x, %v", seed, e.Name(), pa, got, from, m.Digest(), touch, by, digest)
			}
		}
	}
	if read < 5 || left < 5 {
		t.Errorf("the test is too poor: %d bytes were read, %d not", read, left)
	}
}
