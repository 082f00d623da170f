package cli

import (
	"flag"
	"fmt"

	"resvirt/experiments/report"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/faults"
)

type showValues struct {
	filter store.RunFilter
	format string
}

func showFlags(fs *flag.FlagSet) any {
	v := &showValues{}
	f := &v.filter
	var known []string
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		known = append(known, o.String())
	}
	fs.Var(&choice{&f.Outcome, known}, "outcome", "list only runs of outcome `CLASS`")
	fs.StringVar(&f.Setting, "setting", "", "... of setting `NAME`")
	fs.Var(&choice{&f.Fault, faults.KindNames()}, "type", "... with faults of type `TYPE`")
	fs.StringVar(&f.Cause, "cause", "", "... whose cause contains `TEXT`")
	fs.StringVar(&f.Struck, "struck", "", "... whose fault struck in a function whose name contains `TEXT`")
	fs.StringVar(&f.Detected, "detected", "", "... first detected in a function whose name contains `TEXT`")
	fs.StringVar(&f.WorseThan, "worse-than", "", "... that did harm where the same fault did none under setting `NAME`")
	formatFlag(fs, &v.format, "text", "json", "csv")
	return v
}

func runShow(e *env, operands []string, values any) error {
	v := values.(*showValues)
	setting, index := "", 0
	if len(operands) == 2 {
		var err error
		if setting, index, err = parseRun(operands[1]); err != nil {
			return err
		}
		if v.filter != (store.RunFilter{}) {
			return usage("show: %s is a single run; filters choose among all, without RUN", operands[1])
		}
	}
	db, err := e.open(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	if setting != "" {
		return showRun(e, db, setting, index, v.format)
	}
	list, err := told(e, func() ([]store.RunLine, error) { return db.Runs(v.filter) })
	if err != nil {
		return err
	}
	switch v.format {
	case "json":
		return report.RunsJSON(e.stdout, list)
	case "csv":
		return report.RunsCSV(e.stdout, list)
	}
	if len(list) == 0 && v.filter != (store.RunFilter{}) {
		_, err := fmt.Fprintf(e.stdout, "no run in %s is such a one\n", operands[0])
		return err
	}
	return report.RunsText(e.stdout, list)
}

// showRun shows all of a single run.
func showRun(e *env, db *store.DB, setting string, index int, format string) error {
	switch format {
	case "csv":
		return usage("show: --format csv: of a single run there are text and json")
	case "json":
		return retrace.ShowJSON(db, e.stdout, setting, index)
	}
	return retrace.Show(db, e.stdout, setting, index)
}
