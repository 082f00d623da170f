package lesson

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"resvirt/experiments/recording"
)

// parser makes a lesson of entries. Each is one that the entry above it allows.
type parser struct {
	l        *Lesson
	stop     *Stop
	question *Question
	last     string // the keyword above
}

// Parse reads a lesson's file, whose name errors carry.
func Parse(file string, content []byte) (*Lesson, error) {
	list, err := entries(file, content)
	if err != nil {
		return nil, err
	}
	p := &parser{l: &Lesson{Name: strings.TrimSuffix(filepath.Base(file), ".lesson"), File: file}}
	for i := range list {
		if err := p.entry(&list[i]); err != nil {
			return nil, mistake(file, list[i].line, "%s: %v", list[i].word, err)
		}
		p.last = list[i].word
	}
	if err := p.complete(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.l, nil
}

// entry takes one entry.
func (p *parser) entry(e *entry) error {
	if len(e.paragraphs) == 0 {
		return fmt.Errorf("nothing stands behind it")
	}
	head := slices.Index(keywords, e.word) < slices.Index(keywords, "stop")
	switch {
	case p.l.Title == "" && e.word != "lesson":
		return fmt.Errorf("a file begins with `lesson TITLE`")
	case head && p.stop != nil:
		return fmt.Errorf("it stands above the first stop")
	case head:
		return p.head(e)
	case e.word == "stop":
		return p.begin(e)
	case p.stop == nil:
		return fmt.Errorf("it belongs to a stop: begin one with `stop PLACE`")
	}
	return p.inStop(e)
}

func (p *parser) head(e *entry) (err error) {
	l := p.l
	switch e.word {
	case "lesson":
		return once(&l.Title, e)
	case "learn":
		return once(&l.Learn, e)
	case "make":
		return once(&l.Make, e)
	case "find":
		q, err := parseQuery(e.text())
		q.Line = e.line
		l.Find = append(l.Find, q)
		return err
	}
	if len(l.Find) == 0 {
		return fmt.Errorf("it says what the run of a query must have, and stands below `find`")
	}
	q := &l.Find[len(l.Find)-1]
	q.Needs, err = p.claim(q.Needs, e)
	return err
}

func once(to *string, e *entry) error {
	if *to != "" {
		return fmt.Errorf("there is one already")
	}
	*to = e.text()
	return nil
}

// claim appends what is to be true of the recording.
func (p *parser) claim(list []Claim, e *entry) ([]Claim, error) {
	c, err := parseClaim(e)
	return append(list, c), err
}

func parseClaim(e *entry) (Claim, error) {
	x, err := ParseExpr(e.text())
	if err == nil && !asks(x) {
		err = fmt.Errorf("%s asks nothing of the recording, so that nothing checks it", e.text())
	}
	if err == nil {
		err = placesIn(x)
	}
	return Claim{e.line, x}, err
}

// placesIn reads the places that an expression names.
func placesIn(x Expr) (err error) {
	x.walk(func(x Expr) {
		if m, ok := x.(*moved); ok && m.by == "at" && err == nil {
			_, err = recording.ParsePlace(m.to)
		}
	})
	return err
}

func (p *parser) begin(e *entry) error {
	place, err := fill(e.line, e.text())
	if err == nil && len(place) == 1 && place[0].Expr == nil {
		_, err = recording.ParsePlace(place[0].Text)
	}
	if err != nil {
		return err
	}
	p.l.Stops = append(p.l.Stops, Stop{Line: e.line, Place: place})
	p.stop, p.question = &p.l.Stops[len(p.l.Stops)-1], nil
	return nil
}

func (p *parser) inStop(e *entry) (err error) {
	s := p.stop
	switch e.word {
	case "look":
		pane, at, _ := strings.Cut(e.text(), " ")
		if !slices.Contains(Panes, pane) {
			return fmt.Errorf("there is no pane %q%s", pane, nearest(pane, Panes))
		}
		var where Paragraph
		where, err = fill(e.line, strings.TrimSpace(at))
		s.Look = append(s.Look, Look{e.line, pane, where})
	case "text":
		var more []Paragraph
		more, err = filled(e)
		s.Text = append(s.Text, more...)
	case "holds":
		s.Holds, err = p.claim(s.Holds, e)
	case "ask":
		if s.Question != nil {
			return fmt.Errorf("this stop has a question already: begin another stop, `stop +0` stays where one is")
		}
		var t Paragraph
		t, err = fill(e.line, e.text())
		s.Question = &Question{Line: e.line, Text: t}
		p.question = s.Question
	default:
		if p.question == nil {
			return fmt.Errorf("it belongs to a question: begin one with `ask QUESTION`")
		}
		return p.inQuestion(e)
	}
	return err
}

func (p *parser) inQuestion(e *entry) (err error) {
	q := p.question
	switch e.word {
	case "choice":
		if q.Answer != nil {
			return fmt.Errorf("a question has choices or an answer, not both")
		}
		var t Paragraph
		t, err = fill(e.line, e.text())
		q.Choices = append(q.Choices, Choice{Line: e.line, Text: t})
	case "if":
		if p.last != "choice" {
			return fmt.Errorf("it says when a choice is right, and stands below `choice`")
		}
		var c Claim
		c, err = parseClaim(e)
		q.Choices[len(q.Choices)-1].If = &c
	case "answer":
		if q.Answer != nil || q.Choices != nil {
			return fmt.Errorf("a question has choices or one answer")
		}
		var c Claim
		c, err = parseClaim(e)
		q.Answer = &c
	case "within":
		if q.Within, err = strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(e.text(), "%")), 10, 64); err != nil || q.Within > 100 || p.last != "answer" {
			return fmt.Errorf("it says by how many percent, 1 to 100, an answer may differ, and stands below `answer`")
		}
	case "then":
		q.Then, err = filled(e)
	}
	return err
}

// complete says what a lesson lacks.
func (p *parser) complete() error {
	l := p.l
	switch {
	case l.Title == "":
		return fmt.Errorf("it is empty: a lesson begins with `lesson TITLE`")
	case l.Learn == "":
		return fmt.Errorf("it does not say what one learns: `learn TEXT`")
	case len(l.Find) == 0:
		return fmt.Errorf("it has no query for its run: `find outcome recovered, setting full`")
	case l.Make == "":
		return fmt.Errorf("it does not say what to run where a database has no such run: `make go run . run quick`")
	case len(l.Stops) == 0:
		return fmt.Errorf("it has no stops: `stop F`")
	}
	for _, s := range l.Stops {
		if q := s.Question; q != nil {
			if err := q.complete(l.File); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *Question) complete(file string) error {
	if q.Answer != nil {
		return nil
	}
	if len(q.Choices) < 2 {
		return fmt.Errorf("line %d: a question has two choices at least, or an answer", q.Line)
	}
	if !slices.ContainsFunc(q.Choices, func(c Choice) bool { return c.If != nil }) {
		return fmt.Errorf("line %d: none of its choices has an `if` that says when it is right", q.Line)
	}
	return nil
}
