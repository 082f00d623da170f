package step

import "resvirt/experiments/recording"

// event is what update takes.
type event interface{ event() }

// key is a key press: a character, or the name of a key, such as Enter, Esc, Tab, Up, Ctrl-Z.
type key string

// resized says how large the terminal is.
type resized struct{ w, h int }

// arrived says what is known of the position where the machine stands.
type arrived struct {
	run   *subject // nil: the same
	scene *scene
	say   string
	jump  bool
	// asides find what holds for the whole run, when run is given.
	asides []aside
}

// gathered says what a pane has found later.
type gathered struct {
	at    recording.Position
	id    paneID
	facts any
	other bool // of the run beside
}

// failed says that a command could not be done.
type failed struct{ err error }

// begun says that a command takes long; ended that none is under way.
type (
	begun struct{ what string }
	ended struct{}
	done  struct{} // a request is done; for the loop alone
)

func (key) event()      {}
func (resized) event()  {}
func (arrived) event()  {}
func (gathered) event() {}
func (failed) event()   {}
func (begun) event()    {}
func (ended) event()    {}
func (done) event()     {}
