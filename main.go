// Resvirt injects faults into a hypervisor that runs on an emulated machine,
// and counts what becomes of them.
package main

import (
	"os"

	"resvirt/ui/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
