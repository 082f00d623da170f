package main

import (
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
)

// TestProgramCarriesItsSources: an installed program makes the same images where no clone is,
// and its databases hold the same sources.
func TestProgramCarriesItsSources(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the images")
	}
	parts := func(from testbed.Carried) []experiments.Part {
		sys, err := from.Build(t.Context(), experiments.Default(), func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		return sys.Parts()
	}
	here := parts(testbed.Carried{})
	t.Chdir(t.TempDir())
	if _, err := (testbed.Carried{}).Build(t.Context(), experiments.Default(), func(string) {}); err == nil {
		t.Fatal("there is a clone here: this tests nothing")
	}
	elsewhere := parts(testbed.Carried{Sources: sources})
	if len(here) != len(elsewhere) || len(here) < 20 {
		t.Fatalf("%d parts here, %d elsewhere", len(here), len(elsewhere))
	}
	for i, p := range here {
		if q := elsewhere[i]; p.Kind != q.Kind || p.Name != q.Name || p.Digest != q.Digest {
			t.Errorf("%s %s here, %s %s elsewhere, or of another content", p.Kind, p.Name, q.Kind, q.Name)
		}
	}
}
