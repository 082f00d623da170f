package testbed

import (
	"fmt"
	"strconv"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Variable finds a variable of the hypervisor, or a part of one, by its name:
//
//	main.bootCPU               a package's variable
//	persistent.owner           what neither boot nor recovery overwrites
//	cpu1.core.timers.size      the block of a CPU
//	d1.id  d1v0.arch.flags     a domain, a vCPU
//
// It can be read while the machine stands where it is.
func (a *Anatomy) Variable(m faults.Machine, name string) (inspect.Value, error) {
	v, path, err := a.root(m, name)
	if err == nil && path != "" {
		v, err = v.Path(strings.TrimPrefix(path, "."))
	}
	if err != nil {
		return v, fmt.Errorf("there is no variable %q: %w", name, err)
	}
	return v, nil
}

// root finds the variable with which a name begins, and gives what follows.
func (a *Anatomy) root(m faults.Machine, name string) (v inspect.Value, path string, err error) {
	mem := a.Memory(m)
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	first, path := name[:end], name[end:]
	if first == "persistent" {
		at, err := a.view.Var("resvirt/vi/bare.Image", inspect.Initial(a.vmm))
		if err == nil {
			at, err = at.Field("Persist")
		}
		page := uint64(0)
		if err == nil {
			page, err = at.Uint()
		}
		if err == nil {
			v, err = a.view.At("main.persistent", page, mem)
		}
		return v, path, err
	}
	if number, ok := strings.CutPrefix(first, "cpu"); ok {
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < a.ncpus {
			v, err = a.view.At("main.CPU", a.blockOf(i), mem)
			return v, path, err
		}
	}
	for _, o := range a.Checker.Objects(a.Machine(m)) {
		if o.Name == first {
			v, err = a.view.At(o.Type, o.Addr, mem)
			return v, path, err
		}
	}
	return a.packageVariable(mem, name)
}

// packageVariable finds the longest beginning of a name that is a variable.
func (a *Anatomy) packageVariable(mem inspect.Memory, name string) (v inspect.Value, path string, err error) {
	for end := len(name); end > 0; end = strings.LastIndexAny(name[:end], ".[") {
		if v, err = a.view.Var(name[:end], mem); err == nil {
			return v, name[end:], nil
		}
	}
	return v, "", fmt.Errorf("say main.NAME, cpu0.FIELD, persistent.FIELD, or a domain or vCPU that exists there, such as d1 or d1v0")
}
