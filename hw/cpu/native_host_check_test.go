//go:build linux && amd64

package cpu

import "testing"

// The harness itself: a plain instruction, each kind of fault, and a loop.
func TestNativeHarness(t *testing.T) {
	h := startHost(t)
	rows := []struct {
		name   string
		code   []byte
		vector int
		rip    uint64
	}{
		{"inc rax", []byte{0x48, 0xff, 0xc0}, 3, nativeCode + 4},
		{"ud2", []byte{0x0f, 0x0b}, 6, nativeCode},
		{"hlt", []byte{0xf4}, 13, nativeCode},
		{"mov eax, [0]", []byte{0x8b, 0x04, 0x25, 0, 0, 0, 0}, 14, nativeCode},
		{"div by zero", []byte{0xf7, 0xf1}, 0, nativeCode},
		{"jmp self", []byte{0xeb, 0xfe}, vectorHang, nativeCode},
		{"inc rax again", []byte{0x48, 0xff, 0xc0}, 3, nativeCode + 4},
	}
	for _, row := range rows {
		in := &nativeState{RIP: nativeCode, RFLAGS: 0x202}
		in.GPR[RAX] = 41
		out := h.run(row.code, in)
		if out.Vector != row.vector || out.RIP != row.rip {
			t.Errorf("%s: vector %d at %#x, want %d at %#x", row.name, out.Vector, out.RIP, row.vector, row.rip)
		}
		if row.vector == 3 && out.GPR[RAX] != 42 {
			t.Errorf("%s: RAX = %d", row.name, out.GPR[RAX])
		}
	}
}

