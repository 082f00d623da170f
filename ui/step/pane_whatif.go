package step

import "context"

// whatif is not built yet.
func whatif() *pane {
	return facts(pane{name: "What if", key: "6", slot: lowRight, about: "the run with other recovery steps"},
		func(context.Context, *desk) string { return "This pane is not built yet." }, func(b box, _ *State, now, _ string) { missing(b, now) })
}
