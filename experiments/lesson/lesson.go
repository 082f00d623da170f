package lesson

import (
	"resvirt/experiments/store"
)

// Lesson is a lesson as it is written. It is immutable.
type Lesson struct {
	Name  string // of its file, without .lesson
	File  string // as errors name it
	Title string
	Learn string  // what one learns
	Find  []Query // the first that a database has a run for
	Make  string  // what to run where a database has none
	Stops []Stop
}

// Query is what a lesson asks a database for.
type Query struct {
	Line   int
	Text   string
	Filter store.RunFilter
	Needs  []Claim // true of the run that is taken
}

// Claim is what a lesson says of its recording.
type Claim struct {
	Line int
	Expr Expr
}

// Stop is a place of the run at which the lesson halts.
type Stop struct {
	Line     int
	Place    Paragraph // a name of a place, as package recording has them
	Look     []Look
	Text     []Paragraph
	Holds    []Claim
	Question *Question // nil: there is none
}

// Look is what the student is to look at.
type Look struct {
	Line int
	Pane string    // one of Panes
	At   Paragraph // a register, variable, step or part of a text in it; empty: the whole
}

// Panes are what a lesson can point to.
var Panes = []string{"timeline", "source", "instructions", "registers", "stack", "memory", "components", "invariants", "whatif", "why", "variable", "console"}

// Question is asked at a stop. It has choices, of which one is right, or an answer.
type Question struct {
	Line    int
	Text    Paragraph
	Choices []Choice
	Answer  *Claim
	Within  uint64 // percent by which a number may differ
	Then    []Paragraph
}

// Choice is one of several answers. If nil: it is always wrong.
type Choice struct {
	Line int
	Text Paragraph
	If   *Claim
}

// Paragraph is text with values of the recording in it.
type Paragraph []Piece

// Piece is text or, where Expr is not nil, a value.
type Piece struct {
	Text   string
	Expr   Expr
	Source string // the expression as it is written
	Line   int
}
