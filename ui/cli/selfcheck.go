package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"resvirt/experiments"
	"resvirt/experiments/checks"
)

type selfcheckValues struct {
	runs       int
	faults     int
	experiment string
}

func selfcheckFlags(fs *flag.FlagSet) any {
	v := &selfcheckValues{}
	fs.IntVar(&v.runs, "runs", 200, "stall `N` golden runs, and provoke a recovery in as many")
	fs.IntVar(&v.faults, "faults", 20, "run the campaign that is run twice with `N` faults of each type")
	fs.StringVar(&v.experiment, "experiment", "quick", "check the system of `EXPERIMENT`")
	return v
}

func runSelfcheck(e *env, _ []string, values any) error {
	v := values.(*selfcheckValues)
	if v.runs < 1 || v.faults < 1 {
		return usage("selfcheck: --runs and --faults must be at least 1")
	}
	exp, _, err := experiments.Load(v.experiment)
	if err != nil {
		return err
	}
	p := e.printer()
	sys, err := e.build(exp, p.say)
	if err != nil {
		return err
	}
	e.keeps("what has passed is kept; the same command goes on from there")
	defer p.end()
	return checks.Selfcheck(e.ctx, exp, sys, checks.Options{Runs: v.runs, Faults: v.faults, Dir: cacheDir(), Teller: e.teller(), Told: func(c checks.Check) {
		result := "ok"
		switch {
		case c.Skipped:
			result, c.Detail = "skipped", c.Err.Error()
		case c.Err != nil:
			result, c.Detail = "FAILED", c.Err.Error()
		}
		p.end()
		fmt.Fprintf(e.stdout, "%-8s %s: %s\n", result, c.Name, c.Detail)
	}})
}

// cacheDir is where work that has no database keeps what is done of it.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "resvirt")
}
