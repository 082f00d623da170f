package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"resvirt/experiments"
)

type selfcheckValues struct {
	full       bool
	experiment string
}

func selfcheckFlags(fs *flag.FlagSet) any {
	v := &selfcheckValues{}
	fs.BoolVar(&v.full, "full", false, "200 stalled and 200 provoked golden runs instead of 20 each, and a longer campaign")
	fs.StringVar(&v.experiment, "experiment", "quick", "`EXPERIMENT`: whose system is checked")
	return v
}

func runSelfcheck(e *env, _ []string, values any) error {
	v := values.(*selfcheckValues)
	exp, _, err := experiments.Load(v.experiment)
	if err != nil {
		return err
	}
	p := newPrinter(e.stderr)
	sys, err := e.build(exp, p.say)
	if err != nil {
		return err
	}
	n, runs := 20, 10
	if v.full {
		n, runs = 200, 100
	}
	err = experiments.Selfcheck(e.ctx, exp, sys, n, runs, func(c experiments.Check) {
		result := "ok"
		switch {
		case c.Skipped:
			result, c.Detail = "skipped", c.Err.Error()
		case c.Err != nil:
			result, c.Detail = "FAILED", c.Err.Error()
		}
		fmt.Fprintf(e.stdout, "%-8s %s: %s\n", result, c.Name, c.Detail)
	})
	if errors.Is(err, context.Canceled) {
		return status(exitInterrupt)
	}
	return err
}
