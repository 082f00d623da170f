package report

import (
	"testing"

	"resvirt/experiments"
)

func TestStepsAreDescribedByTheirComments(t *testing.T) {
	parts := []experiments.Part{
		{Kind: "source", Name: "vi/vmm/b.go", Data: []byte("package main\n\n// Step mend. A thing breaks,\n// always. It is\n// repaired.\n\nfunc f() {}\n")},
		{Kind: "source", Name: "vi/vmm/a.go", Data: []byte("package main\n\n// Nothing. All that a new one needs is the step start. So.\n")},
		{Kind: "source", Name: "vi/guest/c.go", Data: []byte("// Step lost. Not the VMM's.\n")},
	}
	for _, c := range []struct{ name, file, what string }{
		{"mend", "vi/vmm/b.go", "A thing breaks, always."},
		{"start", "vi/vmm/a.go", "All that a new one needs is the step start."},
		{"lost", "", ""},
	} {
		if file, what := describeStep(c.name, parts); file != c.file || what != c.what {
			t.Errorf("%s: %q %q", c.name, file, what)
		}
	}
}
