package step

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/lesson"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
)

// teaching is a lesson that is held, as far as the screen shows it.
type teaching struct {
	lesson *lesson.Lesson
	stop   int // from 0
	shown  *lesson.Shown
	said   []string // paragraphs about the last answer
}

// taught changes the state by what a lesson's stop or answer says.
type taught func(State) State

func (taught) event() {}

// openLesson finds a lesson's run in a database and goes to the first stop.
type openLesson struct {
	lesson *lesson.Lesson
	path   string
}

func (c openLesson) busy() string { return "looking for the run of lesson " + c.lesson.Name }

func (c openLesson) do(ctx context.Context, d *desk) (string, error) {
	db, err := store.OpenReader(c.path)
	if err != nil {
		return "", err
	}
	all, err := recording.OpenCampaign(ctx, db, d.stored, d.teller)
	if err != nil {
		db.Close()
		return "", err
	}
	d.close()
	d.db, d.campaign = db, all
	if d.lesson, err = lesson.Begin(ctx, c.lesson, db, all, func(done, all int) {
		d.emit(begun{fmt.Sprintf("%s: run %d of %d that may suit", c.busy(), done+1, all)})
	}); err != nil {
		return "", err
	}
	return lessonStop{0}.do(ctx, d)
}

// lessonStop goes to a stop of the lesson, and back to its run from another one.
type lessonStop struct{ stop int }

func (c lessonStop) busy() string { return fmt.Sprintf("going to stop %d of the lesson", c.stop+1) }

func (c lessonStop) do(ctx context.Context, d *desk) (string, error) {
	l := d.lesson
	v, err := l.Stop(ctx, c.stop)
	if err != nil {
		return "", fmt.Errorf("%s: %w", l.Lesson.File, err)
	}
	if row := l.Recording.Row; d.rec == nil || d.rec.Row.Run() != row.Run() || !d.rec.Change.None() {
		if err := d.open(ctx, d.db.Path(), row.Setting, row.Index); err != nil {
			return "", err
		}
	}
	d.emit(taught(func(s State) State {
		s.Lesson = &teaching{lesson: l.Lesson, stop: c.stop, shown: v}
		return s.teach()
	}))
	return "", d.rec.Run.Seek(ctx, v.Position)
}

// answer judges an answer to the question of a stop; ? shows the right one.
type answer struct {
	stop int
	text string
}

func (answer) busy() string { return "finding the answer" }

func (c answer) do(ctx context.Context, d *desk) (string, error) {
	k, err := d.lesson.Key(ctx, c.stop)
	if err != nil {
		return "", fmt.Errorf("%s: %w", d.lesson.Lesson.File, err)
	}
	choices := len(d.lesson.Lesson.Stops[c.stop].Question.Choices)
	said := []string{"\"" + c.text + "\" is not right. Look again; ? as an answer shows the right one."}
	switch right, understood := k.Grade(c.text, choices); {
	case c.text == "?":
		said = append([]string{"The answer: " + k.Right}, k.Then...)
	case right:
		said = append([]string{"Right: " + k.Right}, k.Then...)
	case !understood && choices > 0:
		said = []string{"Type the letter of a choice."}
	case !understood:
		said = []string{fmt.Sprintf("%q is no answer to it: %s; ? shows the answer.", c.text, k.Wants())}
	}
	d.emit(taught(func(s State) State {
		if s.Lesson == nil || s.Lesson.stop != c.stop {
			return s
		}
		now := *s.Lesson
		now.said = said
		s.Lesson = &now
		return s.teach()
	}))
	return "", nil
}

// teach shows the lesson's page.
func (s State) teach() State {
	c := s.Lesson
	var lines []string
	add := func(indent, text string) {
		for i, l := range wrap(text, max(s.W-6-len(indent), 20)) {
			if i > 0 {
				indent = strings.Repeat(" ", len(indent))
			}
			lines = append(lines, indent+l)
		}
	}
	for _, t := range c.shown.Text {
		add("", t)
		lines = append(lines, "")
	}
	for i, l := range c.shown.Look {
		add(fmt.Sprintf("  %d  look at ", i+1), strings.TrimSpace(l.Pane+" "+l.At))
	}
	if c.shown.Question != "" {
		lines = append(lines, "")
		add("? ", c.shown.Question)
	}
	for i, t := range c.shown.Choices {
		add(fmt.Sprintf("  %c  ", 'a'+i), t)
	}
	for _, t := range c.said {
		lines = append(lines, "")
		add("", t)
	}
	s.Page = page{open: true, lesson: true, title: fmt.Sprintf("Lesson: %s. Stop %d of %d, %s", c.lesson.Title, c.stop+1, len(c.lesson.Stops), c.shown.Name), lines: lines}
	if c.said != nil { // the answer is to be seen
		s.Page.top = max(len(lines)-max(s.H-s.footRows()-2, 1), 0)
	}
	return s
}

// attend is what the keys of a lesson do, on its page and beside it; ok is false for others.
func (s State) attend(k key) (_ State, c command, ok bool) {
	if s.Lesson == nil {
		return s, nil, false
	}
	to := s.Lesson.stop
	switch k {
	case "T":
		return s.teach(), nil, true
	case "=":
		if s.Lesson.shown.Question == "" {
			s.Say = "this stop has no question: + goes on"
			return s, nil, true
		}
		if s.Page.open { // the question is to be seen
			s.Page.top = max(len(s.Page.lines)-max(s.H-s.footRows()-2, 1), 0)
		}
		return s.ask("answer: "), nil, true
	case "+":
		to++
	case "-":
		to--
	default:
		return s, nil, false
	}
	switch {
	case to < 0:
		s.Say = "this is the first stop"
	case to >= len(s.Lesson.lesson.Stops):
		s.Page.open = false
		s.Say = "this was the last stop; q leaves the lesson"
	default:
		c = lessonStop{to}
	}
	return s, c, true
}

// lessonHints are the keys on a lesson's page, and beside it.
func (s *State) lessonHints() (list []string) {
	if !s.Page.open {
		return []string{"T lesson", "+ next stop"}
	}
	if s.Lesson.shown.Question != "" {
		list = append(list, "= answer")
	}
	list = append(list, "+ next stop", "- back")
	switch n := len(s.Lesson.shown.Look); {
	case n == 1:
		list = append(list, "1 look")
	case n > 1:
		list = append(list, fmt.Sprintf("1-%d look", n))
	}
	return append(list, "Esc look around")
}
