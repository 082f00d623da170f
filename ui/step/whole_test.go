package step

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/faults"
)

// What is cut off on a screen can be read as a whole, in every pane; the answer is the first.
func TestWhole(t *testing.T) {
	t.Parallel()
	for id := range panes {
		s := specimen(80, 24).focus(id)
		s.Say = strings.Repeat("word ", 30) + "end of the answer"
		cuts := draw(&s).cuts
		s, _ = update(s, key("v"))
		text := strings.Join(s.Page.lines, "\n")
		if !s.Page.open || !strings.HasPrefix(s.Page.lines[1], "  word word") {
			t.Errorf("%s: the page begins with %q", id.pane().name, s.Page.lines)
		}
		for _, c := range cuts {
			if !strings.Contains(text, strings.TrimSpace(c.text)) {
				t.Errorf("%s: %q is not on the page", id.pane().name, c.text)
			}
		}
		if screen := draw(&s).String(); !strings.Contains(screen, "end of the answer") {
			t.Errorf("the end of the answer is not seen:\n%s", screen)
		}
	}
	s := specimen(80, 24)
	s, _ = update(s, key("?")) // nothing to be seen of cuts there: any key goes back
	s, _ = update(s, key("v"))
	golden(t, "80x24-whole", shown(t, &s, Look{}))
}

// A text is folded without a loss.
func TestFolded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "one two three four five six", strings.Repeat("x", 100), "a b c d e f g h i j k l m n o p q r s t u v w x y z"} {
		for w := 1; w < 30; w++ {
			got := ""
			for _, l := range folded(text, w) {
				if width(l) > w {
					t.Errorf("%q at %d: %q is wider", text, w, l)
				}
				got += strings.ReplaceAll(l, " ", "")
			}
			if got != strings.ReplaceAll(text, " ", "") {
				t.Errorf("%q at %d becomes %q", text, w, got)
			}
		}
	}
}

// The line under the cursor begins with a glyph, in every list: not all that shows a screen has
// reverse video.
func TestCursorGlyph(t *testing.T) {
	t.Parallel()
	for _, id := range []paneID{sourcePane, registersPane, invariantsPane, componentsPane, stackPane, memoryPane, whyPane} {
		s := specimen(80, 24).focus(id)
		rows := func() (list []int) {
			c := draw(&s)
			for y := range c.h {
				for x := range c.w {
					if c.at[y*c.w+x].r == cursorGlyph && c.at[y*c.w+x].style.bold {
						list = append(list, y)
					}
				}
			}
			return list
		}
		before := rows()
		s, _ = update(s, key("Down"))
		if after := rows(); len(before) != 1 || len(after) != 1 {
			t.Errorf("%s: cursors in rows %v, after Down %v", id.pane().name, before, after)
		}
	}
}

// Who wrote a word of memory leads elsewhere, but not the pane: it stays at the word, at which the
// machine is about to write what was there.
func TestMemoryStays(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.keys("D", "8", "Down")
	was := x.s.Now.Facts[memoryPane].(*dump)
	at := was.cursorAddress(&x.s)
	before := x.s.Now.At
	x.keys("w")
	now := x.s.Now.Facts[memoryPane].(*dump)
	if x.s.Now.At == before || now.at != was.at || now.cursorAddress(&x.s) != at {
		t.Fatalf("at %d (before %d) memory at %#x, word %#x; it was at %#x, word %#x: %s", x.s.Now.At, before, now.at, now.cursorAddress(&x.s), was.at, at, x.s.Say)
	}
	x.sees(fmt.Sprintf("memory at %#x", at))
	word := func(d *dump) uint64 { return d.this[(at-d.from)/8].v }
	x.keys(".")
	if got := word(x.s.Now.Facts[memoryPane].(*dump)); got != word(was) {
		t.Errorf("behind the write the word is %#x, at the detection it was %#x", got, word(was))
	}
}

// At a detection source shows the line that failed, as the row names it, and not the entry that was
// called.
func TestSourceAtADetection(t *testing.T) {
	t.Parallel()
	runs := sharedCampaign(t)
	runs.mu.Lock()
	full, err := runs.db.Setting("full")
	runs.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 200; i += 2 { // flips in registers: a failstop is detected where there is no line
		r, err := runs.campaign.Execute(t.Context(), i, full)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Row.Detections) == 0 || r.Row.Detections[0].Place.File == "" {
			continue
		}
		d := r.Row.Detections[0].Place
		x := executedSession(t, runs, "full", i)
		x.send(resized{160, 48})
		x.keys("D")
		x.sees(d.File, fmt.Sprintf("▶%5d ", d.Line), "now in main.detect")
		x.keys(".", ".")
		x.sees(d.File, fmt.Sprintf("▶%5d ", d.Line))
		return // one is enough: each takes a search
	}
	t.Fatal("none of 100 flips in registers is detected at a line")
}
