package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// Mechanism is something that the VMM does in normal operation for recovery.
type Mechanism struct {
	Name  string
	Tag   string   // build tag of a VMM without it; empty: the command line turns it off
	Files []string // of vi/vmm, beside those of recovery alone

	Variables       []string // static data
	PerCPU, PerVCPU []string // members of main.CPU and main.VCPU
}

// WatchdogName is the mechanism that the command line turns off.
const WatchdogName = "watchdog"

// Mechanisms are those that an experiment can leave out.
func Mechanisms() []Mechanism {
	return []Mechanism{
		{Name: "call_log", Tag: "without_call_log", Files: []string{"note.go", "progress.go"},
			PerVCPU: []string{"arch.noted", "arch.drafted", "arch.next", "arch.kept", "arch.log"}},
		{Name: "journal", Tag: "without_journal", Files: []string{"journal.go", "recover_frame_journal.go"},
			Variables: []string{"main.journals"}, PerCPU: []string{"core.journal"}},
		{Name: "patrol", Tag: "without_patrol", Files: []string{"patrol.go"}, PerCPU: []string{"core.patrolAt"}},
		{Name: WatchdogName, Files: []string{"watchdog.go"},
			PerCPU: []string{"lastTicks", "lastLeft", "stuck", "staying", "core.left", "core.watchdogTicks", "core.watchdogTimer"}},
	}
}

// Variants of a VMM: all mechanisms, none, or all but one.
const (
	WithAll  = "all"
	WithNone = "none"
)

func mechanismNames() []string {
	var names []string
	for _, m := range Mechanisms() {
		names = append(names, m.Name)
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

// Tags are the build tags that leave out the experiment's mechanisms.
func (v *VMM) Tags() (tags []string) {
	for _, m := range Mechanisms() {
		if m.Tag != "" && slices.Contains(v.Without, m.Name) {
			tags = append(tags, m.Tag)
		}
	}
	return tags
}
