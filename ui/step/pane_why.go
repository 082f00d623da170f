package step

import "context"

// why is not built yet.
func why() *pane {
	return facts(pane{name: "Why", key: "9", slot: lowLeft, about: "the chain of causes"},
		func(context.Context, *desk) string { return "This pane is not built yet." }, func(b box, _ *State, now, _ string) { missing(b, now) })
}
