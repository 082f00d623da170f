package checks

import (
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// What instructions do with registers, by their pages in the APM, volume 3.
func TestUses(t *testing.T) {
	const rax, rcx, rdx, rsp, rdi, r9 = 0, 1, 2, 4, 7, 9
	gpr := func(n int) register { return register{kind: general, n: n} }
	for _, c := range []struct {
		name   string
		code   []byte
		of     register
		reads  bool
		writes bool
	}{
		{"mov rax, rcx", []byte{0x48, 0x89, 0xc8}, gpr(rax), false, true},
		{"mov rax, rcx", []byte{0x48, 0x89, 0xc8}, gpr(rcx), true, false},
		{"mov [rax], rcx", []byte{0x48, 0x89, 0x08}, gpr(rax), true, false},
		{"mov eax, ecx", []byte{0x89, 0xc8}, register{general, rax, 40}, false, true},
		{"mov eax, ecx", []byte{0x89, 0xc8}, register{general, rcx, 40}, false, false},
		{"mov al, cl", []byte{0x88, 0xc8}, register{general, rax, 9}, false, false},
		{"add rax, rcx", []byte{0x48, 0x01, 0xc8}, gpr(rax), true, true},
		{"xor eax, eax", []byte{0x31, 0xc0}, gpr(rax), false, true},
		{"cmp rax, rcx", []byte{0x48, 0x39, 0xc8}, gpr(rax), true, false},
		{"push r9", []byte{0x41, 0x51}, gpr(r9), true, false},
		{"push r9", []byte{0x41, 0x51}, gpr(rsp), true, false},
		{"pop r9", []byte{0x41, 0x59}, gpr(r9), false, true},
		{"lea rdx, [rcx+9]", []byte{0x48, 0x8d, 0x51, 9}, gpr(rdx), false, true},
		{"syscall", []byte{0x0f, 0x05}, gpr(rdi), true, false},
		{"syscall", []byte{0x0f, 0x05}, gpr(rcx), false, true},
		{"rep movsq", []byte{0xf3, 0x48, 0xa5}, gpr(rcx), true, false},
		{"mul rcx", []byte{0x48, 0xf7, 0xe1}, gpr(rdx), false, true},
		{"xchg rdx, [rax]", []byte{0x48, 0x87, 0x10}, gpr(rdx), true, true},
		{"nop", []byte{0x90}, gpr(rax), false, false},
		{"je", []byte{0x74, 0}, register{flags, 0, 6}, true, false},
		{"je", []byte{0x74, 0}, register{flags, 0, 0}, false, false},
		{"cmovb rax, rcx", []byte{0x48, 0x0f, 0x42, 0xc1}, register{flags, 0, 0}, true, false},
		{"add rax, rcx", []byte{0x48, 0x01, 0xc8}, register{flags, 0, 0}, false, true},
		{"inc rax", []byte{0x48, 0xff, 0xc0}, register{flags, 0, 0}, false, false},
		{"rep movsq", []byte{0xf3, 0x48, 0xa5}, register{flags, 0, 10}, true, false},
		{"nop [rax]", []byte{0x0f, 0x1f, 0x00}, register{general, 0, 3}, false, false},
		{"and edx, 31", []byte{0x83, 0xe2, 0x1f}, register{general, 2, 4}, true, true},
		{"and edx, 31", []byte{0x83, 0xe2, 0x1f}, register{general, 2, 5}, false, true},
		{"test al, 2", []byte{0xa8, 0x02}, register{general, 0, 1}, true, false},
		{"test al, 2", []byte{0xa8, 0x02}, register{general, 0, 2}, false, false},
		{"movdqu xmm15, [rip]", []byte{0xf3, 0x44, 0x0f, 0x6f, 0x3d, 0, 0, 0, 0}, register{general, 1, 0}, false, false},
		{"rep movsq", []byte{0xf3, 0x48, 0xa5}, register{general, 1, 0}, true, false},
		{"mov edx, ds", []byte{0x8c, 0xda}, register{selector, 0, 0}, true, false},
		{"mov ds, edx", []byte{0x8e, 0xda}, register{selector, 0, 0}, false, true},
		{"cld", []byte{0xfc}, register{flags, 0, 10}, false, true},
		{"movups xmm1, xmm2", []byte{0x0f, 0x10, 0xca}, register{vector, 1, 0}, false, true},
		{"movups xmm1, xmm2", []byte{0x0f, 0x10, 0xca}, register{vector, 2, 0}, true, false},
		{"pxor xmm1, xmm1", []byte{0x66, 0x0f, 0xef, 0xc9}, register{vector, 1, 0}, false, true},
		{"addsd xmm1, xmm2", []byte{0xf2, 0x0f, 0x58, 0xca}, register{mxcsr, 0, 0}, true, false},
		{"movups xmm1, xmm2", []byte{0x0f, 0x10, 0xca}, register{mxcsr, 0, 0}, false, false},
		{"fxsave64 [rax]", []byte{0x48, 0x0f, 0xae, 0x00}, register{vector, 3, 0}, true, false},
		{"fnstcw [rax]", []byte{0xd9, 0x38}, register{x87, 3, 0}, false, false},
		{"fnstcw [rax]", []byte{0xd9, 0x38}, register{x87Control, 0, 0}, true, false},
		{"fadd [rax]", []byte{0xd8, 0x00}, register{x87, 3, 0}, true, false},
		{"mov rdx, fs:[-8]", []byte{0x64, 0x48, 0x8b, 0x14, 0x25, 0xf8, 0xff, 0xff, 0xff}, register{fsBase, 0, 0}, true, false},
		{"mov rdx, gs:[0]", []byte{0x65, 0x48, 0x8b, 0x14, 0x25, 0, 0, 0, 0}, register{fsBase, 0, 0}, false, false},
		{"mov rdx, gs:[0]", []byte{0x65, 0x48, 0x8b, 0x14, 0x25, 0, 0, 0, 0}, register{gsUser, 0, 0}, true, false},
	} {
		inst, err := x86asm.Decode(c.code, 64)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if u := usesOf(&inst, c.of); u.reads != c.reads || u.writes != c.writes {
			t.Errorf("%s (%v) of %+v: %+v, want reads %v, writes %v", c.name, inst.Op, c.of, u, c.reads, c.writes)
		}
	}
}
