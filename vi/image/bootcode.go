package image

import "resvirt/vi/bare"

// Multiboot 0.6.96, 3.1.
const (
	multibootMagic = 0x1badb002
	multibootFlags = 1 | 2 | 1<<16 // page-aligned modules, memory information, addresses below are valid
)

// bootCode is the first page of the VMM: header and 32-bit entry. A Multiboot
// loader enters in flat 32-bit protected mode, paging off, interrupts off, EAX
// the loader's magic, EBX the physical address of its information; the VMM's
// entry point receives them in ESI and EDI.
func bootCode(org, entry uint64, info bare.Info, fileLen uint64) ([]byte, error) {
	flags := uint64(multibootFlags)
	sum := uint64(uint32(-int64(multibootMagic + flags)))
	lines := []line{
		{imm: multibootMagic, size: 4},
		{imm: flags, size: 4},
		{imm: sum, size: 4, rem: "checksum"},
		{imm: org, size: 4, rem: "header address"},
		{imm: org, size: 4, rem: "load address"},
		{imm: org + fileLen, size: 4, rem: "end of data"},
		{imm: org + info.End - info.VirtBase, size: 4, rem: "end of bss"},
		{ref: "start", size: 4, rem: "entry"},
		{label: "start", bytes: []byte{0xfa}, rem: "cli"},
		{bytes: []byte{0xfc}, rem: "cld"},
		{bytes: []byte{0x89, 0xdf}, rem: "mov edi, ebx"},
		{bytes: []byte{0x89, 0xc6}, rem: "mov esi, eax"},
		{bytes: []byte{0x0f, 0x01, 0x15}, ref: "gdtr", size: 4, rem: "lgdt [gdtr]"},
		{bytes: []byte{0xb8}, imm: info.BootRoot, size: 4, rem: "mov eax, root"},
		{bytes: []byte{0x0f, 0x22, 0xd8}, rem: "mov cr3, eax"},
	}
	lines = append(lines, enterLong()...)
	lines = append(lines,
		line{bytes: []byte{0x48, 0xb8}, imm: entry, size: 8, rem: "mov rax, entry"},
		line{bytes: []byte{0xff, 0xe0}, rem: "jmp rax"},
		line{bytes: make([]byte, 8), rem: "alignment is a courtesy to readers of dumps"})
	return assemble(org, append(lines, bootGDT()...))
}

// trampolineAddr is where the trampoline runs: a page below 1 MiB, whose
// number is the vector of the start-up IPI.
const trampolineAddr = 0x8000

// The trampoline's last words are parameters that the VMM fills in (smp.go).
const (
	trampolineRoot  = trampolineAddr + 0xfe0 // physical address of page tables
	trampolineEntry = trampolineAddr + 0xfe8 // 64-bit entry point
	trampolineStack = trampolineAddr + 0xff0 // stack pointer at that entry point
)

// trampolineCode starts another processor: real mode with CS = 0x800, IP = 0
// (AMD APM vol. 2, 15.27.8 and 16.5), then 32-bit, then 64-bit mode. The low
// part of the address space is mapped to itself meanwhile.
func trampolineCode() ([]byte, error) {
	lines := []line{
		{bytes: []byte{0xfa}, rem: "cli"},
		{bytes: []byte{0xfc}, rem: "cld"},
		{bytes: []byte{0x8c, 0xc8}, rem: "mov ax, cs"},
		{bytes: []byte{0x8e, 0xd8}, rem: "mov ds, ax"},
		{bytes: []byte{0x66, 0x0f, 0x01, 0x16}, ref: "gdtr", imm: ^uint64(trampolineAddr) + 1, size: 2, rem: "lgdt [gdtr], 32-bit base"},
		{bytes: []byte{0x0f, 0x20, 0xc0}, rem: "mov eax, cr0"},
		{bytes: []byte{0x0c, 0x01}, rem: "or al, 1"},
		{bytes: []byte{0x0f, 0x22, 0xc0}, rem: "mov cr0, eax"},
		{bytes: []byte{0x66, 0xea}, ref: "prot", size: 4, rem: "jmp far"},
		{imm: bootCS32, size: 2},
		{label: "prot", bytes: []byte{0x66, 0xb8}, imm: bootDS, size: 2, rem: "mov ax, bootDS"},
		{bytes: []byte{0x8e, 0xd8}, rem: "mov ds, ax"},
		{bytes: []byte{0x8e, 0xc0}, rem: "mov es, ax"},
		{bytes: []byte{0x8e, 0xd0}, rem: "mov ss, ax"},
		{bytes: []byte{0xa1}, imm: trampolineRoot, size: 4, rem: "mov eax, [root]"},
		{bytes: []byte{0x0f, 0x22, 0xd8}, rem: "mov cr3, eax"},
	}
	lines = append(lines, enterLong()...)
	lines = append(lines,
		line{bytes: []byte{0x48, 0x8b, 0x24, 0x25}, imm: trampolineStack, size: 4, rem: "mov rsp, [stack]"},
		line{bytes: []byte{0x48, 0x8b, 0x04, 0x25}, imm: trampolineEntry, size: 4, rem: "mov rax, [entry]"},
		line{bytes: []byte{0xff, 0xe0}, rem: "jmp rax"})
	return assemble(trampolineAddr, append(lines, bootGDT()...))
}
