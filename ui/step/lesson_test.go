package step

import (
	"fmt"
	"testing"

	"resvirt/experiments/lesson"
	"resvirt/experiments/testbed"
)

// A lesson finds its run and goes from stop to stop; answers are judged by the run; one can
// look around in between, and come back from another run.
func TestLesson(t *testing.T) {
	t.Parallel()
	l, err := lesson.Parse("small.lesson", []byte(`lesson A small one
learn Little.
find setting full, outcome recovered
make nothing

stop F
look registers rip
look console
text CPU {fault.cpu} is struck.
ask Which CPU?
answer fault.cpu
then That was easy.

stop D
ask What has happened?
choice Nothing.
if detections == 0
choice A detection.
if detections > 0

stop E
text The end.
`))
	if err != nil {
		t.Fatal(err)
	}
	runs := sharedCampaign(t)
	x := &session{t: t, s: begin(), d: &desk{stored: testbed.Stored}}
	defer x.d.close()
	x.send(resized{80, 24})
	x.do(openLesson{l, runs.path})
	if x.s.Run == nil {
		t.Fatal(x.s.Say)
	}
	row := x.s.Run.Row
	at := func(want uint64) {
		t.Helper()
		if x.s.Now.At != want {
			t.Errorf("at %d, the stop is at %d", x.s.Now.At, want)
		}
	}
	at(row.Strike.Position)
	x.sees("A small one", "Stop 1 of 3", fmt.Sprintf("CPU %d is struck.", row.Strike.CPU), "1  look at registers rip", "2  look at console", "? Which CPU?", "= answer  + next stop  - back  1-2 look  Esc look around")
	x.keys("1")
	x.sees("T lesson  + next stop  n N event")
	if x.s.Focus != registersPane || x.s.Page.open || registerOrder[x.s.Rows[registersPane].cursor].String() != "rip" {
		t.Errorf("1 leads to pane %d", x.s.Focus)
	}
	x.keys("T", "2")
	console := x.d.rec.Run.Console()
	x.sees("Console, ", console[len(console)-1])
	x.keys("Esc", "T")
	answer := func(text string) {
		x.keys("=")
		for _, r := range text {
			x.keys(key(r))
		}
		x.keys("Enter")
	}
	answer("7")
	x.sees(`"7" is not right`)
	answer("some")
	x.sees("type a number")
	answer(fmt.Sprint(row.Strike.CPU))
	x.sees("Right:", "That was easy.")
	x.keys("Esc", "n")
	x.sees("Registers")
	x.keys("T")
	x.sees("? Which CPU?")
	x.keys("-")
	x.sees("this is the first stop")
	x.keys("+")
	at(row.Detections[0].Position)
	answer("a")
	x.sees(`"a" is not right`)
	answer("?")
	x.sees("The answer: A detection.")
	x.do(openRun{runs.path, "none", 0, ""})
	x.keys("+")
	at(row.EndPosition)
	if x.s.Run.Row.Run() != row.Run() {
		t.Errorf("the last stop is in %s", x.s.Run.Row.Run())
	}
	x.keys("=")
	x.sees("this stop has no question")
	x.keys("+")
	x.sees("this was the last stop")
}
