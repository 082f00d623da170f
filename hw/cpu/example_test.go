package cpu_test

import (
	"fmt"

	"resvirt/hw/cpu"
)

// Instructions are decoded one after the other.
func ExampleDecode() {
	code := []byte{
		0x48, 0x8b, 0x44, 0x8b, 0x10, // mov 0x10(%rbx,%rcx,4), %rax
		0xf0, 0xff, 0x03, // lock incl (%rbx)
		0x0f, 0x05, // syscall
		0xe9, 0x00, // the beginning of a jmp
	}
	for len(code) > 0 {
		i, status := cpu.Decode(code, cpu.Mode64)
		if status != cpu.DecodeOK {
			fmt.Println("the instruction goes on")
			break
		}
		fmt.Println(i.Len, "bytes:", i.Op, "of", i.Size, "bytes, memory:", i.Prefix&cpu.PrefixMem != 0)
		code = code[i.Len:]
	}
	// Output:
	// 5 bytes: MOV of 8 bytes, memory: true
	// 3 bytes: INC of 4 bytes, memory: true
	// 2 bytes: SYSCALL of 0 bytes, memory: false
	// the instruction goes on
}
