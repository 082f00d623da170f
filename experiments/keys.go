package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Key is a key of an experiment file.
type Key struct {
	Name    string // "faults.window", "setting.name"
	Table   string // "[faults]", "[[setting]]"; "" = the file's own
	Default string // as it is written in a file; "" = there is none
	Meaning string
	Range   string // of numbers; "" = whatever fits
}

// Keys lists all keys, in the order of the type Experiment.
func Keys() []Key {
	e := Default()
	list := keysOf("", "", reflect.ValueOf(e))
	for i := range list {
		k := &list[i]
		k.Meaning = meanings[k.Name]
		for _, b := range e.bounds() {
			if b.key == k.Name {
				k.Range = b.text()
			}
		}
	}
	return list
}

func keysOf(table, prefix string, v reflect.Value) []Key {
	var list []Key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue // not a key: for the tool only
		}
		name := prefix + f.Tag.Get("toml")
		switch {
		case f.Type.Kind() == reflect.Struct:
			list = append(list, keysOf("["+name+"]", name+".", v.Field(i))...)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			for _, k := range keysOf("[["+name+"]]", name+".", reflect.New(f.Type.Elem()).Elem()) {
				k.Default = ""
				list = append(list, k)
			}
		default:
			list = append(list, Key{Name: name, Table: table, Default: inFile(v.Field(i))})
		}
	}
	return list
}

// inFile is a value as it is written in a file.
func inFile(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Slice:
		var texts []string
		for i := range v.Len() {
			texts = append(texts, inFile(v.Index(i)))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case reflect.Pointer:
		return ""
	}
	return fmt.Sprint(v.Interface())
}

// tableNames lists the tables of a file, as their headers stand there.
func tableNames() []string {
	var list []string
	for _, k := range Keys() {
		if k.Table != "" && !slices.Contains(list, k.Table) {
			list = append(list, k.Table)
		}
	}
	return list
}

// meanings has the meaning and the unit of each key.
var meanings = map[string]string{
	"name":        "of the campaign, and of its database; unless given, that of the file",
	"description": "for people: `list` shows it",
	"takes":       "for people: how long it takes on two idle cores",
	"seed":        "another number gives another list of faults",
	"runs":        "faults of each entry of faults.types, for each setting",

	"machine.cpus":       "processors",
	"machine.memory_mb":  "memory in MiB, for the VMM and all VMs",
	"machine.quantum_ns": "processors take turns of so many ns of virtual time",

	"vmm.domains":     "AppVMs: VMs that run the workload",
	"vmm.control":     "true: a control domain builds the AppVMs and serves their consoles; false: the VMM builds them as it boots",
	"vmm.late":        "so many AppVMs more, which the control domain makes when all others but one have ended",
	"vmm.domain_mb":   "memory of each AppVM in MiB",
	"vmm.domain_cpus": "the AppVMs share so many of the processors; 0 = all",
	"vmm.tick_us":     "period of the scheduler's tick, in µs of virtual time",
	"vmm.watchdog_us": "period of hang detection, in µs of virtual time",
	"vmm.without":     "mechanisms of normal operation that the VMM is built without: " + strings.Join(mechanismNames(), ", "),

	"workload.name":       "what the AppVMs run",
	"workload.package":    "directory in the clone of a program of yours that they run instead, such as \"./workloads/mine\" (docs/workload.md)",
	"workload.length":     "rounds of all tests",
	"workload.compute":    "rounds of pure computing behind each test, which lower the VMM's share of the time",
	"workload.quantum_us": "time slice of the processes within an AppVM, in µs of virtual time; 0 = its kernel's own",
	"workload.fifo":       "true: guests use the FIFO interface of event channels, not the one of two levels",

	"io.whole":     "true: the control domain runs XenStore, a toolstack and consoles as services, a driver domain drives a disk and a network interface, and AppVMs run blkbench, netbench and a key-value service on these, beside those of vmm.domains",
	"io.iommu":     "true: an IOMMU lies between devices and memory",
	"io.blocks":    "rounds of blkbench",
	"io.requests":  "requests of each host on the wire that are counted",
	"io.period_us": "time between two of them, in µs of virtual time",

	"program.kernel":  "of target \"bare\": file that boots, as `boot` takes it, or \"checks\", which ships",
	"program.append":  "its command line",
	"program.start":   "what comes before this text on the console is not measured",
	"program.failure": "texts on the console by which it says that it noticed a fault",
	"program.exit":    "what it writes to port F4h at its right end; another value is a detection",

	"faults.target":       "what is struck: \"vmm\", the hypervisor, \"guest\", an AppVM, or \"bare\", a program without a hypervisor",
	"faults.vm":           "of a guest: number of the AppVM; the first is 1 with a control domain and 0 without",
	"faults.part":         "of a guest: \"kernel\" or \"user\", the programs on it",
	"faults.types":        "fault i is of type i modulo their number: a type that stands there twice gets twice as many",
	"faults.window":       "faults' times lie between these two percentages of the golden run",
	"faults.instructions": "behind its time a fault waits for 0 to so many instructions of the target; up to 4294967296",
	"faults.per_run":      "faults that strike each run, all of one type",

	"deadline.detection_us": "how long detection may take, in µs of virtual time: a run's deadline is the end of the golden run plus this and recovery_us",
	"deadline.recovery_us":  "how long recovery may take, in µs of virtual time",

	"golden.snapshots": "states of the golden run that are kept, from which faulty runs start",
	"golden.digests":   "states of the golden run that faulty runs are compared with: one that equals its own has converged",
	"golden.misses":    "so many comparisons in vain, and only snapshots are compared with from there on",

	"overhead.compute":              "makes it an experiment that measures the cost of mechanisms in runs without faults: with each of these values of workload.compute",
	"overhead.campaign_tick_us":     "the clock of campaigns, in µs of virtual time: with it, without computing and with the guests' own time slices everything is measured first; 0 = it is not",
	"overhead.campaign_watchdog_us": "the watchdog's period with that clock, in µs of virtual time",
	"overhead.variants":             `VMMs that are measured: "all" mechanisms, then "none", or the one that is left out`,
	"overhead.layouts":              "each is measured in so many places of memory, since which pages share a place in the TLB depends on where they lie; up to 64",

	"sweep.watchdog_us": "the campaign is run with each of these as vmm.watchdog_us, the first of which is the file's own; deadline.detection_us grows with it",
	"sweep.memory_mb":   "the same with machine.memory_mb",

	"setting.name":    "a setting is a recovery policy that all faults are run under; there must be one, may be many",
	"setting.steps":   "the recovery steps that it allows, of those above; none: the VMM halts on detection",
	"setting.base":    "instead of steps: the setting whose steps it allows as well, but for the next two",
	"setting.without": "steps of the base that it does not allow",
	"setting.with":    "steps that it allows beside those of the base",

	"published.setting":  "a figure that a paper printed, which `report` puts beside ours; it decides nothing. Of this setting",
	"published.fault":    "of this fault type",
	"published.success":  "percent of detected failures that recovered by the paper's own rule",
	"published.no_vm":    "percent of detected failures in which no VM failed",
	"published.interval": "so many points the first of both may lie lower, and higher: [0.86, 0.55]",
	"published.source":   "paper and table",
}
