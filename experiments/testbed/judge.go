package testbed

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"resvirt/faults"
	"resvirt/vi/seam"
)

// Judge compares what each VM printed with what it printed in the golden run.
// Lines of VMs begin with "(dN) "; what the VMM prints in between belongs to no
// VM.
func Judge(golden, got []byte) []faults.Verdict {
	want, have := LinesByVM(golden), LinesByVM(got)
	early, late := LinesByVM(untilLate(golden)), lateBegun(got)
	infrastructure := map[string]bool{seam.ControlVM: true}
	for name, lines := range want {
		infrastructure[name] = infrastructure[name] || slices.Contains(lines, seam.DriverStart)
	}
	var names []string
	for name := range want {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []faults.Verdict
	for _, name := range names {
		v := verdict(name, want[name], have[name])
		switch {
		case infrastructure[name]:
			v.Role = faults.ControlVM
		case early[name] == nil:
			v.Role, v.Begun = faults.LateVM, late
		}
		list = append(list, v)
	}
	return list
}

// lateLine is the control domain's line that announces the late VM.
const lateLine = "(" + seam.ControlVM + seam.VMClose + seam.ControlLate + "\n"

// lateBegun tells whether the control domain has begun to make a VM late.
func lateBegun(serial []byte) bool { return bytes.Contains(serial, []byte(lateLine)) }

// untilLate is the console output before that.
func untilLate(serial []byte) []byte {
	before, _, _ := bytes.Cut(serial, []byte(lateLine))
	return before
}

func verdict(vm string, want, have []string) faults.Verdict {
	v, failed := faults.Verdict{VM: vm}, false
	for _, line := range have {
		if what, ok := strings.CutPrefix(line, seam.ProbeFailed); ok && !failed {
			v.Probe, v.Complete, failed = faults.ProbeFailed+faults.Probe(what), true, true
		} else if line == seam.ProbePassed && !failed {
			v.Probe, v.Complete = faults.ProbePassed, true
		} else if vm == seam.ControlVM && line == seam.ControlEnd || line == seam.DriverEnd {
			v.Complete = true
		}
	}
	for i, line := range have {
		// A complaint of a VM is wrong even if it is in the golden run as well.
		if i >= len(want) || line != want[i] || strings.HasPrefix(line, seam.Error) {
			v.Wrong, v.Detail = true, fmt.Sprintf("line %d is %.60q", i+1, line)
			return v
		}
	}
	if len(have) < len(want) {
		v.Detail = fmt.Sprintf("%d of %d lines, the next would be %.60q", len(have), len(want), want[len(have)])
		return v
	}
	v.Right = true
	return v
}

// ProbeIn is the result of a probe that a VM's line tells, if it tells one.
func ProbeIn(line string) (faults.Probe, bool) {
	if what, ok := strings.CutPrefix(line, seam.ProbeFailed); ok {
		return faults.ProbeFailed + faults.Probe(what), true
	}
	return faults.ProbePassed, line == seam.ProbePassed
}

// LinesByVM sorts complete lines of the console by the VM that they name.
func LinesByVM(serial []byte) map[string][]string {
	vms := map[string][]string{}
	for line := range bytes.Lines(serial) {
		text, complete := bytes.CutSuffix(line, []byte("\n"))
		number, says, named := bytes.Cut(text, []byte(seam.VMClose))
		number, ok := bytes.CutPrefix(number, []byte(seam.VMOpen))
		if !complete || !named || !ok || bytes.IndexByte(number, ')') >= 0 {
			continue
		}
		vm := seam.VMOpen[1:] + string(number)
		vms[vm] = append(vms[vm], string(bytes.TrimRight(says, "\r")))
	}
	return vms
}

// startedAll tells whether so many VMs began their workload.
func startedAll(serial []byte, domains int) bool {
	n := 0
	for _, lines := range LinesByVM(serial) {
		for _, l := range lines {
			if l == seam.WorkloadStart {
				n++
				break
			}
		}
	}
	return n >= domains
}

// vmmLastWords is the VMM's own last line, not counting the one that ends every
// run.
func vmmLastWords(serial []byte) (last string) {
	for line := range bytes.Lines(serial) {
		if text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(seam.VMM)); ok && string(text) != seam.Done {
			last = string(text)
		}
	}
	return last
}
