package words

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"run", "report", "replay", "list", "settings", "setting", "machine.cpus", "prä"}
	for _, c := range []struct{ word, want string }{
		{"rnu", "run"},
		{"rn", "run"},
		{"reprot", "report"},
		{"repaly", "replay"},
		{"lsit", "list"},
		{"setings", "settings"},
		{"machine.cpu", "machine.cpus"},
		{"pra", "prä"},
		{"explode", ""},
		{"x", ""},
		{"", ""},
	} {
		if got := Nearest(c.word, known); got != c.want {
			t.Errorf("%q: %q, want %q", c.word, got, c.want)
		}
	}
}

func TestLists(t *testing.T) {
	for _, c := range []struct {
		list []string
		want string
	}{{nil, ""}, {[]string{"a"}, "a"}, {[]string{"a", "b"}, "a or b"}, {[]string{"a", "b", "c"}, "a, b or c"}} {
		if got := Or(c.list); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := And([]string{"a", "b", "c"}); got != "a, b and c" {
		t.Error(got)
	}
}

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
