package lesson

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/teaching.md names each keyword and pane, and the lesson in it is one: what it says
// is so.
func TestTeachingIsTrue(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/teaching.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for _, list := range [][]string{keywords, Panes, parts} {
		for _, w := range list {
			if !strings.Contains(doc, "`"+w+"`") {
				t.Errorf("docs/teaching.md does not name `%s`", w)
			}
		}
	}
	for _, m := range regexp.MustCompile("`[^`]* (at|with|without|under) \"[^`\"]*\"`|`[^`]* in golden`").FindAllStringSubmatch(doc, -1) {
		if _, err := ParseExpr(strings.Trim(m[0], "`")); err != nil {
			t.Errorf("%s: %v", m[0], err)
		}
	}
	_, text, _ := strings.Cut(doc, "<!-- A LESSON THAT IS CHECKED BY A TEST -->\n```\n")
	text, _, ok := strings.Cut(text, "```\n")
	if !ok {
		t.Fatal("docs/teaching.md has no lesson behind its mark")
	}
	l, err := Parse("who.lesson", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k := newClass(t)
	problems, err := k.begin(t, l).Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// A lesson that says what is not so is refused, with the line.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	l, err := Parse("wrong.lesson", []byte(small+`look registers nix
text {register("nix")}
holds detections > 7
ask Which?
choice A
if detections == 1
choice B
if steps > 0

stop D
text It said {""}.

stop D
ask Which?
choice A {steps}
if detections > 7
choice A {steps}

stop reinit_locks+99999999
`))
	if err != nil {
		t.Fatal(err)
	}
	k := newClass(t)
	list, err := k.begin(t, l).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`there is no register "nix"`, "this does not hold in full/", `there is no register "nix"`, "of the choices a and b are all right",
		`{""} is empty here`,
		`two choices say "A `, "none of the choices is right", "lies outside the run",
	}
	lines := []int{6, 8, 7, 9, 16, 19, 19, 24}
	for i, w := range want {
		if i >= len(list) || !strings.Contains(list[i].Text, w) || list[i].Line != lines[i] {
			t.Fatalf("problem %d: %v, wanted line %d: %s", i+1, list, lines[i], w)
		}
	}
}

// What is typed leads through a lesson.
func TestTake(t *testing.T) {
	t.Parallel()
	l, err := Parse("take.lesson", []byte(small+"ask How many?\nanswer detections\nthen Well.\n\nstop D\nask Sure?\nchoice Yes.\nif detections == 1\nchoice No.\n\nstop E\nask Again?\nanswer detections == 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := newClass(t).begin(t, l)
	var b strings.Builder
	if err := s.Take(t.Context(), strings.NewReader("perhaps\n2\n1\nb\na\n\n"), &b); err != nil {
		t.Fatal(err)
	}
	rest := b.String()
	for _, w := range []string{
		"? How many?\n> That is no answer to it: type a number", "> No. Look again", "> Right.\n= 1\n\nWell.\n", "? Sure?\n  a  Yes.\n  b  No.\n> No.", "> Right.\n= a  Yes.",
		"? Again?\n> = yes\n", "0 of 3 right at the first try.",
	} {
		i := strings.Index(rest, w)
		if i < 0 {
			t.Fatalf("%q is not there, in its place, in\n%s", w, b.String())
		}
		rest = rest[i:]
	}
}
