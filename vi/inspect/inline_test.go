package inspect_test

import (
	"strings"
	"testing"
)

// An assertion is expanded in its caller. The line of its call must be found,
// because the line table has only that of its body.
func TestCallsSeesExpandedFunctions(t *testing.T) {
	v := openVMM(t)
	found := 0
	for _, s := range v.Image().Symbols() {
		if s.Name != "main.(*spinlock).unlock" {
			continue
		}
		for pc := s.Start; pc < s.End; pc++ {
			c := v.Calls(pc)
			if len(c) < 2 || c[0].Function != "main.assert" {
				continue
			}
			found++
			if out := c[len(c)-1]; out.Function != s.Name || out.Line == 0 || !strings.HasSuffix(out.File, "vi/vmm/lock.go") || !strings.HasSuffix(c[0].File, "panic.go") {
				t.Fatalf("at %#x: %+v", pc, c)
			}
		}
	}
	if found == 0 {
		t.Error("no assertion is expanded in unlock")
	}
	if c := v.Calls(1); len(c) != 0 {
		t.Errorf("address 1 has %v", c)
	}
}
