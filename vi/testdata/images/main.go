// Command images writes the application VM's kernel and its program, as the
// experiments run them, into a directory: for xen.sh. It runs inside a clone.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"resvirt/vi/image"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./vi/testdata/images DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	for _, p := range []struct {
		name, pkg string
		kind      image.Kind
	}{
		{"kernel", "./vi/appvm", image.Guest},
		{"program", "./workloads/unixbench", image.User},
	} {
		m, err := image.Build(image.Spec{Root: root, Pkg: p.pkg, Kind: p.kind})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, p.name), m.File, 0o644); err != nil {
			return err
		}
	}
	return nil
}
