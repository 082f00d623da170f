package cli

import (
	"context"
	"flag"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/lesson"
	"resvirt/ui/step"
)

const stepNotes = `RUN may have a place behind it, full/17@D+120, where it is opened instead of at its fault: F, D, R and E are fault, detection, resumption and end, D+120 is 120 instructions later; 50%, step 6, a step's name, main.schedule, sched.go:119 and a position are places as well. Keys: ? lists them.
`

type stepValues struct {
	ascii   bool
	noMouse bool
	lesson  string
}

func stepFlags(fs *flag.FlagSet) any {
	v := &stepValues{}
	fs.BoolVar(&v.ascii, "ascii", false, "use no characters but those of ASCII")
	fs.BoolVar(&v.noMouse, "no-mouse", false, "leave the mouse to the terminal, as :mouse off does")
	fs.StringVar(&v.lesson, "lesson", "", "hold lesson `LESSON`, a number, a name or a file, on DB, quick.db unless given; list shows those that ship")
	return v
}

func (v *stepValues) check(g given, operands []string) error {
	if v.lesson == "list" && (v.ascii || len(operands) > 0) {
		return usage("step: --lesson list goes alone")
	}
	return nil
}

func runStep(e *env, operands []string, values any) error {
	v := values.(*stepValues)
	if v.lesson == "list" {
		return lesson.List(e.stdout, textWidth(e.stdout))
	}
	o := step.Options{Stored: e.stored, Make: e.makeQuick, NoMouse: v.noMouse, Look: step.Look{Colours: os.Getenv("NO_COLOR") == "", ASCII: v.ascii}}
	if len(operands) > 0 {
		o.Database = operands[0]
	}
	if len(operands) > 1 {
		run, place, err := step.SplitPlace(operands[1])
		if err != nil {
			return usage("step: %s: %v", operands[1], err)
		}
		if o.Setting, o.Index, err = parseRun(run); err != nil {
			return err
		}
		o.Place = place
	}
	if v.lesson != "" {
		var err error
		if o.Lesson, err = lesson.Load(v.lesson); err != nil {
			return err
		}
		if len(operands) > 1 {
			return usage("step: a lesson finds its run itself: name a database alone")
		}
		if o.Database == "" {
			o.Database = "quick.db"
		}
		if !interactive(e.stdin) || !interactive(e.stdout) {
			return usage("step needs a terminal for its input and output; elsewhere, `resvirt lesson %s` shows a lesson as text", v.lesson)
		}
	}
	if !interactive(e.stdin) || !interactive(e.stdout) {
		return usage("step needs a terminal for its input and output; elsewhere, `resvirt replay` prints the course of a run")
	}
	if o.Database != "" {
		db, err := e.open(o.Database)
		if err != nil {
			return err
		}
		if o.Setting != "" {
			_, err = db.Row(o.Setting, o.Index)
		}
		if db.Close(); err != nil {
			return err
		}
	}
	return step.Run(e.ctx, o)
}

// interactive says whether a stream is a terminal that can be painted on.
func interactive(stream any) bool {
	f, ok := stream.(*os.File)
	if w, wraps := stream.(interface{ Unwrap() io.Writer }); wraps {
		f, ok = w.Unwrap().(*os.File)
	}
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// makeQuick makes quick.db in the working directory, or what is missing of it.
func (e *env) makeQuick(ctx context.Context, t campaign.Teller) error {
	exp, text, err := experiments.Load("quick")
	if err != nil {
		return err
	}
	sys, err := e.build(exp, t.Say)
	if err != nil {
		return err
	}
	_, err = campaign.Run(ctx, exp, sys, campaign.Options{
		Path: exp.Name + ".db", Text: text, Command: "resvirt " + strings.Join(e.args, " "), Stage: t.Say, Progress: t.Tell,
	})
	if err == nil {
		err = ctx.Err()
	}
	return err
}
