package testkernel

import "encoding/binary"

// Pieces of 32-bit code.

// Print writes the string at ESI to a port.
func Print(port uint16) []byte {
	return append(withWord(0xba, uint32(port)), // mov edx, port
		0xac,       // 1: lodsb
		0x84, 0xc0, // test al, al
		0x74, 0x03, // jz 2f
		0xee,       // out dx, al
		0xeb, 0xf8) // jmp 1b
} // 2:

// CopyTo copies the string at ESI to an address.
func CopyTo(pa uint32) []byte {
	return append(withWord(0xbf, pa), // mov edi, pa
		0xac,       // 1: lodsb
		0xaa,       // stosb
		0x84, 0xc0, // test al, al
		0x75, 0xfa) // jnz 1b
}

// Text puts a string into the code and its address into ESI.
func Text(s string) []byte {
	code := withWord(0xe8, uint32(len(s)+1)) // call behind it
	return append(append(append(code, s...), 0), 0x5e)
}

// Stack makes Text usable.
func Stack() []byte { return withWord(0xbc, 0x80000) } // mov esp, 0x80000

// Exit ends the machine with status value<<1|1.
func Exit(value byte) []byte { return []byte{0xb0, value, 0xe6, 0xf4} }

// LoadESI follows pointers from EBX: ESI = [[EBX+a]+b]...
func LoadESI(offsets ...byte) []byte {
	code := []byte{0x89, 0xde} // mov esi, ebx
	for _, off := range offsets {
		code = append(code, 0x8b, 0x76, off) // mov esi, [esi+off]
	}
	return code
}

// Triple faults three times over.
func Triple() []byte {
	return []byte{0x6a, 0, 0x6a, 0, 0x0f, 0x01, 0x1c, 0x24, 0x0f, 0x0b} // push 0; push 0; lidt [esp]; ud2
}

// Halt waits for nothing.
func Halt() []byte { return []byte{0xfa, 0xf4, 0xeb, 0xfc} }

// Out writes a byte to a port.
func Out(port uint16, v byte) []byte {
	return append(withWord(0xba, uint32(port)), 0xb0, v, 0xee)
}

// Out16 is Out as 16-bit code.
func Out16(port uint16, v byte) []byte {
	return []byte{0xba, byte(port), byte(port >> 8), 0xb0, v, 0xee}
}

// PowerOff sleeps in ACPI's way, with the state S5.
func PowerOff() []byte {
	return append(withWord(0xba, 0x604), 0x66, 0xb8, 0x00, 0x34, 0x66, 0xef)
}

// Echo sends what it receives on COM1 back until that is a dot.
func Echo() []byte {
	return append(withWord(0xba, 0x3fd), // 1: mov edx, line status
		0xec,       // 2: in al, dx
		0xa8, 0x01, // test al, received
		0x74, 0xfb, // jz 2b
		0xb2, 0xf8, // mov dl, data
		0xec,      // in al, dx
		0xee,      // out dx, al
		0x3c, '.', // cmp al, '.'
		0x75, 0xee) // jne 1b
}

// withWord is an opcode with an immediate of 32 bits.
func withWord(opcode byte, v uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{opcode}, v)
}
