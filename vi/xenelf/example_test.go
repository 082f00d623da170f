package xenelf_test

import (
	"fmt"

	"resvirt/vi/xenelf"
)

// A file that is no ELF file is refused with a reason, and nothing of it is looked at.
func ExampleFile_Check() {
	fmt.Println(xenelf.File("MZ, from elsewhere").Check())
	// Output: it is no ELF file
}
