package step

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments/store"
)

var rewrite = flag.Bool("update", false, "write the golden screens anew")

// golden compares a screen with its file.
func golden(t *testing.T, name, screen string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *rewrite {
		if err := os.WriteFile(file, []byte(screen), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if screen != string(want) {
		t.Errorf("%s is another screen; go test ./ui/step -update writes it anew, if this is right:\n%s", name, screen)
	}
}

// Every pane on its own, and the screens with several, as terminals of some sizes show them.
func TestScreens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		w, h int
		keys string
	}{
		{"80x24", 80, 24, ""}, {"160x48", 160, 48, ""}, {"120x36", 120, 36, ""}, {"60x16", 60, 16, ""}, {"20x6", 20, 6, ""},
		{"80x24-registers", 80, 24, "3z"}, {"80x24-instructions", 80, 24, "2"}, {"80x24-invariants", 80, 24, "4z"}, {"80x24-components", 80, 24, "5z"},
		{"80x24-whatif", 80, 24, "6 z"}, {"80x24-stack", 80, 24, "7"}, {"80x24-memory", 80, 24, "8z"}, {"80x24-why", 80, 24, "9z"}, {"80x24-timeline", 80, 24, "0z"},
		{"160x48-registers", 160, 48, "3z"}, {"160x48-whatif", 160, 48, "6 z"}, {"160x48-timeline", 160, 48, "0z"}, {"160x48-both", 160, 48, "+"}, {"80x24-both", 80, 24, "+"}, {"160x48-why", 160, 48, "9"}, {"160x48-memory", 160, 48, "8t"},
		{"80x24-help", 80, 24, "?"}, {"160x48-help", 160, 48, "?"}, {"80x24-tlb", 80, 24, "V"}, {"80x24-apic", 80, 24, "Iz"}, {"80x24-pages", 80, 24, "M"}, {"160x48-tlb", 160, 48, "VM"}, {"80x24-structures", 80, 24, "S"}, {"80x24-prompt", 80, 24, ":D+12"}, {"80x24-notes", 80, 24, "ma:notes\n"},
	} {
		s := specimen(c.w, c.h)
		for _, r := range c.keys {
			k := key(r)
			switch r {
			case '\n':
				k = "Enter"
			case '+':
				s = s.withOther()
				continue
			}
			s, _ = update(s, k)
		}
		golden(t, c.name, shown(t, &s, Look{}))
	}
}

func TestPickerScreens(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {160, 48}} {
		s := begin()
		s.W, s.H, s.Screen = size[0], size[1], picking
		name := map[int]string{80: "80x24", 160: "160x48"}[s.W]
		s.Pick = picker{listed: true, canMake: true}
		golden(t, name+"-nodatabase", shown(t, &s, Look{}))
		s.Pick = picker{listed: true, path: "quick.db", runs: []store.RunLine{
			{Setting: "basic", Index: 3, Fault: "register", Outcome: "component_lost", Struck: "main.schedule", Cause: "failed again after recovery: panic, assertion in main.(*schedCPU).insert (vi/vmm/sched.go:48)"},
			{Setting: "full", Index: 17, Fault: "failstop", Outcome: "recovered", Struck: "main.schedule"},
		}}
		golden(t, name+"-runs", shown(t, &s, Look{}))
	}
}

// On a terminal that has only ASCII, there is nothing else.
func TestASCII(t *testing.T) {
	t.Parallel()
	s := specimen(80, 24)
	screen := shown(t, &s, Look{ASCII: true})
	if i := strings.IndexFunc(screen, func(r rune) bool { return r > 0x7e }); i >= 0 {
		t.Errorf("%q is not ASCII", screen[i:i+3])
	}
	golden(t, "80x24-ascii", screen)
}

// No size is too small, and none makes anything fail.
func TestAnySize(t *testing.T) {
	t.Parallel()
	for _, w := range []int{0, 1, 3, 12, 79, 80, 120, 160} {
		for _, h := range []int{0, 1, 2, 4, 9, 24, 48} {
			for id := range panes {
				s := specimen(w, h).focus(id)
				draw(&s)
				s.Zoom = true
				draw(&s)
			}
		}
	}
}

// The way to help and out is on every screen that has room for a row of hints, and the pane
// that has the focus is on it.
func TestHelpIsAlwaysShown(t *testing.T) {
	t.Parallel()
	for _, w := range []int{20, 40, 80, 120, 160} {
		for id := range panes {
			s := specimen(w, 24).focus(id)
			if screen := draw(&s).String(); !strings.Contains(screen, "? help  q quit") || !s.shown()[id] {
				t.Errorf("%d columns, %s:\n%s", w, id.pane().name, screen)
			}
		}
	}
}

// Nothing moves while one steps: with other facts, each pane's border is where it was.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 36}, {160, 48}} {
		s := specimen(size[0], size[1])
		before := s.layout()
		other := s
		now := *s.Now
		now.At, now.Facts = now.At+1, [panes]any{}
		other.Now = &now
		for i, p := range other.layout() {
			if before[i] != p {
				t.Errorf("%v: %+v becomes %+v", size, before[i], p)
			}
		}
	}
}

// Keys do what the table of keys says, in every pane, and none makes anything fail.
func TestEveryKeyInEveryPane(t *testing.T) {
	t.Parallel()
	var all []key
	for _, b := range bindings() {
		all = append(all, b.keys...)
	}
	all = append(all, "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End", "Enter", "Backspace", "", " ", "0", "9", "ä")
	for id := range panes {
		for _, k := range all {
			for _, s := range []State{specimen(80, 24).focus(id), func() State { s := specimen(80, 24).focus(id); s.Now.Facts = [panes]any{}; return s }()} {
				s, _ := update(s, k)
				draw(&s)
			}
		}
	}
}
