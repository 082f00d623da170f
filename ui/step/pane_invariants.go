package step

import "context"

// invariants is not built yet.
func invariants() *pane {
	return facts(pane{name: "Invariants", key: "4", slot: lowLeft, about: "those that are broken now"},
		func(context.Context, *desk) string { return "This pane is not built yet." }, func(b box, _ *State, now, _ string) { missing(b, now) })
}
