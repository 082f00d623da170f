//go:build linux && amd64

package cpu

import "testing"

// The harness itself: a plain instruction, each kind of fault, and a loop.
func TestNativeHarness(t *testing.T) {
	h, e := startHost(t), startEmu(t)
	rows := []struct {
		name   string
		code   []byte
		vector int
		rip    uint64
	}{
		{"inc rax", []byte{0x48, 0xff, 0xc0}, 3, nativeCode + nativeText + 4},
		{"ud2", []byte{0x0f, 0x0b}, 6, nativeCode + nativeText},
		{"hlt", []byte{0xf4}, 13, nativeCode + nativeText},
		{"mov eax, [0]", []byte{0x8b, 0x04, 0x25, 0, 0, 0, 0}, 14, nativeCode + nativeText},
		{"div by zero", []byte{0xf7, 0xf1}, 0, nativeCode + nativeText},
		{"jmp self", []byte{0xeb, 0xfe}, vectorHang, nativeCode + nativeText},
		{"inc rax again", []byte{0x48, 0xff, 0xc0}, 3, nativeCode + nativeText + 4},
	}
	for _, row := range rows {
		in := &nativeState{RIP: nativeCode + nativeText, RFLAGS: 0x202}
		in.GPR[RAX] = 41
		for side, out := range map[string]nativeEnd{"host": h.run(row.code, in), "model": e.run(row.code, in)} {
			if out.Vector != row.vector || out.RIP != row.rip {
				t.Errorf("%s: %s: vector %d at %#x, want %d at %#x", side, row.name, out.Vector, out.RIP, row.vector, row.rip)
			}
			if row.vector == 3 && out.GPR[RAX] != 42 {
				t.Errorf("%s: %s: RAX = %d", side, row.name, out.GPR[RAX])
			}
		}
	}
}
