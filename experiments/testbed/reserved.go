package testbed

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"resvirt/experiments"
	"resvirt/vi/inspect"
)

// Reserved is the size of a mechanism, in bytes of memory and in lines of code.
type Reserved struct {
	Mechanism string `json:"mechanism"`
	Static    int64  `json:"static_bytes"`
	PerCPU    int64  `json:"bytes_per_cpu"`
	PerVCPU   int64  `json:"bytes_per_vcpu"`
	Lines     int    `json:"lines"`
}

// Reserved reads from the VMM's own types what each mechanism occupies. Lines
// are counted without blank ones and comments; the last entry is recovery itself.
func (s *VI) Reserved() ([]Reserved, error) {
	v, err := inspect.Open(s.images["vmm"])
	if err != nil {
		return nil, err
	}
	memory := inspect.Initial(s.images["vmm"])
	lines := codeLines(s.parts)
	var list []Reserved
	for _, m := range experiments.Mechanisms() {
		r := Reserved{Mechanism: m.Name}
		for _, name := range m.Variables {
			x, err := v.Var(name, memory)
			if err != nil {
				return nil, err
			}
			r.Static += x.Size()
		}
		for _, of := range []struct {
			typ   string
			paths []string
			to    *int64
		}{{"main.CPU", m.PerCPU, &r.PerCPU}, {"main.VCPU", m.PerVCPU, &r.PerVCPU}} {
			at, err := v.At(of.typ, 0, memory)
			if err != nil {
				return nil, err
			}
			for _, p := range of.paths {
				x, err := at.Path(p)
				if err != nil {
					return nil, err
				}
				*of.to += x.Size()
			}
		}
		for _, f := range m.Files {
			if lines[f] == 0 {
				return nil, fmt.Errorf("mechanism %s: the VMM has no file %s", m.Name, f)
			}
			r.Lines += lines[f]
			delete(lines, f)
		}
		list = append(list, r)
	}
	rest := Reserved{Mechanism: "recovery"}
	for name, n := range lines {
		if strings.HasPrefix(name, "recover") || name == "steps.go" {
			rest.Lines += n
		}
	}
	return append(list, rest), nil
}

// codeLines counts the lines of code of each file of the VMM.
func codeLines(parts []experiments.Part) map[string]int {
	counts := map[string]int{}
	for _, p := range parts {
		if p.Kind != "source" || path.Dir(p.Name) != "vi/vmm" || strings.HasSuffix(p.Name, "_test.go") {
			continue
		}
		for line := range bytes.Lines(p.Data) {
			if text := bytes.TrimSpace(line); len(text) > 0 && !bytes.HasPrefix(text, []byte("//")) {
				counts[path.Base(p.Name)]++
			}
		}
	}
	return counts
}
