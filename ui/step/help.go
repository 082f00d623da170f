package step

import "fmt"

// drawHelp lists keys and panes.
func drawHelp(b box, s *State) {
	b = b.sub(0, 0, b.w, b.h-s.footRows())
	in := b.frame("Keys (any key goes back)", true)
	y := 0
	say := func(left, right string) {
		lines := wrap(right, in.w-12)
		in.text(1, y, left, style{bold: true})
		for _, l := range lines {
			in.text(11, y, l, style{})
			y++
		}
	}
	for _, k := range bindings() {
		if k.about != "" {
			say(k.shown, k.about)
		}
	}
	text := ""
	for _, p := range thePanes {
		text += fmt.Sprintf("%s %s  ", p.key, p.name)
	}
	say("panes", text)
}
