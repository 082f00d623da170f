package step

import (
	"resvirt/experiments"
	"resvirt/experiments/recording"
	"resvirt/faults"
	"resvirt/sim"
)

// State is all that the screen depends on. It is a value: update returns another. What it
// points to is never changed.
type State struct {
	W, H   int
	Screen screenKind
	Pick   picker
	Run    *subject
	Now    *scene // what is known of the present position
	Last   *scene // of the one before
	Ask    Ask
	Known  known // of the whole run
	What   what  // of the stored run
	Left   left  // what was known of the run that was stepped through before this one

	Focus paneID
	Zoom  bool // the pane that has the focus alone
	Rows  [panes]rows
	Front [slots]paneID // which of its panes each slot shows
	Face  [panes]paneID // which pane is seen in the place of one, where all are; 0 = that one

	Undo   []undoable // jumps and switched steps, the latest last
	Marks  []mark
	Stops  []stop
	Sought string    // the last search
	Await  string    // what the next key is the letter of
	Line   line      // the prompt
	Say    string    // what the last command said
	Busy   string    // the command under way
	Page   page      // over everything
	Lesson *teaching // the lesson that is held; nil: none

	narrow  bool // it is one half of a screen
	passive bool // the half of the run that is not stepped through

	NoMouse bool // the terminal keeps it for itself
	Quit    bool
	Suspend bool
}

// Ask is what panes need to know of the state when they gather facts. It is comparable.
type Ask struct {
	CPU    int // whose registers and source are shown; follow = of that which is about to run
	Golden bool
	Memory AskMemory
	Tree   AskTree
	Frame  int    // of the stack, from 1; 0 = the innermost that is no helper
	Zoom   int    // how many times the timeline's scale is halved
	Beside string // the change of the run that is moved together with the stored one; "" = none
}

// follow in Ask.CPU shows the processor that is about to run.
const follow = -1

// screenKind says which screen is shown.
type screenKind uint8

const (
	stepping screenKind = iota
	picking
)

// subject is the run that is stepped through: what holds at all its positions.
type subject struct {
	Path      string // of the database
	Row       *experiments.Row
	Setting   experiments.Setting
	Base      based    // the stored run
	Change    string   // by which this one differs from it
	Faultless bool     // its fault is switched off
	Steps     []string // all that the target has
	CPUs      int
	Events    []recording.Event
	Start     recording.Position
	End       recording.Position
	GoldenEnd recording.Position

	Places, Structures []string // names that the prompt completes, sorted
}

// scene is what is known of a position.
type scene struct {
	At    recording.Position
	Name  string // of the position, as it can be typed
	Time  sim.Time
	CPU   int          // that is shown
	Next  int          // that is about to run
	Place faults.Place // of that which is shown; innermost, where functions were expanded inline
	Facts [panes]any

	Other *scene   // of the run beside, at the same position or at its end if that comes first
	Of    *subject // that run
}

// line is what is being typed at the prompt.
type line struct {
	open bool
	lead string // ":" or "/"
	text string
	past []string // earlier lines, the latest last
	back int      // how many lines back
}
