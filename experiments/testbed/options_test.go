package testbed

import (
	"bytes"
	"strings"
	"testing"

	"resvirt/experiments"
)

// Every option that the loader passes is read by code in the machine, on the right
// side of "--". The workload's name is an exception: it is there for people.
func TestOptionsAreRead(t *testing.T) {
	l := realLab(t)
	s := *l.System.(*VI)
	s.exp.VMM = experiments.VMM{Domains: 2, Control: true, Late: 1, DomainMB: 8, DomainCPUs: 1, TickUS: 5, WatchdogUS: 150}
	s.exp.Workload = experiments.Workload{Name: "unixbench", Length: 1, Compute: 1, QuantumUS: 1, FIFO: true}
	readers := []string{"vi/vmm/", "vi/control/"}
	n := 0
	for word := range strings.FieldsSeq(s.commandLine()) {
		name, _, ok := strings.Cut(word, "=")
		if word == "--" {
			readers = []string{"vi/guest/", "vi/appvm/", "workloads/"}
		}
		if !ok || name == "workload" {
			continue
		}
		n++
		read := false
		for _, p := range s.parts {
			for _, dir := range readers {
				read = read || p.Kind == "source" && strings.HasPrefix(p.Name, dir) && !strings.HasSuffix(p.Name, "_test.go") &&
					(bytes.Contains(p.Data, []byte(`"`+name+`="`)) || bytes.Contains(p.Data, []byte(`bootOption("`+name+`"`)))
			}
		}
		if !read {
			t.Errorf("nobody in %v looks for %s=", readers, name)
		}
	}
	if n < 10 {
		t.Errorf("only %d options in %q", n, s.commandLine())
	}
}
