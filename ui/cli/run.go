package cli

import (
	"flag"
	"fmt"
	"math"
	"strings"
	"time"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/overhead"
	"resvirt/experiments/report"
)

type runValues struct {
	seed    string
	runs    int
	workers int
	db      string
	format  string
	fault   string
}

func runFlags(fs *flag.FlagSet) any {
	v := &runValues{}
	fs.StringVar(&v.seed, "seed", "", "another seed, `N`, gives another list of faults")
	fs.Func("runs", "only the first `N` faults of each fault type's list", numberFromOne(&v.runs))
	fs.Func("workers", "`N` machines at a time, up to 8 for each core; unless given, as many as cores and free memory allow", numberFromOne(&v.workers))
	fs.StringVar(&v.db, "db", "", "the database is `FILE`; unless given, EXPERIMENT.db here; one that measures overhead needs none, a sweep adds each value to the name")
	formatFlag(fs, &v.format, "text", "json")
	fs.StringVar(&v.fault, "fault", "", "only the fault `N` of the list, as in full/N, under each setting, and print its rows; TYPE/N is number N of a type")
	return v
}

func runRun(e *env, operands []string, values any) error {
	v := values.(*runValues)
	exp, text, err := experiments.Load(operands[0])
	if err != nil {
		return err
	}
	if exp.Measures() {
		return runOverhead(e, exp, v)
	}
	if v.seed != "" {
		if exp.Seed, err = number(v.seed, 0, math.MaxUint64); err != nil {
			return usage("run: --seed %s: %v", v.seed, err)
		}
	}
	if v.db == "" {
		v.db = exp.Name + ".db"
	}
	p := e.printer()
	e.keeps("no run was done; the same command begins again")
	told := func(now campaign.Progress) {
		if now.Unit == "" && now.Done > 0 {
			e.keeps(fmt.Sprintf("%d of %d runs are in %s; the same command goes on from there", now.Done, now.Total, databaseOf(&exp, v.db)))
		}
		p.progress(now)
	}
	o := campaign.Options{
		Path: v.db, Runs: v.runs, Workers: v.workers, Text: text,
		Command: "resvirt " + strings.Join(e.args, " "), Stage: p.say, Progress: told,
	}
	if v.fault != "" {
		index, err := faultIndex(&exp, v.fault)
		if err != nil {
			return err
		}
		if exp.Sweeps() {
			return usage("run: --fault: %s is a sweep, whose campaigns have faults of their own", exp.Name)
		}
		o.Only = &index
	}
	if err := campaign.Refuse(exp, o); err != nil {
		return err
	}
	var res campaign.Result
	begin := time.Now()
	if exp.Sweeps() {
		res, err = campaign.RunSweep(e.ctx, exp, warning(e.build, p.say), o)
	} else {
		var sys experiments.System
		if sys, err = warning(e.build, p.say)(exp, p.say); err == nil {
			begin = time.Now()
			res, err = campaign.Run(e.ctx, exp, sys, o)
		}
	}
	p.end()
	if err != nil {
		return experiments.PlacedStep(err, operands[0], text)
	}
	if o.Only != nil {
		return finishFault(e, exp, v, *o.Only, res, time.Since(begin))
	}
	return finish(e, exp, v, res, time.Since(begin))
}

// warning wraps build: it prints once the warnings about settings for the
// system.
func warning(build func(experiments.Experiment, func(string)) (experiments.System, error), say func(string)) func(experiments.Experiment, func(string)) (experiments.System, error) {
	said := false
	return func(exp experiments.Experiment, stage func(string)) (experiments.System, error) {
		sys, err := build(exp, stage)
		if err == nil && !said {
			said = true
			for _, w := range experiments.Warnings(exp.Settings, sys) {
				say("warning: " + w)
			}
		}
		return sys, err
	}
}

// databaseOf names the database of a campaign, or those of a sweep, for people.
func databaseOf(exp *experiments.Experiment, path string) string {
	if exp.Sweeps() {
		return exp.SweepFiles(path)
	}
	return path
}

// finish tells how a campaign ended and prints its table.
func finish(e *env, exp experiments.Experiment, v *runValues, res campaign.Result, took time.Duration) error {
	path := databaseOf(&exp, v.db)
	switch {
	case res.Interrupted:
		fmt.Fprintf(e.stderr, "stopped: %d of %d runs are in %s; the same command goes on from there\n", res.Done, res.Total, path)
		return status(exitInterrupt)
	case res.Session == 0:
		fmt.Fprintf(e.stderr, "nothing to do: all %d runs are in %s\n", res.Total, path)
	default:
		fmt.Fprintf(e.stderr, "%d runs in %.1f s with %d workers (%.0f a second), in %s\n", res.Session, took.Seconds(), res.Workers, float64(res.Session)/res.Elapsed.Seconds(), path)
	}
	if err := printRun(e, exp, v); err != nil {
		return err
	}
	if res.ToolErrors > 0 {
		fmt.Fprintf(e.stderr, "resvirt: %d runs met a defect of this tool (outcome tool_error): `resvirt show %s` lists them; they are not counted as survived\n", res.ToolErrors, path)
		return status(exitFailed)
	}
	return nil
}

// printRun prints the table of a campaign, or of those of a sweep.
func printRun(e *env, exp experiments.Experiment, v *runValues) error {
	if !exp.Sweeps() {
		return printReport(e, v.db, v.format)
	}
	r, err := report.SweepTable(exp, v.db)
	if err != nil {
		return err
	}
	if v.format == "json" {
		return r.JSON(e.stdout)
	}
	return r.Text(e.stdout)
}

// runOverhead measures what the mechanisms cost and prints it.
func runOverhead(e *env, exp experiments.Experiment, v *runValues) error {
	if v.db != "" || v.runs != 0 || v.seed != "" || v.workers != 0 || v.fault != "" {
		return usage("run: %s measures overhead: it takes --format alone", exp.Name)
	}
	e.keeps("what was measured is kept; the same command goes on from there")
	r, err := overhead.Measure(e.ctx, exp, overhead.Build(e.build), cacheDir(), e.teller())
	e.printer().end()
	if err != nil {
		return err
	}
	if v.format == "json" {
		return r.JSON(e.stdout)
	}
	return r.Text(e.stdout)
}
