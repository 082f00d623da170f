package cli

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"

	"resvirt/internal/words"
)

// command is a row of the table from which commands are dispatched and help is
// made.
type command struct {
	name, operands string
	summary        string
	flags          func(*flag.FlagSet) any // declares flags, returns where their values go
	run            func(e *env, operands []string, values any) error
	notes          string // more text for help
}

// commands is the table.
func commands() []command {
	return []command{
		{"run", "EXPERIMENT", "run a campaign, or what is missing of it, and print its table", runFlags, runRun, ""},
		{"list", "", "list the experiments that ship, the recovery steps and the keys of an experiment file", listFlags, runList, ""},
		{"report", "DB", "print the table of a database", reportFlags, runReport, ""},
		{"show", "DB [RUN]", "print everything known of a run such as full/17; without RUN, list the runs that filters choose", showFlags, runShow, ""},
		{"compare", "A.db B.db", "set two campaigns side by side: of other images, settings or seeds", compareFlags, runCompare, ""},
		{"replay", "DB RUN", "execute a run again, compare it with the stored row, print its timeline", replayFlags, runReplay, ""},
		{"explain", "DB RUN", "execute a failed run again and tell what was wrong, what repaired it, and why it failed", explainFlags, runExplain, ""},
		{"causes", "DB", "rank the causes of all failed runs of a campaign", causesFlags, runCauses, ""},
		{"step", "[DB] [RUN]", "step through a run on the terminal: forwards, backwards, beside the golden run, and with other recovery steps", stepFlags, runStep, stepNotes},
		{"lesson", "[LESSON] [DB]", "lessons that lead a student through a run: list them, show, take or check one as text", lessonFlags, runLesson, lessonNotes},
		{"gdb", "DB RUN", "let gdb look at a run, forwards and backwards, with symbols and sources", gdbFlags, runGDB, gdbNotes},
		{"boot", "[KERNEL]", "boot a Multiboot, PVH or Linux kernel, or a ROM, on the machine: the serial port is standard input and output", bootFlags, runBoot, bootStatuses},
		{"guest", "KERNEL", "run a paravirtual Xen guest such as Linux under the hypervisor, with its console here", guestFlags, runGuest, ""},
		{"selfcheck", "", "check the tool on itself", selfcheckFlags, runSelfcheck, ""},
		{"bench", "", "measure the emulator on fixed kernels: speed, events, cost of states", benchFlags, runBench, ""},
		{"completion", "SHELL", "print a script with which bash, zsh or fish completes commands, flags, experiments and runs", nil, runCompletion, completionNotes},
		{"version", "", "print the version, and the numbers that tell whether results can be compared; also --version", nil, runVersion, ""},
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

// places are the operands as usage has them. The databases of compare stand there under
// names of their own.
func (c *command) places() []string { return strings.Fields(c.operands) }

// call parses flags, which may stand before, between and after operands.
func (c *command) call(e *env, args []string) error {
	fs, values := c.flagSet()
	var operands []string
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return help(e, []string{c.name})
			}
			return usage("%s: %s", c.name, flagMistake(fs, err))
		}
		rest := fs.Args()
		if len(rest) == 0 {
			break
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
	least := 0
	most := 0
	for _, o := range c.places() {
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
	if err := c.sound(fs, values, operands); err != nil {
		return err
	}
	if !c.wraps(fs) {
		return c.run(e, operands, values)
	}
	w := &words.Wrapper{To: e.stdout, Width: textWidth(e.stdout)}
	e.stdout = w
	return errors.Join(c.run(e, operands, values), w.Flush())
}

// wraps says whether lines are wrapped, because a command prints texts for people. A
// machine's console output, and output for programs, is not wrapped.
func (c *command) wraps(fs *flag.FlagSet) bool {
	f := fs.Lookup("format")
	return !slices.Contains([]string{"boot", "guest", "step", "gdb", "completion", "help"}, c.name) && (f == nil || f.Value.String() == "text")
}

// help prints the table, or one command with its flags.
func help(e *env, operands []string) error {
	width := textWidth(e.stdout)
	if len(operands) == 0 {
		var rows [][2]string
		for _, c := range commands() {
			rows = append(rows, [2]string{strings.TrimSpace(c.name + " " + c.operands), c.summary})
		}
		text := words.Wrap("", "resvirt injects faults into a hypervisor that runs on an emulated machine, and counts what becomes of them.", "", width) +
			"\n\nusage: resvirt COMMAND ...\n" + words.Glossary(rows, width) +
			"\n" + words.Wrap("", "`resvirt help COMMAND` lists a command's flags. From a clone, `go run .` stands for `resvirt`.", "", width) + "\n" + statuses(width)
		_, err := io.WriteString(e.stdout, text)
		return err
	}
	for _, c := range commands() {
		if c.name == operands[0] {
			_, err := io.WriteString(e.stdout, c.help(width))
			return err
		}
	}
	return noCommand(operands[0])
}

// help describes a command's operands and flags.
func (c *command) help(width int) string {
	fs, _ := c.flagSet()
	head := strings.TrimSpace("usage: resvirt " + c.name + " " + c.operands)
	var rows [][2]string
	fs.VisitAll(func(f *flag.Flag) {
		what, text := flag.UnquoteUsage(f)
		rows = append(rows, [2]string{strings.TrimSpace("--" + f.Name + " " + what), text})
	})
	if len(rows) > 0 {
		head += " [flags]"
	}
	return head + "\n" + words.Wrap("", c.summary, "", width) + "\n" + words.Glossary(rows, width) + words.HangLines(c.notes, width)
}
