package step

import "context"

// paneID is a pane by its place in the table.
type paneID uint8

// The panes.
const (
	timelinePane paneID = iota
	sourcePane
	instructionsPane
	registersPane
	invariantsPane
	componentsPane
	whatifPane
	stackPane
	memoryPane
	whyPane
	tlbPane
	apicPane
	pagesPane
	structuresPane
	panes
)

// pane is a line of the table.
type pane struct {
	name  string
	key   key    // which gives it the focus
	slot  slot   // where it stands on screens that cannot show all panes
	home  paneID // whose place it takes on screens that show all; 0 = its own
	about string // for help

	gather func(context.Context, *desk) any
	later  func(context.Context, *desk, any) any // nil: there is nothing that takes longer
	draw   func(b box, s *State, now, last any)
	press  func(State, key) (State, command, bool)
}

// table has all panes, by their ids.
func table() [panes]*pane {
	return [panes]*pane{
		timelinePane:     timeline(),
		sourcePane:       source(),
		instructionsPane: instructions(),
		registersPane:    registers(),
		invariantsPane:   invariants(),
		componentsPane:   components(),
		whatifPane:       whatif(),
		stackPane:        stack(),
		memoryPane:       memory(),
		whyPane:          why(),
		tlbPane:          tlb(),
		apicPane:         localAPIC(),
		pagesPane:        pages(),
		structuresPane:   structures(),
	}
}

// thePanes is made once; nobody changes it.
var thePanes [panes]*pane

func init() { thePanes = table() }

func (id paneID) pane() *pane { return thePanes[id] }

// firstPanes are those that are seen first in each slot.
func firstPanes() (front [slots]paneID) {
	for id := panes; id > 0; id-- {
		front[(id - 1).pane().slot] = id - 1
	}
	return front
}

// facts makes the two functions of a pane that know the type of its facts.
func facts[F any](p pane, gather func(context.Context, *desk) F, draw func(b box, s *State, now, last F)) *pane {
	p.gather = func(ctx context.Context, d *desk) any { return gather(ctx, d) }
	p.draw = func(b box, s *State, now, last any) {
		n, ok := now.(F)
		if !ok {
			missing(b, "not known yet")
			return
		}
		l, _ := last.(F)
		draw(b, s, n, l)
	}
	return &p
}

// slowly adds to a pane what takes longer to find.
func slowly[F any](p *pane, later func(context.Context, *desk, F) F) *pane {
	p.later = func(ctx context.Context, d *desk, now any) any { return later(ctx, d, now.(F)) }
	return p
}

// missing says in a pane why there is nothing in it.
func missing(b box, why string) {
	y := 0
	for _, line := range wrap(why, b.w) {
		b.text(0, y, line, style{dim: true})
		y++
	}
}
