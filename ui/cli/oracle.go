package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"resvirt/experiments"
	"resvirt/experiments/checks"
	"resvirt/experiments/report"
	"resvirt/experiments/testbed"
)

// runOracle is selfcheck --oracle.
func runOracle(e *env, exp experiments.Experiment, sys experiments.System, v *selfcheckValues) error {
	p := e.printer()
	e.keeps("what is done is kept; the same command goes on from there")
	defer p.end()
	flips, err := checks.Oracle(e.ctx, exp, sys, checks.OracleOptions{Flips: v.flips, Seed: v.seed, Dir: cacheDir(), Teller: e.teller()})
	if err != nil {
		return err
	}
	p.end()
	s, kinds := checks.Sensitivity(exp, sys, v.seed, flips)
	if _, err := io.WriteString(e.stdout, report.OracleText(&s, kinds)); err != nil || !v.keep {
		return err
	}
	root, err := testbed.ModuleRoot()
	if err != nil {
		return err
	}
	path := filepath.Join(root, filepath.FromSlash(experiments.SensitivityFile))
	if err := experiments.KeepSensitivity(path, s); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "\nkept in %s: campaigns of a program that is built from there show it\n", experiments.SensitivityFile)
	return err
}
