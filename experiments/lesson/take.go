package lesson

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// Take leads through a lesson as text: it prints a stop, reads an answer, says whether it
// is right, and goes on. An empty answer gives the right one. It ends where the input does.
func (s *Session) Take(ctx context.Context, in io.Reader, w io.Writer) error {
	lines := bufio.NewScanner(in)
	if _, err := fmt.Fprint(w, s.head()); err != nil {
		return err
	}
	asked, right := 0, 0
	for i := range s.Lesson.Stops {
		text, err := s.stopText(ctx, i)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Lesson.File, err)
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
		q := s.Lesson.Stops[i].Question
		if q == nil {
			continue
		}
		k, err := s.Key(ctx, i)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Lesson.File, err)
		}
		asked++
		ok, more, err := k.hear(lines, w, len(q.Choices))
		if err != nil || !more {
			return err
		}
		if ok {
			right++
		}
	}
	_, err := fmt.Fprintf(w, "\n%d of %d right at the first try.\n", right, asked)
	return err
}

// hear reads answers until one is right or none is given. first says whether the first
// one was right, more whether there is more input.
func (k *Key) hear(lines *bufio.Scanner, w io.Writer, choices int) (first, more bool, err error) {
	for try := 0; ; try++ {
		if _, err := fmt.Fprint(w, "> "); err != nil {
			return false, false, err
		}
		if !lines.Scan() {
			_, err := fmt.Fprintln(w)
			return false, false, err
		}
		typed := strings.TrimSpace(lines.Text())
		right, understood := k.Grade(typed, choices)
		say := ""
		switch {
		case typed == "":
			say = k.text()
		case right:
			say = "Right.\n" + k.text()
		case !understood:
			say = "That is no answer to it: " + k.Wants() + "; an empty line shows the answer.\n"
			try--
		default:
			say = "No. Look again, or press Enter for the answer.\n"
		}
		if _, err := io.WriteString(w, say); err != nil {
			return false, false, err
		}
		if typed == "" || right {
			return right && try == 0, true, nil
		}
	}
}

// Wants says what an answer looks like.
func (k *Key) Wants() string {
	if k.Choice >= 0 {
		return "type the letter of a choice"
	}
	return map[ValueKind]string{Number: "type a number, such as 120 or 0x78", Text: "type a word", Bool: "type yes or no"}[k.Value.Kind]
}
