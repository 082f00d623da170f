package experiments

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"resvirt/vi/inspect"
)

// mechanism is something that the VMM does in normal operation for recovery.
type mechanism struct {
	name  string
	tag   string   // build tag of a VMM without it; empty: the command line says so
	files []string // of vi/vmm, beside those of recovery alone

	variables       []string // static data
	perCPU, perVCPU []string // members of main.CPU and main.VCPU
}

const watchdogName = "watchdog"

var mechanisms = []mechanism{
	{name: "call_log", tag: "without_call_log", files: []string{"note.go", "progress.go"},
		perVCPU: []string{"arch.noted", "arch.drafted", "arch.next", "arch.kept", "arch.log"}},
	{name: "journal", tag: "without_journal", files: []string{"journal.go", "recover_frame_journal.go"},
		variables: []string{"main.journals"}, perCPU: []string{"core.journal"}},
	{name: "patrol", tag: "without_patrol", files: []string{"patrol.go"}, perCPU: []string{"core.patrolAt"}},
	{name: watchdogName, files: []string{"watchdog.go"},
		perCPU: []string{"lastTicks", "lastLeft", "stuck", "staying", "core.left", "core.watchdogTicks", "core.watchdogTimer"}},
}

// Variants of a VMM: all mechanisms, none, or all but one.
const (
	withAll  = "all"
	withNone = "none"
)

func mechanismNames() []string {
	var names []string
	for _, m := range mechanisms {
		names = append(names, m.name)
	}
	return names
}

func validateWithout(key string, names []string) error {
	for i, name := range names {
		if !slices.Contains(mechanismNames(), name) {
			return fmt.Errorf("%s: there is no mechanism %q: name one of %s", key, name, strings.Join(mechanismNames(), ", "))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s: %q stands there twice", key, name)
		}
	}
	return nil
}

// tags are the build tags of a VMM without what the experiment leaves out.
func (v *VMM) tags() (tags []string) {
	for _, m := range mechanisms {
		if m.tag != "" && slices.Contains(v.Without, m.name) {
			tags = append(tags, m.tag)
		}
	}
	return tags
}

// Reserved is what a mechanism occupies, in bytes and in lines of code.
type Reserved struct {
	Mechanism string `json:"mechanism"`
	Static    int64  `json:"static_bytes"`
	PerCPU    int64  `json:"bytes_per_cpu"`
	PerVCPU   int64  `json:"bytes_per_vcpu"`
	Lines     int    `json:"lines"`
}

// reserved reads from the VMM's own types what each mechanism occupies. Lines
// are counted without blank ones and comments; the last entry is recovery itself.
func (s *system) reserved() ([]Reserved, error) {
	v, err := inspect.Open(s.images["vmm"])
	if err != nil {
		return nil, err
	}
	memory := inspect.Initial(s.images["vmm"])
	lines := codeLines(s.parts)
	var list []Reserved
	for _, m := range mechanisms {
		r := Reserved{Mechanism: m.name}
		for _, name := range m.variables {
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
		}{{"main.CPU", m.perCPU, &r.PerCPU}, {"main.VCPU", m.perVCPU, &r.PerVCPU}} {
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
		for _, f := range m.files {
			if lines[f] == 0 {
				return nil, fmt.Errorf("mechanism %s: the VMM has no file %s", m.name, f)
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
func codeLines(parts []Part) map[string]int {
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
