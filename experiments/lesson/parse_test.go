package lesson

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is the shortest lesson.
const small = `lesson T
learn L
find outcome recovered, setting full
make go run . run quick
stop F
`

// A lesson is read with its lines, paragraphs and values.
func TestParses(t *testing.T) {
	l, err := Parse("a/b.lesson", []byte(`# a comment
lesson A title
  that goes on
learn What one learns.
find outcome recovered, setting full, struck main.(*spinlock).lock
need outcome == "recovered"
find setting basic
need step("reinit_locks") and not (detections > 1)
make go run . run quick

stop F-1
look registers rip
look source
text
  One {fault.bit} of {{64}.

  Two.
holds identical
ask Which?
choice The first,
  or so.
if outcome == "recovered"
choice The second.
then Well.

stop D
ask How many?
answer broken("locks") at "C" without "reinit_locks, nmi_ack" + 1
within 5 %
`))
	if err != nil {
		t.Fatal(err)
	}
	if l.Name != "b" || l.Title != "A title that goes on" || len(l.Find) != 2 || l.Find[0].Filter.Struck != "main.(*spinlock).lock" || l.Find[1].Line != 7 || len(l.Find[0].Needs) != 1 || len(l.Find[1].Needs) != 1 {
		t.Errorf("head: %+v", l)
	}
	if len(l.Stops) != 2 {
		t.Fatalf("%d stops", len(l.Stops))
	}
	s := l.Stops[0]
	if s.Line != 11 || len(s.Text) != 2 || s.Text[0][2].Text != " of {64}." || s.Text[0][1].Expr == nil || s.Text[0][1].Line != 15 || len(s.Holds) != 1 {
		t.Errorf("stop: %+v", s)
	}
	if len(s.Look) != 2 || s.Look[0].Pane != "registers" || s.Look[0].At[0].Text != "rip" {
		t.Errorf("look: %+v", s.Look)
	}
	q := s.Question
	if q == nil || len(q.Choices) != 2 || q.Choices[0].If == nil || q.Choices[1].If != nil || q.Choices[0].Text[0].Text != "The first, or so." || len(q.Then) != 1 {
		t.Errorf("question: %+v", q)
	}
	if q = l.Stops[1].Question; q == nil || q.Answer == nil || q.Within != 5 {
		t.Errorf("question: %+v", q)
	}
}

// Each mistake is told with its line and what to do.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "x.lesson: it is empty: a lesson begins with `lesson TITLE`"},
		{"  text", "x.lesson:1: an indented line belongs to a keyword above it"},
		{"stop F\n", "x.lesson:1: stop: a file begins with `lesson TITLE`"},
		{"lesson T\nlaern L\n", `x.lesson:2: "laern" is no keyword: do you mean learn?`},
		{"lesson T\nlesson U\n", "x.lesson:2: lesson: there is one already"},
		{"lesson T\nlearn\n", "x.lesson:2: learn: nothing stands behind it"},
		{"lesson T\n", "it does not say what one learns"},
		{"lesson T\nlearn L\n", "it has no query for its run"},
		{"lesson T\nlearn L\nfind outcome fine\n", `x.lesson:3: find: unknown outcome "fine"`},
		{"lesson T\nlearn L\nfind outcom recovered\n", `x.lesson:3: find: a query has no "outcom": do you mean outcome?`},
		{"lesson T\nlearn L\nfind fault registr\n", "do you mean register?"},
		{"lesson T\nlearn L\nfind setting full, setting basic\n", "setting stands there twice"},
		{"lesson T\nlearn L\nfind setting\n", "setting is said of no value"},
		{"lesson T\nlearn L\nfind setting full\n", "it does not say what to run"},
		{"lesson T\nneed steps > 1\n", "x.lesson:2: need: it says what the run of a query must have, and stands below `find`"},
		{"lesson T\nlearn L\nfind setting full\nmake M\n", "it has no stops"},
		{"lesson T\ntext t\n", "x.lesson:2: text: it belongs to a stop"},
		{small + "learn L\n", "x.lesson:6: learn: it stands above the first stop"},
		{small + "stop main\n\n  .f g\n", "is no place"},
		{small + "stop 200%\n", "is no share of a run"},
		{small + "look regs\n", `x.lesson:6: look: there is no pane "regs"`},
		{small + "text a { b\n", "a { is not closed"},
		{small + "text {a}\n", `{a}: there is no fact "a"`},
		{small + "holds true\n", "asks nothing of the recording"},
		{small + "holds outcome ==\n", "an expression is missing at the end"},
		{small + "holds outcom == \"recovered\"\n", `x.lesson:6: holds: there is no fact "outcom": do you mean outcome?`},
		{small + "holds identical at 17\n", `behind at there must be a text in quotes, such as at "D+120", not "17"`},
		{small + "holds identical at \"F G\"\n", "is no place"},
		{small + "holds register == 1\n", `register cannot have 0 arguments: it is register("NAME", CPU)`},
		{small + "holds (outcome == \"a\"\n", "there must be ) before the end"},
		{small + "holds outcome ? 1\n", "'?' means nothing in an expression"},
		{small + "holds outcome == \"a\n", "a text is not closed"},
		{small + "holds outcome == 0x\n", "is no number"},
		{small + "holds outcome 1\n", `"1" is not expected there`},
		{small + "holds identical in silver\n", "behind `in` there must be `golden`"},
		{small + "holds " + strings.Repeat("(", 60) + "\n", "parentheses nest more than 50 deep"},
		{small + "choice c\n", "x.lesson:6: choice: it belongs to a question"},
		{small + "ask q\nask r\n", "this stop has a question already"},
		{small + "ask q\nif identical\n", "it says when a choice is right"},
		{small + "ask q\nchoice c\nanswer identical\n", "a question has choices or one answer"},
		{small + "ask q\nanswer identical\nchoice c\n", "a question has choices or an answer, not both"},
		{small + "ask q\nchoice c\n", "line 6: a question has two choices at least, or an answer"},
		{small + "ask q\nchoice c\nchoice d\n", "none of its choices has an `if`"},
		{small + "ask q\nanswer identical\nwithin 500\n", "it says by how many percent"},
		{small + "ask q\nwithin 5\nanswer identical\n", "stands below `answer`"},
		{"lesson \xff", "x.lesson is no text in UTF-8"},
		{"lesson " + strings.Repeat("x", largest), "a lesson has at most"},
	} {
		_, err := Parse("x.lesson", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, wanted %q", c.text[:min(len(c.text), 200)], err, c.want)
		}
	}
	if _, err := Parse("x.lesson", []byte(small)); err != nil {
		t.Error(err)
	}
}

// Lessons are loaded by number, by name and from files; what is none is told.
func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.lesson")
	if err := os.WriteFile(path, []byte(small), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"1": "1-nothing-happens", "6-silent": "6-silent", path: "own"} {
		if l, err := Load(name); err != nil || l.Name != want {
			t.Errorf("%s: %+v %v", name, l, err)
		}
	}
	for name, want := range map[string]string{"7": `there is no lesson "7"`, "nine": "say 1 to 6", t.TempDir(): "is no file", os.DevNull: "is no file", path + "/x": "not a directory"} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, wanted %q", name, err, want)
		}
	}
}

// Whatever a file holds, reading it ends with a lesson or an error that names the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small + "text {fault.bit}\nholds not identical at \"D+1\" in golden\nask q\nchoice a\nif steps > 1\nchoice b\nthen t\n"))
	shipped, err := Shipped()
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range shipped {
		content, err := files.ReadFile(l.File)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := Parse("x.lesson", content)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "x.lesson"):
			t.Errorf("%v does not name the file", err)
		case err == nil && (l.Title == "" || len(l.Stops) == 0 || len(l.Find) == 0):
			t.Errorf("half a lesson: %+v", l)
		}
	})
}
