package cli

import (
	"flag"

	"resvirt/experiments"
)

// changeFlags declares the flags that change the setting of a stored run.
func changeFlags(fs *flag.FlagSet, c *experiments.Change) {
	list := func(name, what string, to *[]string) {
		fs.Func(name, what, func(s string) (err error) {
			*to, err = experiments.ParseSteps(s)
			return err
		})
	}
	list("without", "what if its setting did not allow these `STEPS`, with commas between them", &c.Without)
	list("with", "what if it allowed these `STEPS`, too", &c.With)
	list("steps", "what if it allowed these `STEPS` alone, or none", &c.Steps)
}

// oneChange says what is wrong with a change, and completes it.
func oneChange(command string, c *experiments.Change) error {
	if c.Only = c.Steps != nil; c.Only && len(c.Without)+len(c.With) > 0 {
		return usage("%s: --steps says all steps: --without and --with go without it", command)
	}
	return nil
}
