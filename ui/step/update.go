package step

import (
	"context"
	"errors"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/recording"
)

// update is what an event makes of a state, and the command to do, nil if there is none.
func update(s State, e event) (State, command) {
	before := s
	s, c := s.on(e)
	if c == nil && before.Now != nil && s.Now != nil && (s.Ask != before.Ask || s.shown() != before.shown()) {
		c = look{} // a pane has come on the screen, or asks for something else
	}
	return s, c
}

func (s State) on(e event) (State, command) {
	switch e := e.(type) {
	case resized:
		s.W, s.H = e.w, e.h
	case key:
		return s.press(e)
	case mouse:
		return s.pointed(e)
	case arrived:
		return s.arrive(e), nil
	case gathered:
		if s.Now != nil && s.Now.At == e.at && !e.other {
			now := *s.Now
			now.Facts[e.id] = e.facts
			s.Now = &now
		}
		if s.Now != nil && s.Now.Other != nil && e.other && s.Now.Other.At == e.at {
			now, other := *s.Now, *s.Now.Other
			other.Facts[e.id] = e.facts
			now.Other = &other
			s.Now = &now
		}
	case picked:
		s.Pick, s.Screen = e.change(s.Pick), picking
	case learned:
		if s.Run != nil && s.Run.Row == e.of {
			s = e.add(s)
		}
	case taught:
		return e(s), nil
	case failed:
		s.Say = e.err.Error()
		if errors.Is(e.err, context.Canceled) {
			s.Say = "stopped"
		}
	case begun:
		s.Busy = e.what
	case ended:
		s.Busy = ""
	}
	return s, nil
}

// undoKept is how many can be undone.
const undoKept = 100

// arrive takes what is known of a position.
func (s State) arrive(e arrived) State {
	s.Busy = ""
	if e.run != nil {
		if s.Run == nil || s.Run.Base.row != e.run.Base.row {
			s.What, s.Marks, s.Stops, s.Ask.Beside, s.Left = what{}, nil, nil, "", left{}
		}
		if s.Run != nil {
			s.Left, s.Known = left{s.Run.Row, s.Known}, s.Left.of(e.run.Row)
		}
		s.Run, s.Now, s.Last, s.Undo = e.run, nil, nil, nil
		s.Screen = stepping
	}
	if e.say != "" {
		s.Say = e.say
	}
	switch {
	case s.Now == nil:
		s.Now = e.scene
	case s.Now.At == e.scene.At: // looked at again
		s.Now = e.scene
	default:
		if e.jump {
			s = s.undoable(undoable{at: s.Now.At})
		}
		s.Last, s.Now = s.Now, e.scene
		s.Ask.Frame, s.Rows[stackPane], s.Rows[sourcePane] = 0, rows{}, rows{}
	}
	return s
}

// undoable is what u takes back: a jump, or a switch in the what-if pane.
type undoable struct {
	at       recording.Position // where the jump came from
	switches bool
	switched []string // what was switched before
}

func (s State) undoable(u undoable) State {
	s.Undo = append(slices.Clip(s.Undo[max(len(s.Undo)-undoKept, 0):]), u)
	return s
}

// left is what was known of a run that was left for a variant of it, or the other way round.
type left struct {
	row   *experiments.Row
	known known
}

// of is what is known of a run already.
func (l left) of(row *experiments.Row) known {
	if l.row == row {
		return l.known
	}
	return known{}
}

// press is what a key does: first where a text is typed, then in help, then in the pane
// that has the focus, then everywhere.
func (s State) press(k key) (State, command) {
	switch {
	case s.Line.open:
		return s.type_(k)
	case s.Await != "":
		return s.letter(k)
	case s.Page.open:
		if s, c, ok := s.attend(k); ok {
			return s, c
		}
		if s, c, ok := s.attendPage(k); ok {
			return s, c
		}
		if k == "s" && s.Page.save {
			return s.ask(lessonLead), nil
		}
		s.Page = s.Page.press(k, len(s.Page.wrapped(s.W)), max(s.H-s.footRows()-2, 1))
		return s, nil
	}
	if k != "v" { // which shows it as a whole
		s.Say = ""
	}
	if s.Screen == picking || s.Run == nil {
		return s.pressElsewhere(k)
	}
	if s, c, ok := s.attend(k); ok {
		return s, c
	}
	if press := s.Focus.pane().press; press != nil {
		if s, c, ok := press(s, k); ok {
			return s, c
		}
	}
	for _, b := range bindings() {
		if slices.Contains(b.keys, k) {
			return b.do(s)
		}
	}
	for id, p := range thePanes {
		if p.key == k {
			return s.focus(paneID(id)), nil
		}
	}
	return s, nil
}

// focus gives a pane the focus, and brings it to the front of its slot.
func (s State) focus(id paneID) State {
	s.Focus = id
	s.Front[id.pane().slot] = id
	if home := id.pane().home; home != 0 {
		s.Face[home] = id
	} else {
		s.Face[id] = 0
	}
	return s
}

// pressElsewhere is what a key does where no run is on the screen.
func (s State) pressElsewhere(k key) (State, command) {
	switch k {
	case "q", "Ctrl-C":
		s.Quit = true
		return s, nil
	case "Ctrl-Z":
		s.Suspend = true
		return s, nil
	case "?":
		return s.help(), nil
	case "v":
		return whole(s), nil
	}
	if s.Screen == picking {
		return s.Pick.press(s, k)
	}
	return s, nil
}
