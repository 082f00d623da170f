package words

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		first, text, next string
		width             int
		want              string
	}{
		{"", "one two three", "  ", 0, "one two three"},
		{"", "one two three", "  ", 13, "one two three"},
		{"", "one two three", "  ", 12, "one two\n  three"},
		{"", "one two three", "  ", 3, "one\n  two\n  three"},
		{"   12  40.0 %  ", "a cause that is long", "    ", 24, "   12  40.0 %  a cause\n    that is long"},
		{"", "a-very-long-word b", "", 5, "a-very-long-word\nb"},
		{"", "µµ µµ µµ", "", 5, "µµ µµ\nµµ"},
		{"  ", "", "  ", 5, "  "},
	} {
		if got := Wrap(c.first, c.text, c.next, c.width); got != c.want {
			t.Errorf("%q %q at %d: %q, want %q", c.first, c.text, c.width, got, c.want)
		}
	}
}

func TestGlossary(t *testing.T) {
	got := Glossary([][2]string{{"a", "first"}, {"bcd", "the second one"}, {"e", ""}}, 16)
	if want := "  a    first\n  bcd  the\n       second\n       one\n  e\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHang(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"short", "short"},
		{"words that are too many for one line", "words that are too many for\none line"},
		{"    3  13.0 %  a cause of many words", "    3  13.0 %  a cause of many\n               words"},
		{"   e.g. a/1: a line of many words", "   e.g. a/1: a line of many\n   words"},
		{"a  b  c  d  e  a row of a table that is wide", "a  b  c  d  e  a row of a table that is wide"},
		{"a column that is far away  on the right", "a column that is far away  on\n               the right"},
	} {
		if got := Hang(c.line, 30); got != c.want {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
		if Hang(c.line, 0) != c.line {
			t.Errorf("%q is wrapped where there is no limit", c.line)
		}
	}
}

// full fails as a full disk does, also when there is nothing to write.
type full struct{ asked int }

func (f *full) Write([]byte) (int, error) { f.asked++; return 0, errors.New("no space left") }

// What cannot be written is told once.
func TestWrapperFailsOnce(t *testing.T) {
	f := &full{}
	w := &Wrapper{To: f, Width: 10}
	_, err := io.WriteString(w, "a line\nand the beginning of one")
	if flushed := w.Flush(); err == nil || flushed != nil || f.asked != 1 {
		t.Errorf("write: %v, flush: %v, tried %d times", err, flushed, f.asked)
	}
	if _, err := io.WriteString(w, "half a line"); err != nil || w.Flush() == nil {
		t.Errorf("what was kept and cannot be written is not told of: %v", err)
	}
}

func TestWrapper(t *testing.T) {
	var b strings.Builder
	w := &Wrapper{To: &b, Width: 10}
	for _, s := range []string{"one ", "two three", " four\nfive\n\nsix seven", " eight"} {
		if n, err := fmt.Fprint(w, s); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := "one two\nthree four\nfive\n\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := w.Flush(); err != nil || !strings.HasSuffix(b.String(), "\n\nsix seven\neight") {
		t.Errorf("%v %q", err, b.String())
	}
}
