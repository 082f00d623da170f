package experiments

import (
	"bytes"
	"fmt"
	"sort"

	"resvirt/faults"
)

// judge compares what each VM printed with what it printed in the golden run.
// Lines of VMs begin with "(dN) "; what the VMM prints in between is nobody's.
func judge(golden, got []byte) []faults.Verdict {
	want, have := linesByVM(golden), linesByVM(got)
	early, late := linesByVM(untilLate(golden)), lateBegun(got)
	var names []string
	for name := range want {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []faults.Verdict
	for _, name := range names {
		v := verdict(name, want[name], have[name])
		switch {
		case name == controlVM:
			v.Role = faults.ControlVM
		case early[name] == nil:
			v.Role, v.Begun = faults.LateVM, late
		}
		list = append(list, v)
	}
	return list
}

// The control domain, and the lines by which it says that it begins to make a VM
// late, and that it has come to its end.
const (
	controlVM   = "d0"
	lateLine    = "(d0) control makes one more\n"
	controlDone = "control end"
)

// lateBegun tells whether the control domain has begun to make a VM late.
func lateBegun(serial []byte) bool { return bytes.Contains(serial, []byte(lateLine)) }

// untilLate is the console output before that.
func untilLate(serial []byte) []byte {
	before, _, _ := bytes.Cut(serial, []byte(lateLine))
	return before
}

func verdict(vm string, want, have []string) faults.Verdict {
	v := faults.Verdict{VM: vm}
	for _, line := range have {
		if line == "probe ok" {
			v.Probe, v.Complete = "passed", true
		} else if vm == controlVM && line == controlDone {
			v.Complete = true
		} else if what, ok := cutPrefix(line, "probe failed"); ok {
			v.Probe, v.Complete = "failed"+what, true
		}
	}
	for i, line := range have {
		if i >= len(want) || line != want[i] {
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

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return "", false
}

// linesByVM sorts complete lines of the console by the VM that they name.
func linesByVM(serial []byte) map[string][]string {
	vms := map[string][]string{}
	for line := range bytes.Lines(serial) {
		text, complete := bytes.CutSuffix(line, []byte("\n"))
		if !complete || len(text) < 4 || text[0] != '(' || text[1] != 'd' {
			continue
		}
		end := bytes.IndexByte(text, ')')
		if end < 0 || end+2 > len(text) || text[end+1] != ' ' {
			continue
		}
		vm := string(text[1:end])
		vms[vm] = append(vms[vm], string(bytes.TrimRight(text[end+2:], "\r")))
	}
	return vms
}

// startedAll tells whether so many VMs began their workload.
func startedAll(serial []byte, domains int) bool {
	n := 0
	for _, lines := range linesByVM(serial) {
		for _, l := range lines {
			if l == "workload start" {
				n++
				break
			}
		}
	}
	return n >= domains
}

// vmmLastWords is the last line of the VMM's own but the one that ends a run.
func vmmLastWords(serial []byte) (last string) {
	for line := range bytes.Lines(serial) {
		if text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("(VMM) ")); ok && string(text) != "done" {
			last = string(text)
		}
	}
	return last
}
