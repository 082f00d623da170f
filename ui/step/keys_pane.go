package step

// paneKeys are the keys of one pane alone: they stand in its lower border while it has the
// focus, and in help. What they do is the pane's press. No letter among them means something
// else in another pane or everywhere; what Enter and Space do, the border says.
func paneKeys(id paneID) []binding {
	own := func(k key, hint, about string) binding {
		shown := string(k)
		if k == " " {
			shown = "Space"
		}
		return binding{[]key{k}, shown, hint, about, nil}
	}
	wrote := own("w", "who wrote", "to what wrote the value under the cursor")
	reads := own("W", "who reads", "to what reads it next")
	switch id {
	case timelinePane:
		return []binding{{[]key{"Left", "Right"}, "Left Right", "move", "back or on by a little of what the timeline shows", nil}}
	case sourcePane:
		return []binding{wrote, reads}
	case registersPane:
		return []binding{wrote, reads, own("Enter", "memory", "memory where the register points")}
	case invariantsPane:
		return []binding{own("Enter", "where it broke", "to where the invariant broke"), own("H", "where it held again", "to where it held again")}
	case componentsPane:
		return []binding{own("Enter", "all it printed", "all that the component printed")}
	case whatifPane:
		return whatifKeys()
	case stackPane:
		return []binding{own("Enter", "source there", "source and variables of that frame")}
	case memoryPane:
		return []binding{own("a", "address", "memory at an address, or where a register points"), own("t", "words or bytes", "words or bytes"), wrote, reads, own("Enter", "follow", "memory where the word points")}
	case tlbPane:
		return []binding{own("Enter", "memory", "memory at the entry's address")}
	case structuresPane:
		return []binding{own("Enter", "open or memory", "open or close a structure or what a pointer points to; of a plain value, memory there"), wrote, reads}
	case pagesPane:
		return []binding{own("Enter", "memory", "memory at the first word that differs")}
	case whyPane:
		return []binding{own("Enter", "go there", "to the place of the line")}
	}
	return nil
}

// whatifKeys are those of the what-if pane.
func whatifKeys() []binding {
	return []binding{
		{[]key{" "}, "Space", "switch", "switch the step under the cursor off or on: a draft, which nothing has executed yet", nil},
		{[]key{"Enter"}, "Enter", "run", "execute the run so, from the same fault", nil},
		{[]key{"/"}, "/", "find", "the cursor to the step whose name begins so, or has that in it", nil},
		{[]key{"o"}, "o", "A or B", "step through the other run, B, and back to the stored one, A, at the same position", nil},
		{[]key{"A"}, "A", "all faults", "execute all faults of this type so, and count", nil},
		{[]key{"Esc"}, "Esc", "", "forget what is switched and has not been executed", nil},
		{[]key{"Left", "Right"}, "Left Right", "", "the cursor to the step before or behind", nil},
	}
}

// cursorKeys move the cursor of the pane that has the focus.
func cursorKeys() []binding {
	return []binding{{[]key{"Up", "Down", "k", "j", "PgUp", "PgDn", "Home", "End"}, "Up Down", "", "the cursor in the pane that has the focus; also k j, PgUp PgDn, Home End", nil}}
}

// lessonKeys are those that mean something while a lesson is held; see attend.
func lessonKeys() []binding {
	return []binding{
		{[]key{"T"}, "T", "", "the lesson's text again", nil},
		{[]key{"="}, "=", "", "answer its question", nil},
		{[]key{"+", "-"}, "+ -", "", "to the lesson's next stop, or the one before", nil},
	}
}

// lessonPageKeys mean something on a lesson's text alone; see attendPage.
func lessonPageKeys() []binding {
	return []binding{
		{[]key{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, "1 to 9", "", "on its text: to what there is to look at", nil},
	}
}
