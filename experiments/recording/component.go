package recording

import (
	"strings"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Component is a part of the infrastructure at one moment.
type Component struct {
	Name    string         // "VMM" or a VM, as it calls itself on the console
	Role    faults.Role    // of a VM
	VCPUs   []testbed.VCPU // of a VM
	Lines   []string       // that it has printed so far
	Verdict faults.Verdict // of a VM: so far; incomplete until its end
	Wanted  int            // lines that it prints in the golden run
}

// RightSoFar says whether a VM has printed nothing else than in the golden run.
func (c *Component) RightSoFar() bool { return !c.Verdict.Wrong }

// Components are the hypervisor, then the VMs that have printed something or live, where
// a track's machine stands.
func (r *Recording) Components(t *Track) []Component {
	m, g := t.Machine(), &r.Lab.Golden.Golden
	serial := m.Serial()
	now, all := testbed.LinesByVM(serial), testbed.LinesByVM(g.Output)
	vcpus := map[string][]testbed.VCPU{}
	for _, v := range r.Guests.VCPUs(m) {
		vcpus[v.VM] = append(vcpus[v.VM], v)
	}
	list := []Component{{Name: "VMM", Lines: testbed.LinesOfVMM(serial), Wanted: len(testbed.LinesOfVMM(g.Output))}}
	seen := map[string]bool{}
	for _, v := range r.Lab.System.Target().Judge(g.Output, serial) {
		seen[v.VM] = true
		list = append(list, Component{v.VM, v.Role, vcpus[v.VM], now[v.VM], v, len(all[v.VM])})
	}
	for _, name := range ascending(vcpus) {
		if !seen[name] {
			list = append(list, Component{Name: name, VCPUs: vcpus[name], Lines: now[name]})
		}
	}
	return list
}

// Console is what was printed up to where a track's machine stands, complete lines only.
func (t *Track) Console() []string {
	text := string(t.Machine().Serial())
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		return strings.Split(text[:i], "\n")
	}
	return nil
}
