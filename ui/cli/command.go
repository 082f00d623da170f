package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// command is a row of the table that dispatch and help are made from.
type command struct {
	name, operands string
	summary        string
	flags          func(*flag.FlagSet) any // declares flags, returns where their values go
	run            func(e *env, operands []string, values any) error
	notes          string // what else help says
}

// commands is the table.
func commands() []command {
	return []command{
		{"run", "EXPERIMENT", "run a campaign, or what is missing of it, and print its table", runFlags, runRun, ""},
		{"list", "", "list the experiments that ship, the recovery steps and the keys of an experiment file", listFlags, runList, ""},
		{"report", "DB", "print the table of a database", reportFlags, runReport, ""},
		{"show", "DB [RUN]", "print everything known of a run such as full/17; without RUN, list the runs", showFlags, runShow, ""},
		{"replay", "DB RUN", "execute a run again, compare it with the stored row, print its timeline", replayFlags, runReplay, ""},
		{"explain", "DB RUN", "execute a failed run again and tell what was wrong, what repaired it, and why it failed", explainFlags, runExplain, ""},
		{"causes", "DB", "rank the causes of all failed runs of a campaign", causesFlags, runCauses, ""},
		{"boot", "[KERNEL]", "boot a Multiboot, PVH or Linux kernel, or a ROM, on the machine: the serial port is standard input and output", bootFlags, runBoot, bootStatuses},
		{"guest", "KERNEL", "run a paravirtual Xen guest such as Linux under the hypervisor, with its console here", guestFlags, runGuest, ""},
		{"selfcheck", "", "check the tool on itself", selfcheckFlags, runSelfcheck, ""},
		{"bench", "", "measure the emulator on fixed kernels: speed, events, cost of states", benchFlags, runBench, ""},
		{"help", "[COMMAND]", "print this, or what a command takes", nil, func(e *env, operands []string, _ any) error { return help(e, operands) }, ""},
	}
}

func (c *command) flagSet() (*flag.FlagSet, any) {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	if c.flags == nil {
		return fs, nil
	}
	return fs, c.flags(fs)
}

// call parses flags, which may stand before, between and after operands.
func (c *command) call(e *env, args []string) error {
	fs, values := c.flagSet()
	var operands []string
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return help(e, []string{c.name})
			}
			return usage("%s: %v", c.name, err)
		}
		rest := fs.Args()
		if len(rest) == 0 {
			break
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
	least := 0
	most := 0
	for _, o := range strings.Fields(c.operands) {
		most++
		if !strings.HasPrefix(o, "[") {
			least++
		}
	}
	switch {
	case len(operands) < least:
		return usage("%s needs %s", c.name, c.operands)
	case len(operands) > most:
		return usage("%s: unexpected %q", c.name, operands[most])
	}
	return c.run(e, operands, values)
}

// help prints the table, or one command with its flags.
func help(e *env, operands []string) error {
	if len(operands) == 0 {
		t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "resvirt injects faults into a hypervisor that runs on an emulated machine, and counts what becomes of them.\n\nusage: resvirt COMMAND ...")
		for _, c := range commands() {
			fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.operands), c.summary)
		}
		fmt.Fprintln(t, "\n`resvirt help COMMAND` lists a command's flags. From a clone, `go run .` stands for `resvirt`.")
		return t.Flush()
	}
	for _, c := range commands() {
		if c.name == operands[0] {
			return c.help(e.stdout)
		}
	}
	return usage("there is no command %q", operands[0])
}

func (c *command) help(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fs, _ := c.flagSet()
	head := strings.TrimSpace("resvirt " + c.name + " " + c.operands)
	fs.VisitAll(func(*flag.Flag) {
		if !strings.HasSuffix(head, "[flags]") {
			head += " [flags]"
		}
	})
	fmt.Fprintf(t, "usage: %s\n%s\n", head, c.summary)
	fs.VisitAll(func(f *flag.Flag) {
		what, text := flag.UnquoteUsage(f)
		fmt.Fprintf(t, "  --%s\t%s\n", strings.TrimSpace(f.Name+" "+what), text)
	})
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, c.notes)
	return err
}
