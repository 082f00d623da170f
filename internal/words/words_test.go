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
