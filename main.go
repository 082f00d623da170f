// Resvirt injects faults into a hypervisor that runs on an emulated machine,
// and counts their outcomes.
package main

//go:generate go run ./internal/outputs README.md docs/one-fault.md

import (
	"os"

	"resvirt/ui/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], sources, os.Stdin, os.Stdout, os.Stderr))
}
