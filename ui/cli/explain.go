package cli

import (
	"flag"
	"io"

	"resvirt/experiments/explain"
	"resvirt/experiments/store"
	"resvirt/faults"
)

func explainFlags(fs *flag.FlagSet) any {
	format := new(string)
	formatFlag(fs, format, "text", "json")
	return format
}

func runExplain(e *env, operands []string, values any) error {
	format := *values.(*string)
	setting, index, err := parseRun(operands[1])
	if err != nil {
		return err
	}
	db, err := store.OpenReader(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	x, err := explain.Run(db, e.stored, setting, index)
	if err != nil {
		return err
	}
	if format == "json" {
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
	db, err := store.OpenReader(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := explain.CausesOf(e.ctx, db, e.stored, v.filter, e.printer().say)
	if err != nil {
		return err
	}
	return write(c, e.stdout)
}
