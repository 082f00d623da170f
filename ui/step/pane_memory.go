package step

import "context"

// memory is not built yet.
func memory() *pane {
	return facts(pane{name: "Memory", key: "8", slot: leftSlot, about: "bytes and structures"},
		func(context.Context, *desk) string { return "This pane is not built yet." }, func(b box, _ *State, now, _ string) { missing(b, now) })
}
