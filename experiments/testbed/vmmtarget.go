package testbed

import (
	"fmt"
	"strings"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/seam"
)

// exitOK is the exit status that the debug-exit device gives for
// seam.ExitRight.
const exitOK = seam.ExitRight<<1 | 1

// vmmTarget is the hypervisor as something that faults strike.
func vmmTarget(images map[string]*image.Image, steps []string) (*faults.Target, error) {
	t := &faults.Target{
		Name: "vmm", Symbols: imageSymbols(images), Recovered: seam.PostRecovered, GivenUp: seam.PostGivenUp,
		StepNames: postNames(steps), ExitOK: exitOK, Cause: vmmCause, Judge: Judge, LastWords: vmmLastWords,
		Helper: helper, Checks: checks,
	}
	for _, s := range []struct {
		name string
		kind faults.DetectionKind
	}{{"main.detectPanic", faults.ByPanic}, {"main.detectHang", faults.ByHang}} {
		addr, ok := images["vmm"].Addr(s.name)
		if !ok {
			return nil, fmt.Errorf("the VMM's image has no function %s: it is the entry that counts as a detection", s.name)
		}
		t.Entries = append(t.Entries, faults.Entry{PC: addr, Kind: s.kind})
	}
	return t, nil
}

// helper tells whether a function announces steps for its caller.
func helper(function string) bool {
	return function == "main.begin" || function == "main.post" || strings.HasPrefix(function, modulePath+"/vi/bare.")
}

// checks tells whether a function only checks, for the function in which it is expanded.
func checks(function string) bool {
	return function == "main.assert" || function == "main.disbelieve"
}

// isLock tells whether code was compiled from the VMM's spinlocks, in a function
// of their own or inlined.
func isLock(p faults.Place) bool { return p.File == "vi/vmm/lock.go" }

// vmmCause reads the arguments of the detection entry, which Go's register ABI
// passes in RAX and RBX: what was found, and the address of the instruction.
func vmmCause(m faults.Machine, cpu int) faults.Cause {
	kind, pc := m.Register(cpu, 0), m.Register(cpu, 3)
	return faults.Cause{What: Found(kind).String(), PC: pc, Check: Found(kind).Check()}
}

// imageSymbols names addresses in all images, which do not overlap. Names
// outside the VMM begin with their image's name.
type imageSymbols map[string]*image.Image

func (s imageSymbols) Func(pc uint64) (string, uint64, bool) {
	for _, p := range imagePackages {
		if f, ok := s[p.name].Func(pc); ok {
			if p.kind != image.VMM {
				f.Name = p.name + ":" + f.Name
			}
			return f.Name, f.Start, true
		}
	}
	return "", 0, false
}

func (s imageSymbols) Calls(pc uint64) []faults.Call {
	for _, p := range imagePackages {
		calls := s[p.name].Calls(pc)
		if len(calls) == 0 {
			continue
		}
		list := make([]faults.Call, len(calls))
		for i, c := range calls {
			list[i] = faults.Call(c)
			if p.kind != image.VMM {
				list[i].Function = p.name + ":" + c.Function
			}
		}
		return list
	}
	return nil
}
