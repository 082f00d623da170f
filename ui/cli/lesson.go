package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"resvirt/experiments/lesson"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/internal/words"
)

const lessonNotes = `Without operands the lessons that ship are listed. LESSON is the number or name of one, or a file; with --check it may be all. DB is quick.db unless given. docs/teaching.md says how lessons are used and written.
`

type lessonValues struct {
	answers, take, holds, facts bool
	ask, at                     string
}

func lessonFlags(fs *flag.FlagSet) any {
	v := &lessonValues{}
	fs.BoolVar(&v.answers, "answers", false, "show the answers as well")
	fs.BoolVar(&v.take, "take", false, "go from stop to stop, with questions answered at a prompt")
	fs.BoolVar(&v.holds, "check", false, "say whether all that the lesson says is so in DB")
	fs.BoolVar(&v.facts, "facts", false, "list what expressions of a lesson can ask")
	fs.StringVar(&v.ask, "ask", "", "print what `EXPRESSION` gives in the run and at the place of --at; the operand is DB")
	fs.StringVar(&v.at, "at", "", "... `RUN@PLACE`, such as full/17@D+120")
	return v
}

func (v *lessonValues) check(g given, operands []string) error {
	if err := g.needs("lesson", "ask", "at"); err != nil {
		return err
	}
	for _, mode := range []string{"answers", "take", "check", "facts"} {
		if err := g.alone("lesson", mode); err != nil {
			return err
		}
	}
	switch {
	case v.facts && len(operands) > 0:
		return usage("lesson: --facts: %s means nothing with it", operands[0])
	case v.ask != "" && len(operands) > 1:
		return usage("lesson: --ask goes with a database alone: %s means nothing with it", operands[0])
	case (v.answers || v.take || v.holds) && (len(operands) == 0 || operands[0] == "list"):
		return usage("lesson: --answers, --take and --check need LESSON")
	}
	return nil
}

func runLesson(e *env, operands []string, values any) error {
	v := values.(*lessonValues)
	name, path := "", "quick.db"
	if len(operands) > 0 {
		name = operands[0]
	}
	if len(operands) > 1 {
		path = operands[1]
	}
	switch {
	case v.facts:
		_, err := io.WriteString(e.stdout, words.Glossary(lesson.Facts(), textWidth(e.stdout)))
		return err
	case v.ask != "":
		if len(operands) == 1 {
			path = name
		}
		return askRun(e, v, path)
	case name == "", name == "list":
		return lesson.List(e.stdout, textWidth(e.stdout))
	}
	list := make([]*lesson.Lesson, 1)
	var err error
	if name == "all" && v.holds {
		list, err = lesson.Shipped()
	} else {
		list[0], err = lesson.Load(name)
	}
	if err != nil {
		return err
	}
	return holdLessons(e, v, list, path)
}

// openLessons opens a campaign on which lessons are held.
func openLessons(e *env, path string) (*store.DB, *recording.Campaign, error) {
	db, err := e.open(path)
	if err != nil {
		return nil, nil, err
	}
	c, err := recording.OpenCampaign(e.ctx, db, e.stored, e.teller())
	e.printer().end()
	if err != nil {
		db.Close()
	}
	return db, c, err
}

// holdLessons shows or checks lessons.
func holdLessons(e *env, v *lessonValues, list []*lesson.Lesson, path string) error {
	db, c, err := openLessons(e, path)
	if err != nil {
		return err
	}
	defer db.Close()
	failed := false
	for _, l := range list {
		s, err := lesson.Begin(e.ctx, l, db, c, nil)
		if err != nil {
			return err
		}
		switch {
		case v.take:
			err = s.Take(e.ctx, e.stdin, e.stdout)
		case !v.holds:
			err = s.Print(e.ctx, e.stdout, v.answers)
		default:
			var ok bool
			ok, err = checkLesson(e, s)
			failed = failed || !ok
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return status(exitFailed)
	}
	return nil
}

// checkLesson prints where a lesson and its run disagree.
func checkLesson(e *env, s *lesson.Session) (ok bool, err error) {
	list, err := s.Check(e.ctx)
	if err != nil {
		return false, err
	}
	l := s.Lesson
	if len(list) == 0 {
		_, err = fmt.Fprintf(e.stdout, "%s: %d stops of %s, all that it says is so\n", l.Name, len(l.Stops), s.Recording.Row.Run())
		return true, err
	}
	for _, p := range list {
		if _, err := fmt.Fprintf(e.stdout, "%s:%d: %s\n", l.File, p.Line, p.Text); err != nil {
			return false, err
		}
	}
	return false, nil
}

// askRun prints the value of an expression.
func askRun(e *env, v *lessonValues, path string) error {
	run, place, _ := strings.Cut(v.at, "@")
	if place == "" {
		place = "F"
	}
	if run == "" {
		return usage(`lesson: --ask needs a run and a place: resvirt lesson --ask 'broken("locks")' --at full/17@D quick.db`)
	}
	setting, index, err := parseRun(run)
	if err != nil {
		return err
	}
	if _, err := lesson.ParseExpr(v.ask); err != nil {
		return usage("lesson: --ask %s: %v", v.ask, err)
	}
	db, c, err := openLessons(e, path)
	if err != nil {
		return err
	}
	defer db.Close()
	value, err := lesson.Ask(e.ctx, db, c, setting, index, place, v.ask)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, value)
	return err
}
