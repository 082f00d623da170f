package cli

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/report"
	"resvirt/experiments/retrace"
)

func reportFlags(fs *flag.FlagSet) any {
	v := &reportValues{}
	formatFlag(fs, &v.format, "text", "json", "csv")
	fs.BoolVar(&v.hosts, "hosts", false, "list instead which hosts worked on it, with what, and how fast")
	return v
}

type reportValues struct {
	format string
	hosts  bool
}

func runReport(e *env, operands []string, values any) error {
	v := values.(*reportValues)
	if v.hosts && v.format != "text" {
		return usage("report: --hosts: there is text alone")
	}
	if v.hosts {
		return printHosts(e, operands[0])
	}
	return printReport(e, operands[0], v.format)
}

func printHosts(e *env, path string) error {
	r, err := reportOf(e, path)
	if err != nil {
		return err
	}
	return r.Hosts(e.stdout)
}

func reportOf(e *env, path string) (*report.Report, error) {
	db, err := e.open(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return told(e, func() (*report.Report, error) { return report.Of(db) })
}

func printReport(e *env, path, format string) error {
	r, err := reportOf(e, path)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return r.JSON(e.stdout)
	case "csv":
		return r.CSV(e.stdout)
	}
	return r.Text(e.stdout)
}

// parseRun reads "full/17".
func parseRun(s string) (setting string, index int, err error) {
	setting, digits, ok := strings.Cut(s, "/")
	var n uint64
	if ok {
		n, err = number(digits, 0, math.MaxInt)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return "", 0, usage("%q names no run: the number is too large", s)
	case !ok || setting == "" || err != nil:
		return "", 0, usage("%q names no run: a run is SETTING/NUMBER, like full/17", s)
	}
	return setting, int(n), nil
}

func replayFlags(fs *flag.FlagSet) any {
	v := &replayValues{}
	fs.IntVar(&v.traced, "trace", 0, "list `N` instructions around the fault and around the detection, beside their source lines")
	changeFlags(fs, &v.change)
	return v
}

type replayValues struct {
	traced int
	change experiments.Change
}

// mostTraced bounds a listing, which is kept in memory.
const mostTraced = 1_000_000

func runReplay(e *env, operands []string, values any) error {
	v := values.(*replayValues)
	if v.traced < 0 || v.traced > mostTraced {
		return usage("replay: --trace %d: it must be 1 to %d", v.traced, mostTraced)
	}
	if err := oneChange("replay", &v.change); err != nil {
		return err
	}
	setting, index, err := parseRun(operands[1])
	if err != nil {
		return err
	}
	db, err := e.open(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := retrace.ExecuteChanged(e.ctx, db, e.stored, setting, index, v.traced, v.change, e.teller())
	e.printer().end()
	if err != nil {
		return err
	}
	if err := r.Text(e.stdout); err != nil {
		return err
	}
	if len(r.Differences) > 0 {
		fmt.Fprintln(e.stderr, "resvirt: BUG: the replay differs from what was stored")
		return status(exitFailed)
	}
	return nil
}

func listFlags(fs *flag.FlagSet) any {
	return fs.Bool("steps", false, "list only the recovery steps: the bit in the policy word, the source, what each repairs")
}

// runList prints its list also if the hypervisor's image cannot be built: then without the
// steps.
func runList(e *env, _ []string, values any) error {
	// The recovery steps come from the VMM's image.
	sys, err := e.build(experiments.Default(), e.printer().say)
	if steps := *values.(*bool); err != nil && (steps || e.ctx.Err() != nil) {
		return err
	} else if steps {
		return report.ListSteps(e.stdout, sys)
	}
	var steps []report.StepInfo
	if err == nil {
		steps = report.DescribeSteps(sys)
	}
	return errors.Join(report.List(e.stdout, steps, err, textWidth(e.stdout)), err)
}
