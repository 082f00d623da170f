package testbed

import (
	"bytes"
	"path/filepath"
	"testing"

	"resvirt/experiments"
)

// Everything that the list of mechanisms names exists in the VMM's sources and
// structures: an unused build tag would leave nothing out, and nobody would notice.
func TestMechanismsAreTheVMMs(t *testing.T) {
	sys := realLab(t).System.(*VI)
	list, err := sys.Reserved()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range experiments.Mechanisms() {
		if r := list[i]; r.Lines == 0 || r.Static+r.PerCPU+r.PerVCPU == 0 {
			t.Errorf("%s occupies %+v", m.Name, r)
		}
		if m.Tag == "" {
			continue
		}
		asked := map[string]bool{}
		for _, p := range sys.parts {
			if ok, _ := filepath.Match("vi/vmm/*.go", p.Name); ok {
				for _, no := range []string{"", "!"} {
					asked[no] = asked[no] || bytes.HasPrefix(p.Data, []byte("//go:build "+no+m.Tag+"\n"))
				}
			}
		}
		if !asked[""] || !asked["!"] {
			t.Errorf("%s: no pair of files of the VMM asks for the build tag %s", m.Name, m.Tag)
		}
	}
}
