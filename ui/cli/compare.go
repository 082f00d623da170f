package cli

import (
	"errors"
	"flag"
	"strings"

	"resvirt/experiments/report"
)

type compareValues struct {
	match  map[string]string
	format string
}

func compareFlags(fs *flag.FlagSet) any {
	v := &compareValues{match: map[string]string{}}
	fs.Func("setting", "compare setting OLD of A with setting NEW of B, and none that is not named so: `OLD=NEW`; may be repeated", func(s string) error {
		a, b, ok := strings.Cut(s, "=")
		if !ok || a == "" || b == "" {
			return errors.New("it must be two names, like full=patched")
		}
		if _, there := v.match[a]; there {
			return errors.New("it names " + a + " twice")
		}
		v.match[a] = b
		return nil
	})
	formatFlag(fs, &v.format, "text", "json")
	return v
}

// runCompare sets two databases side by side.
func runCompare(e *env, operands []string, values any) error {
	v := values.(*compareValues)
	a, err := e.open(operands[0])
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := e.open(operands[1])
	if err != nil {
		return err
	}
	defer b.Close()
	c, err := told(e, func() (*report.Versus, error) { return report.Compare(a, b, v.match) })
	if err != nil {
		return err
	}
	if v.format == "json" {
		return c.JSON(e.stdout)
	}
	return c.Text(e.stdout)
}
