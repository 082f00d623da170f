package report

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/seam"
)

// fullReboot is the name of the step after which every VM starts anew.
const fullReboot = seam.StepFullReboot

// Reboot is the time of full reboots in a setting with a fault type, from the
// first detection until the VMM had built all that it builds at power on, and
// until all processors ran VMs.
type Reboot struct {
	Setting string   `json:"setting"`
	Fault   string   `json:"fault"`
	Runs    int      `json:"runs"`
	Up      sim.Time `json:"vmm_up_median_ps"`
	Median  sim.Time `json:"vms_run_median_ps"`
	P95     sim.Time `json:"vms_run_p95_ps"`
}

// addReboots reads how long full reboots took. They are no recoveries, so that
// no other table has them.
func addReboots(db *store.DB, r *Report, settings []experiments.Setting) error {
	for _, s := range settings {
		if !slices.Contains(s.Steps, fullReboot) {
			continue
		}
		up, all := map[string][]sim.Time{}, map[string][]sim.Time{} // by fault type
		err := db.Recoveries(faults.VMLost, s.Name, func(x *store.Recovery) {
			if t, ok := vmmUp(x); ok {
				up[x.Fault], all[x.Fault] = append(up[x.Fault], t), append(all[x.Fault], x.Took)
			}
		})
		if err != nil {
			return err
		}
		for i := range r.Cells {
			fault := r.Cells[i].Fault
			if r.Cells[i].Setting != s.Name || len(all[fault]) == 0 {
				continue
			}
			x := Reboot{Setting: s.Name, Fault: fault, Runs: len(all[fault])}
			x.Up, _ = stats.Quantile(up[fault], 0.5)
			x.Median, _ = stats.Quantile(all[fault], 0.5)
			x.P95, _ = stats.Quantile(all[fault], 0.95)
			r.Reboots = append(r.Reboots, x)
		}
	}
	return nil
}

// vmmUp is the time at which the VMM was up again after a full reboot, if there
// was one.
func vmmUp(x *store.Recovery) (sim.Time, bool) {
	done := slices.IndexFunc(x.Steps, func(s faults.Step) bool { return s.Done })
	if done < 0 || !slices.ContainsFunc(x.Steps[:done], func(s faults.Step) bool { return s.Name == fullReboot }) {
		return 0, false
	}
	return x.Steps[done].Time - x.Detections[0].Time, true
}

func (r *Report) rebootTable(b *strings.Builder) {
	if len(r.Reboots) == 0 {
		return
	}
	b.WriteString("\nfull reboots, which lose all VMs: from the detection on\n")
	t := table(b)
	fmt.Fprintln(t, "\t\t\tVMM is up,\tVMs run,\t\t")
	fmt.Fprintln(t, "setting\tfault\truns\tmedian\tmedian\tp95\t")
	for _, x := range r.Reboots {
		fmt.Fprintf(t, "%s\t%s\t%d\t%v\t%v\t%v\t\n", x.Setting, x.Fault, x.Runs, x.Up, x.Median, x.P95)
	}
	t.Flush()
	b.WriteString("VMs run: on all processors, from their first instruction. Firmware and loader take no time here.\n")
}
