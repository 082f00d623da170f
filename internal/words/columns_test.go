package words

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"text/tabwriter"
)

// Of ASCII, Columns makes what the standard library's package makes.
func TestColumnsAreThoseOfTabwriter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var text strings.Builder
		for range r.IntN(7) {
			for range r.IntN(5) {
				text.WriteString(strings.Repeat("x", r.IntN(6)) + "\t")
			}
			text.WriteString(strings.Repeat("y", r.IntN(3)) + "\n")
		}
		padding := 1 + r.IntN(2)
		for _, right := range []bool{false, true} {
			var got, want strings.Builder
			c, flags := NewColumns(&got, padding), uint(0)
			if right {
				c, flags = c.Right(), tabwriter.AlignRight
			}
			w := tabwriter.NewWriter(&want, 0, 0, padding, ' ', flags)
			fmt.Fprint(c, text.String())
			fmt.Fprint(w, text.String())
			if c.Flush() != nil || w.Flush() != nil || got.String() != want.String() {
				t.Fatalf("of %q\n%s\nwant\n%s", text.String(), got.String(), want.String())
			}
		}
	}
}

// Columns begin where they begin on a terminal.
func TestWideCharactersShiftNoColumn(t *testing.T) {
	for _, right := range []bool{false, true} {
		var b strings.Builder
		c := NewColumns(&b, 2)
		if right {
			c.Right()
		}
		fmt.Fprint(c, "full\t1\t|\n日本語の設定\t22\t|\ne\u0301te\u0301\t3\t|\n")
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if at := Width(line[:strings.Index(line, "|")]); at != 18 {
				t.Errorf("right %v: the last column is at %d in %q", right, at, line)
			}
		}
	}
	for text, want := range map[string]string{"設定": "設", "abcd": "abc", "e\u0301te\u0301": "e\u0301te\u0301", "": ""} {
		if got := Clip(text, 3); got != want {
			t.Errorf("%q is cut to %q, want %q", text, got, want)
		}
	}
	got := Glossary([][2]string{{"設定", "a"}, {"full", "b"}}, 0)
	if want := "  設定  a\n  full  b\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Wrap("", "設定 設定 設定", "", 9), "設定 設定\n設定"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
