package step

// slot is a part of the screen in which one of several panes is seen.
type slot uint8

// The slots of a screen of 80 columns.
const (
	topSlot   slot = iota // over the whole width
	leftSlot              // source
	rightSlot             // registers
	lowLeft
	lowRight
	slots
)

// placed is a pane with its place on the screen.
type placed struct {
	id         paneID
	x, y, w, h int
}

// bordered says whether there is room for a border.
func (p placed) bordered() bool { return p.h >= 4 || p.id != timelinePane && p.h >= 3 }

const (
	leastW, leastH = 80, 24  // of a screen with several panes
	wide           = 120     // columns from which on instructions stand beside source
	allW, allH     = 160, 48 // of a screen with all panes
)

// layout places the panes that are seen. It depends on the size, the focus and the fronts
// of slots alone, so that nothing moves while one steps.
func (s *State) layout() []placed {
	body := s.H - s.headRows() - s.footRows()
	head := s.headRows()
	switch {
	case body < 1 || s.W < 1:
		return nil
	case s.sides() && !s.narrow:
		return s.sided()
	case s.Zoom || s.W < leastW || s.H < leastH:
		return []placed{{s.Focus, 0, head, s.W, body}}
	case s.W >= allW && s.H >= allH:
		return s.roomy(head, body)
	}
	return s.slotted(head, body)
}

// slotted is the layout with a pane in each slot.
func (s *State) slotted(head, body int) []placed {
	top := 3
	if s.H >= 36 {
		top = s.timelineRows()
	}
	low := max((body-top)*2/5, 6)
	mid := body - top - low
	list := []placed{{s.Front[topSlot], 0, head, s.W, top}}
	y := head + top
	if s.W >= wide {
		a, b := s.W*2/5, s.W*7/10
		left := s.Front[leftSlot]
		if left == instructionsPane {
			left = sourcePane
		}
		list = append(list, placed{left, 0, y, a, mid}, placed{instructionsPane, a, y, b - a, mid}, placed{s.Front[rightSlot], b, y, s.W - b, mid})
	} else {
		a := s.W * 46 / 80
		list = append(list, placed{s.Front[leftSlot], 0, y, a, mid}, placed{s.Front[rightSlot], a, y, s.W - a, mid})
	}
	half := s.W / 2
	return append(list, placed{s.Front[lowLeft], 0, y + mid, half, low}, placed{s.Front[lowRight], half, y + mid, s.W - half, low})
}

// roomy is the layout with all panes.
func (s *State) roomy(head, body int) []placed {
	top := s.timelineRows()
	low, strip := (body-top)*2/5, 6
	mid := body - top - low - strip
	y := head
	list := []placed{{timelinePane, 0, y, s.W, top}}
	y += top
	list = append(list, row(y, mid, s.W, sourcePane, instructionsPane, s.face(registersPane))...)
	y += mid
	list = append(list, row(y, low, s.W, invariantsPane, componentsPane, stackPane, s.face(memoryPane))...)
	last := whatifPane
	if s.Front[lowLeft] == whyPane {
		last = whyPane
	}
	return append(list, placed{last, 0, y + low, s.W, strip})
}

// face is the pane that is seen in the place of one that has several.
func (s *State) face(id paneID) paneID {
	if f := s.Face[id]; f != 0 {
		return f
	}
	return id
}

// row places panes beside each other.
func row(y, h, w int, ids ...paneID) (list []placed) {
	for i, id := range ids {
		x := w * i / len(ids)
		list = append(list, placed{id, x, y, w*(i+1)/len(ids) - x, h})
	}
	return list
}

// shown says which panes are seen.
func (s *State) shown() (on [panes]bool) {
	for _, p := range s.layout() {
		on[p.id] = true
	}
	return on
}

// nextPane gives the focus to the pane n further in the order of keys, and brings it to
// the screen.
func (s State) nextPane(n int) State {
	return s.focus(paneID((int(s.Focus) + n + int(panes)) % int(panes)))
}

func (s *State) headRows() int { return 1 }

// timelineRows is how many rows the timeline has where there is room.
func (s *State) timelineRows() int {
	const rest = 5 // events, broken invariants, where one stands, and the border
	if s.Run == nil {
		return rest + 4
	}
	return min(rest+2*s.Run.CPUs, max(s.H/4, rest+2))
}

// footRows are those of the comparison with the golden run, the hints and the prompt.
func (s *State) footRows() int { return min(3, max(s.H-2, 0)) }
