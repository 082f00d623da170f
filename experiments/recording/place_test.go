package recording

import (
	"fmt"
	"strings"
	"testing"
)

func TestParsePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Place{
		"13402118":         {Base: At, Value: 13402118},
		"13,402,118":       {Base: At, Value: 13402118},
		"50%":              {Base: Share, Value: 500000},
		"99.5%":            {Base: Share, Value: 995000},
		"start":            {Base: Start},
		"start+5":          {Base: Start, Offset: 5},
		"F":                {Base: OfEvent, Name: "F", Number: 1},
		"D2-1":             {Base: OfEvent, Name: "D", Number: 2, Offset: -1},
		"D+1,200":          {Base: OfEvent, Name: "D", Number: 1, Offset: 1200},
		"R":                {Base: OfEvent, Name: "R", Number: 1},
		"step 6":           {Base: OfEvent, Number: 6},
		"S6+2":             {Base: OfEvent, Number: 6, Offset: 2},
		"ack_interrupts":   {Base: OfStep, Name: "ack_interrupts"},
		"main.hypercall":   {Base: OfCode, Name: "main.hypercall"},
		"main.f+3":         {Base: OfCode, Name: "main.f", Offset: 3},
		"frames.go:120":    {Base: OfCode, Name: "frames.go:120"},
		"appvm!main.start": {Base: OfCode, Name: "appvm!main.start"},
		"+7":               {Offset: 7},
		"-7":               {Offset: -7},
	} {
		if got, err := ParsePlace(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; wanted %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "  ", "101%", "x%", "F0", "12x", "a b", "D+99999999999999999999", "NaN%"} {
		if p, err := ParsePlace(text); err == nil {
			t.Errorf("%q: %+v without an error", text, p)
		}
	}
}

func FuzzParsePlace(f *testing.F) {
	for _, s := range []string{"D+120", "step 6", "50%", "main.f", "a.go:1", "-", "+", "S", "F99999999999999999999", "x!y.z+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := ParsePlace(s); err != nil && strings.Contains(err.Error(), "BUG") {
			t.Error(err)
		}
	})
}

// Every event's place leads to its position, and so does each name of a position.
func TestGoto(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	names := map[string]bool{}
	for _, e := range r.Events {
		for _, p := range []Position{e.Position, min(e.Position+3, r.Run.End())} {
			name := r.PlaceOf(p)
			if names[name] = true; r.Goto(t.Context(), name) != nil || r.Run.Position() != p {
				t.Errorf("%s leads to %d, not to %d", name, r.Run.Position(), p)
			}
		}
	}
	for _, name := range []string{"F", "D", "R", "E", "S1"} {
		if !names[name] {
			t.Errorf("no position is called %s: %v", name, names)
		}
	}
	d, _ := r.Event(Detection, 1)
	for name, want := range map[string]Position{"start": r.Run.Start(), "100%": r.Run.End(), "D-2": d.Position - 2, "+2": d.Position} {
		if name == "+2" {
			if err := r.Goto(t.Context(), "D-2"); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Goto(t.Context(), name); err != nil || r.Run.Position() != want {
			t.Errorf("%s leads to %d, not to %d (%v)", name, r.Run.Position(), want, err)
		}
	}
	for _, name := range []string{"F7", "S99", "E+1", "start-1", "nonsense", "main.nonsense", "nonsense.go:3", "x!main.f", "steps.go:x", "lock.go:99999", "hypercall.go:0"} {
		here := r.Run.Position()
		if err := r.Goto(t.Context(), name); err == nil || r.Run.Position() != here {
			t.Errorf("%s: no error, or moved: %v", name, err)
		}
	}
	s, _ := r.Event(Step, 1)
	file := s.Place.File[strings.LastIndex(s.Place.File, "/")+1:]
	for _, name := range []string{"main.hypercall", file + ":" + fmt.Sprint(s.Place.Line)} {
		if err := r.Goto(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
}
