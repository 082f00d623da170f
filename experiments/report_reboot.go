package experiments

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
	"resvirt/sim"
)

// fullReboot is the step after which every VM starts anew.
const fullReboot = "full_reboot"

// Reboot is what full reboots of the machine took in a setting against a fault
// type, from the first detection on: until the VMM had built what it builds at
// power on, and until all processors ran VMs.
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
func (db *DB) addReboots(r *Report, settings []Setting) error {
	for _, s := range settings {
		if !slices.Contains(s.Steps, fullReboot) {
			continue
		}
		for i := range r.Cells {
			if r.Cells[i].Setting != s.Name {
				continue
			}
			up, all, err := db.reboots(s.Name, r.Cells[i].Fault)
			if err != nil {
				return err
			}
			x := Reboot{Setting: s.Name, Fault: r.Cells[i].Fault, Runs: len(all)}
			x.Up, _ = quantile(up, 0.5)
			x.Median, _ = quantile(all, 0.5)
			x.P95, _ = quantile(all, 0.95)
			if len(all) > 0 {
				r.Reboots = append(r.Reboots, x)
			}
		}
	}
	return nil
}

// reboots lists the times of one cell's runs that came back by a full reboot.
func (db *DB) reboots(setting, fault string) (up, all []sim.Time, err error) {
	rows, err := db.sql.Query(`SELECT detections, steps, recovery_ps FROM runs
		WHERE campaign = 1 AND setting = ? AND fault = ? AND outcome = ? AND recovery_ps IS NOT NULL`, setting, fault, faults.VMLost.String())
	if err != nil {
		return nil, nil, db.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var detections, steps []byte
		var took int64
		if err := rows.Scan(&detections, &steps, &took); err != nil {
			return nil, nil, db.explain(err)
		}
		var d []faults.Detection
		var list []faults.Step
		err := json.Unmarshal(detections, &d)
		if err == nil {
			err = json.Unmarshal(steps, &list)
		}
		if err != nil || len(d) == 0 {
			return nil, nil, fmt.Errorf("database %s: a run of setting %s is damaged: %d detections: %w", db.path, setting, len(d), err)
		}
		done := slices.IndexFunc(list, func(s faults.Step) bool { return s.Done })
		if done < 0 || !slices.ContainsFunc(list[:done], func(s faults.Step) bool { return s.Name == fullReboot }) {
			continue
		}
		up, all = append(up, list[done].Time-d[0].Time), append(all, sim.Time(took))
	}
	return up, all, rows.Err()
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
