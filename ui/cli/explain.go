package cli

import (
	"flag"
	"io"

	"resvirt/experiments"
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
	db, err := experiments.OpenReader(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	x, err := db.Explain(e.stored, setting, index)
	if err != nil {
		return err
	}
	if format == "json" {
		return x.JSON(e.stdout)
	}
	return x.Text(e.stdout)
}

type causesValues struct {
	filter experiments.CauseFilter
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
	write := map[string]func(*experiments.Causes, io.Writer) error{
		"text": (*experiments.Causes).Text, "json": (*experiments.Causes).JSON, "csv": (*experiments.Causes).CSV,
	}[v.format]
	db, err := experiments.OpenReader(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := db.Causes(e.ctx, e.stored, v.filter, e.printer().say)
	if err != nil {
		return err
	}
	return write(c, e.stdout)
}
