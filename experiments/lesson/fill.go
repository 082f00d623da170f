package lesson

import (
	"fmt"
	"strings"
)

// filled reads an entry's paragraphs, with values in braces.
func filled(e *entry) (list []Paragraph, err error) {
	for _, p := range e.paragraphs {
		t, err := fill(p.line, p.text)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// fill reads a text in which {EXPRESSION} stands for its value and {{ for a brace.
func fill(line int, s string) (p Paragraph, err error) {
	add := func(t string) {
		if n := len(p); n > 0 && p[n-1].Expr == nil {
			p[n-1].Text += t
		} else if t != "" {
			p = append(p, Piece{Text: t, Line: line})
		}
	}
	for {
		before, rest, open := strings.Cut(s, "{")
		add(before)
		if !open {
			return p, nil
		}
		if more, brace := strings.CutPrefix(rest, "{"); brace {
			add("{")
			s = more
			continue
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("a { is not closed; for a brace that stands for itself write {{")
		}
		x, err := ParseExpr(inside)
		if err == nil {
			err = placesIn(x)
		}
		if err != nil {
			return nil, fmt.Errorf("{%s}: %w", inside, err)
		}
		p = append(p, Piece{Expr: x, Source: inside, Line: line})
		s = after
	}
}

// text is a paragraph with its values.
func (p Paragraph) text(c *scope) (string, error) {
	var b strings.Builder
	for _, piece := range p {
		if piece.Expr == nil {
			b.WriteString(piece.Text)
			continue
		}
		v, err := piece.Expr.eval(c)
		if err != nil {
			return "", &LineError{piece.Line, err}
		}
		t := v.String()
		if t == "" { // the sentence would have a hole
			return "", &LineError{piece.Line, fmt.Errorf("{%s} is empty here", piece.Source)}
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

func texts(list []Paragraph, c *scope) ([]string, error) {
	var all []string
	for _, p := range list {
		t, err := p.text(c)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// LineError is where a lesson and its recording do not go together.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is what is wrong there.
func (e *LineError) Unwrap() error { return e.Err }
