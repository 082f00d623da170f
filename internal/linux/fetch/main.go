// Fetch makes kernel and initial RAM disk from Debian's packages; see docs/linux.md.
package main

import (
	"fmt"
	"os"

	"resvirt/internal/linux"
)

func main() {
	err := linux.Fetch(func(what string) { fmt.Println(what) })
	dir, derr := linux.Directory()
	if err == nil {
		err = derr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, name := range []string{linux.KernelFile, linux.InitrdFile, linux.ImageFile, linux.MemoryTest} {
		fmt.Printf("%s/%s\n", dir, name)
	}
}
