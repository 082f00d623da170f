package cli

import (
	"flag"
	"fmt"
	"io"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/explain"
	"resvirt/experiments/store"
	"resvirt/faults"
)

func explainFlags(fs *flag.FlagSet) any {
	v := &explainValues{}
	formatFlag(fs, &v.format, "text", "json")
	changeFlags(fs, &v.change)
	return v
}

type explainValues struct {
	format string
	change experiments.Change
}

func runExplain(e *env, operands []string, values any) error {
	v := values.(*explainValues)
	if err := oneChange("explain", &v.change); err != nil {
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
	var x *explain.Explanation
	if v.change.None() {
		e.keepsIn(db, "what is known of the run is in "+operands[0]+"; the same command goes on from there")
		x, err = explain.Run(e.ctx, db, e.stored, setting, index, e.teller())
	} else {
		x, err = explain.WhatIf(e.ctx, db, e.stored, setting, index, v.change, e.teller())
	}
	e.printer().end()
	if err != nil {
		return err
	}
	if v.format == "json" {
		return x.JSON(e.stdout)
	}
	return x.Text(e.stdout)
}

type causesValues struct {
	filter store.CauseFilter
	format string
}

func causesFlags(fs *flag.FlagSet) any {
	v := &causesValues{}
	fs.StringVar(&v.filter.Setting, "setting", "", "only runs of setting `NAME`")
	fs.Var(&choice{&v.filter.Fault, faults.KindNames()}, "type", "only faults of type `TYPE`")
	formatFlag(fs, &v.format, "text", "json", "csv")
	return v
}

func runCauses(e *env, operands []string, values any) error {
	v := values.(*causesValues)
	write := map[string]func(*explain.Causes, io.Writer) error{
		"text": (*explain.Causes).Text, "json": (*explain.Causes).JSON, "csv": (*explain.Causes).CSV,
	}[v.format]
	db, err := e.open(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	t := e.teller()
	t.Tell = func(p campaign.Progress) {
		if p.Unit == explain.CausesUnit {
			e.keepsIn(db, fmt.Sprintf("%d of %d causes are in %s; the same command goes on from there", p.Done, p.Total, operands[0]))
		}
		e.printer().progress(p)
	}
	c, err := explain.CausesOf(e.ctx, db, e.stored, v.filter, t)
	e.printer().end()
	if err != nil {
		return err
	}
	return write(c, e.stdout)
}
