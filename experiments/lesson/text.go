package lesson

import (
	"context"
	"fmt"
	"io"
	"strings"

	"resvirt/internal/words"
)

// Print writes a lesson as text: each stop with what one sees there, its question and,
// if asked for, the answer.
func (s *Session) Print(ctx context.Context, w io.Writer, answers bool) error {
	if _, err := fmt.Fprint(w, s.head()); err != nil {
		return err
	}
	for i := range s.Lesson.Stops {
		text, err := s.stopText(ctx, i)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Lesson.File, err)
		}
		if s.Lesson.Stops[i].Question != nil && answers {
			k, err := s.Key(ctx, i)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Lesson.File, err)
			}
			text += k.text()
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
	}
	return nil
}

// head is what stands above the first stop.
func (s *Session) head() string {
	return fmt.Sprintf("%s\n\n%s\n\nThe run: %s, found by \"%s\".\n", s.Lesson.Title, s.Lesson.Learn, s.Recording.Row.Run(), s.Query.Text)
}

// stopText is a stop as text, with its question.
func (s *Session) stopText(ctx context.Context, i int) (string, error) {
	v, err := s.Stop(ctx, i)
	if err != nil {
		return "", err
	}
	c, err := s.scope(ctx, i)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d of %d  %s", i+1, len(s.Lesson.Stops), v.Name)
	if v.Place != v.Name {
		fmt.Fprintf(&b, " = %s", v.Place)
	}
	fmt.Fprintf(&b, ", position %s\n", grouped(v.Position))
	for k, l := range v.Look {
		lines, err := s.look(c, l)
		if err != nil {
			return "", &LineError{s.Lesson.Stops[i].Look[k].Line, err}
		}
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(l.Pane+" "+l.At))
		for _, line := range lines {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	for _, p := range v.Text {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	if v.Question != "" {
		fmt.Fprintf(&b, "\n? %s\n", v.Question)
	}
	for i, choice := range v.Choices {
		fmt.Fprintf(&b, "  %c  %s\n", 'a'+i, choice)
	}
	return b.String(), nil
}

// text is the answer with what is to be read after it.
func (k *Key) text() string {
	var b strings.Builder
	b.WriteString("= ")
	if k.Choice >= 0 {
		fmt.Fprintf(&b, "%c  ", 'a'+k.Choice)
	}
	b.WriteString(k.Right + "\n")
	for _, p := range k.Then {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	return b.String()
}

// List writes the lessons that ship.
func List(w io.Writer, width int) error {
	all, err := Shipped()
	if err != nil {
		return err
	}
	var rows [][2]string
	for i, l := range all {
		rows = append(rows, [2]string{fmt.Sprintf("%d  %s", i+1, l.Name), fmt.Sprintf("%s. %s", l.Title, l.Learn)})
	}
	_, err = io.WriteString(w, words.Glossary(rows, width))
	return err
}
