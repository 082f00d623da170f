package step

// binding is a line of the table of keys, from which help and the row of hints are made.
type binding struct {
	keys  []key
	shown string // how the keys are written
	hint  string // for the row of hints; "" = only in help
	about string
	do    func(State) (State, command)
}

// does is a binding's function for a command that does not depend on the state.
func does(c command) func(State) (State, command) {
	return func(s State) (State, command) { return s, c }
}

// changes is one for a change of the state alone.
func changes(f func(State) State) func(State) (State, command) {
	return func(s State) (State, command) { return f(s), nil }
}

// bindings are the keys that mean the same in all panes.
func bindings() []binding {
	return []binding{
		{[]key{"n"}, "n N", "event", "to the next or previous event: fault, detection, recovery step, resumption, line of a console, probe, end", nextEvent(+1)},
		{[]key{"N"}, "", "", "", nextEvent(-1)},
		{[]key{"."}, ". ,", "instr", "to the next or previous instruction; of the processor that is shown if that was chosen with c", does(byInstruction{+1})},
		{[]key{","}, "", "", "", does(byInstruction{-1})},
		{[]key{"l"}, "l L", "line", "to the next or previous line of the source on this processor", does(byLine{+1})},
		{[]key{"L"}, "", "", "", does(byLine{-1})},
		{[]key{"F"}, "F D R E", "go", "to the fault, the first detection, the resumption of the VMs, the end", does(goTo{"F"})},
		{[]key{"D"}, "", "", "", does(goTo{"D"})},
		{[]key{"R"}, "", "", "", does(goTo{"R"})},
		{[]key{"E"}, "", "", "", does(goTo{"E"})},
		{[]key{"w"}, "w W", "who wrote", "in the panes of registers and memory: to what wrote the value under the cursor, or to what reads it next", chooseFirst},
		{[]key{"W"}, "", "", "", chooseFirst},
		{[]key{"x"}, "x", "what if", "what if the recovery step under way were off, or on? Enter executes the run so, Esc or u forgets it", toggleHere},
		{[]key{"B"}, "B", "", "both runs of a what-if move together: side by side from 160 columns on, else o shows the other", beside},
		{[]key{"u"}, "u", "undo", "take back the last jump, or the last switch of a step", undo},
		{[]key{":"}, ":", "go to", "to a place: F, D+120, 50%, step 6, a step's name, main.schedule, sched.go:119, a position; :show lists structures of the hypervisor", changes(func(s State) State { return s.ask(":") })},
		{[]key{"/"}, "/", "find", "to where code is executed (main.schedule, sched.go:119), a text is printed, or a register gets a value (0x1f)", changes(func(s State) State { return s.ask("/") })},
		{[]key{"b"}, "b", "", "a stop at this line, or none any more; :break main.f, :watch ADDRESS make others", stopHere},
		{[]key{">"}, "> <", "", "on to the next or previous stop; without stops, on with the search", goOn(+1)},
		{[]key{"<"}, "", "", "", goOn(-1)},
		{[]key{"m"}, "m '", "", "a mark with a letter here, and to a mark; :note TEXT, :notes; :lesson FILE saves them as a lesson", awaits("mark")},
		{[]key{"'"}, "", "", "", awaits("to the mark")},
		{[]key{"c"}, "c", "", "show another processor: each in turn, then again the one that is about to run", changes(nextCPU)},
		{[]key{"g"}, "g", "golden", "golden run beside this one, on or off", changes(func(s State) State { s.Ask.Golden = !s.Ask.Golden; return s })},
		{[]key{"["}, "[ ]", "scale", "the timeline's scale: [ shows more of the run, ] less", changes(func(s State) State { s.Ask.Zoom = max(s.Ask.Zoom-1, 0); return s })},
		{[]key{"]"}, "", "", "", changes(func(s State) State { s.Ask.Zoom = min(s.Ask.Zoom+1, mostZoom); return s })},
		{[]key{"Tab"}, "Tab 0-9", "pane", "the focus to the next pane, or to one of them", changes(func(s State) State { return s.nextPane(+1) })},
		{[]key{"Shift-Tab"}, "", "", "", changes(func(s State) State { return s.nextPane(-1) })},
		{[]key{"z"}, "z", "large", "the pane that has the focus alone, and back", changes(func(s State) State { s.Zoom = !s.Zoom; return s })},
		{[]key{"v"}, "v", "", "all lines that are cut off on this screen, as wholes: what was answered first, then the line under the cursor", changes(whole)},
		{[]key{"Esc"}, "Esc", "", "stop what is under way; else back", changes(func(s State) State { s.Zoom = false; return s })},
		{[]key{"r"}, "r", "", "another run of this database", func(s State) (State, command) { return s, listRuns{s.Run.Path} }},
		{[]key{"Ctrl-Z"}, "Ctrl-Z", "", "to the shell; `fg` comes back", changes(func(s State) State { s.Suspend = true; return s })},
		{[]key{"?"}, "?", "", "this", changes(State.help)},
		{[]key{"q", "Ctrl-C"}, "q", "", "quit; nothing is lost, a run can always be opened again", changes(func(s State) State { s.Quit = true; return s })},
	}
}

func undo(s State) (State, command) {
	if len(s.Undo) == 0 {
		s.Say = "there is nothing to undo"
		return s, nil
	}
	to := s.Undo[len(s.Undo)-1]
	s.Undo = s.Undo[:len(s.Undo)-1]
	if to.switches {
		s.What.switched = to.switched
		s.Say = "what if: " + s.What.told(s)
		return s, nil
	}
	return s, back{seek{to.at}}
}

// nextCPU shows each processor in turn, then follows the one that is about to run.
func nextCPU(s State) State {
	if s.Ask.CPU++; s.Ask.CPU >= s.Run.CPUs {
		s.Ask.CPU = follow
	}
	return s
}

// mostZoom shows a single instruction of runs of a billion.
const mostZoom = 30

func chooseFirst(s State) (State, command) {
	s.Say = "choose a register (3) or a word of memory (8) first"
	return s, nil
}
