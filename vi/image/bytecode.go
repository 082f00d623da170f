package image

import (
	"encoding/binary"
	"fmt"
)

// The two pieces of code that run before 64-bit mode, which Go's assembler
// cannot express, are written as bytes. A line is an instruction; a label may
// be the operand of another line.

// line is one instruction or datum: fixed bytes, then an operand.
type line struct {
	label string // of this line
	bytes []byte
	ref   string // operand: address of a label, plus imm
	imm   uint64
	size  int // of the operand: 0, 2, 4 or 8 bytes
	rem   string
}

// assemble lays lines out from address org.
func assemble(org uint64, lines []line) ([]byte, error) {
	at := map[string]uint64{}
	pc := org
	for _, l := range lines {
		if l.label != "" {
			at[l.label] = pc
		}
		pc += uint64(len(l.bytes) + l.size)
	}
	var out []byte
	for _, l := range lines {
		out = append(out, l.bytes...)
		v := l.imm
		if l.ref != "" {
			a, ok := at[l.ref]
			if !ok {
				return nil, fmt.Errorf("BUG: no label %q", l.ref)
			}
			v += a
		}
		switch l.size {
		case 2:
			out = binary.LittleEndian.AppendUint16(out, uint16(v))
		case 4:
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		case 8:
			out = binary.LittleEndian.AppendUint64(out, v)
		}
	}
	return out, nil
}

// Selectors of the boot GDT.
const (
	bootCS64 = 8
	bootDS   = 0x10
	bootCS32 = 0x18
)

// bootGDT is the GDT that both pieces of code use, with the operand of LGDT.
func bootGDT() []line {
	return []line{
		{label: "gdt", size: 8, rem: "null"},
		{imm: 0x00af9b000000ffff, size: 8, rem: "64-bit code"},
		{imm: 0x00cf93000000ffff, size: 8, rem: "data"},
		{imm: 0x00cf9b000000ffff, size: 8, rem: "32-bit code"},
		{label: "gdtr", imm: 31, size: 2},
		{ref: "gdt", size: 4},
	}
}

// Values of control registers (AMD APM vol. 2, 3.1).
const (
	cr4Boot  = 1<<5 | 1<<7 | 1<<9 | 1<<10 // PAE, PGE, OSFXSR, OSXMMEXCPT
	eferBoot = 1 | 1<<8 | 1<<11           // SCE, LME, NXE
	cr0Boot  = 0x80010023                 // PG, WP, NE, MP, PE; EM, TS, CD, NW clear
)

// enterLong is the common part: from 32-bit protected mode with page tables in
// CR3 to the label long, in 64-bit mode.
func enterLong() []line {
	return []line{
		{bytes: []byte{0xb8}, imm: cr4Boot, size: 4, rem: "mov eax, cr4Boot"},
		{bytes: []byte{0x0f, 0x22, 0xe0}, rem: "mov cr4, eax"},
		{bytes: []byte{0xb9}, imm: 0xc0000080, size: 4, rem: "mov ecx, EFER"},
		{bytes: []byte{0xb8}, imm: eferBoot, size: 4, rem: "mov eax, eferBoot"},
		{bytes: []byte{0x31, 0xd2}, rem: "xor edx, edx"},
		{bytes: []byte{0x0f, 0x30}, rem: "wrmsr"},
		{bytes: []byte{0xb8}, imm: cr0Boot, size: 4, rem: "mov eax, cr0Boot"},
		{bytes: []byte{0x0f, 0x22, 0xc0}, rem: "mov cr0, eax"},
		{bytes: []byte{0xea}, ref: "long", size: 4, rem: "jmp far"},
		{imm: bootCS64, size: 2},
		{label: "long", bytes: []byte{0xb8}, imm: bootDS, size: 4, rem: "mov eax, bootDS"},
		{bytes: []byte{0x8e, 0xd8}, rem: "mov ds, ax"},
		{bytes: []byte{0x8e, 0xc0}, rem: "mov es, ax"},
		{bytes: []byte{0x8e, 0xd0}, rem: "mov ss, ax"},
		{bytes: []byte{0x31, 0xc0}, rem: "xor eax, eax"},
		{bytes: []byte{0x8e, 0xe0}, rem: "mov fs, ax"},
		{bytes: []byte{0x8e, 0xe8}, rem: "mov gs, ax"},
	}
}
