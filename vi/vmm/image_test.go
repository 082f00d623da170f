package main

import (
	"regexp"
	"testing"

	"resvirt/vi/image"
)

// The image contains nothing of what stands for the machine in unit tests: no
// test CPU, no test registers, and no branches on them.
func TestImageWithoutTests(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`^main\.(test[B-Z0-9]\w*|\w+InTest)$`) // not testAndSet
	for _, s := range m.Symbols() {
		if ours.MatchString(s.Name) {
			t.Errorf("%s is in the image", s.Name)
		}
	}
	if _, ok := m.Addr("main.domains"); !ok {
		t.Error("the image has no symbols")
	}
}
