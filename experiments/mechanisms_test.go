package experiments

import (
	"bytes"
	"path/filepath"
	"testing"
)

// What the list of mechanisms says of the VMM's sources and structures is there: a
// build tag that nothing asks for would leave nothing out, and nobody would notice.
func TestMechanismsAreTheVMMs(t *testing.T) {
	sys := realLab(t).sys.(*system)
	list, err := sys.reserved()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range mechanisms {
		if r := list[i]; r.Lines == 0 || r.Static+r.PerCPU+r.PerVCPU == 0 {
			t.Errorf("%s occupies %+v", m.name, r)
		}
		if m.tag == "" {
			continue
		}
		asked := map[string]bool{}
		for _, p := range sys.parts {
			if ok, _ := filepath.Match("vi/vmm/*.go", p.Name); ok {
				for _, no := range []string{"", "!"} {
					asked[no] = asked[no] || bytes.HasPrefix(p.Data, []byte("//go:build "+no+m.tag+"\n"))
				}
			}
		}
		if !asked[""] || !asked["!"] {
			t.Errorf("%s: no pair of files of the VMM asks for the build tag %s", m.name, m.tag)
		}
	}
}
