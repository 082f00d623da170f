package step

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments/lesson"
	"resvirt/faults"
)

// Marks and notes become a lesson that finds the same run, and whose claims hold in it. A file
// that is there is written over only where that is said.
func TestNotesBecomeALesson(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	file := filepath.Join(t.TempDir(), "mine.lesson")
	x.types("lesson " + file)
	x.sees("there is nothing to save")
	x.keys("3", "Down", "m", "a", "D")
	x.types("note Here {it} fails.")
	x.keys(".", ".")
	x.types("note two on")
	x.types("notes")
	x.keys("s")
	for _, r := range file {
		x.keys(key(r))
	}
	x.keys("Enter")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err, x.s.Say)
	}
	l, err := lesson.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	runs := sharedCampaign(t)
	runs.mu.Lock()
	defer runs.mu.Unlock()
	s, err := lesson.Begin(t.Context(), l, runs.db, runs.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := s.Check(t.Context())
	if err != nil || len(problems) > 0 || s.Recording.Row.Run() != x.s.Run.Row.Run() {
		t.Errorf("the lesson is of %s and has problems %v, %v:\n%s", s.Recording.Row.Run(), problems, err, content)
	}
	for i, want := range x.s.Marks {
		v, err := s.Stop(t.Context(), i)
		if err != nil || v.Position != want.at {
			t.Errorf("stop %d is at %+v, %v; the mark at %d", i+1, v, err, want.at)
		}
	}
	if v, _ := s.Stop(t.Context(), 1); strings.Join(v.Text, "") != "Here {it} fails." {
		t.Errorf("the note has become %q", v.Text)
	}
	if v, _ := s.Stop(t.Context(), 0); len(v.Look) != 1 || v.Look[0] != (lesson.Looked{Pane: "registers", At: registerOrder[1].String()}) {
		t.Errorf("the mark at a register looks at %v", v.Look)
	}
	x.do(saveLesson{file: file})
	if !strings.Contains(x.s.Say, "is there already") {
		t.Errorf("it is written over: %s", x.s.Say)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	x.keys("Esc")
	x.types("lesson " + file)
	if b, _ := os.ReadFile(file); string(b) != "mine" {
		t.Error("it is written over")
	}
	x.types("lesson! " + file)
	if b, _ := os.ReadFile(file); string(b) == "mine" {
		t.Errorf("it is not written over: %s", x.s.Say)
	}
}
