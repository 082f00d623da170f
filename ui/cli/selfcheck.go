package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/checks"
	"resvirt/experiments/testbed"
)

type selfcheckValues struct {
	runs       int
	faults     int
	experiment string
	oracle     bool
	flips      int
	seed       uint64
	keep       bool
}

func selfcheckFlags(fs *flag.FlagSet) any {
	v := &selfcheckValues{}
	fs.IntVar(&v.runs, "runs", 200, "stall `N` golden runs, and provoke a recovery in as many")
	fs.IntVar(&v.faults, "faults", 20, "run the campaign that is run twice with `N` faults of each type")
	fs.StringVar(&v.experiment, "experiment", "quick", "check the system of `EXPERIMENT`")
	fs.BoolVar(&v.oracle, "oracle", false, "measure instead how much harm the judges of runs notice: flip random bits of what guests own")
	fs.IntVar(&v.flips, "flips", 200, "flip `N` bits of each class (with --oracle)")
	fs.Uint64Var(&v.seed, "seed", 1, "draw flips from `SEED` (with --oracle)")
	fs.BoolVar(&v.keep, "keep", false, "keep what was measured in "+experiments.SensitivityFile+", for campaigns to come (with --oracle)")
	return v
}

// mostChecks bounds each number: all of that kind are prepared at once.
const mostChecks = 1_000_000

func (v *selfcheckValues) check(g given, _ []string) error {
	if err := g.needs("selfcheck", "oracle", "flips", "seed", "keep"); err != nil {
		return err
	}
	return g.alone("selfcheck", "oracle", "flips", "seed", "keep", "experiment")
}

func runSelfcheck(e *env, _ []string, values any) error {
	v := values.(*selfcheckValues)
	for _, n := range []int{v.runs, v.faults, v.flips} {
		if n < 1 || n > mostChecks {
			return usage("selfcheck: --runs, --faults and --flips must be 1 to %d", mostChecks)
		}
	}
	exp, _, err := experiments.Load(v.experiment)
	if err != nil {
		return err
	}
	if err := campaign.Refuse(exp, campaign.Options{Runs: v.faults}); err != nil {
		return err
	}
	if v.keep { // where it is kept is asked for before it is measured
		if _, err := testbed.ModuleRoot(); err != nil {
			return err
		}
	}
	p := e.printer()
	sys, err := e.build(exp, p.say)
	if err != nil {
		return err
	}
	if v.oracle {
		return runOracle(e, exp, sys, v)
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

// cacheDir is the directory in which work without a database keeps finished
// parts.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "resvirt")
}
