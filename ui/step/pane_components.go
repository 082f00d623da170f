package step

import "context"

// components is not built yet.
func components() *pane {
	return facts(pane{name: "Components", key: "5", slot: lowRight, about: "hypervisor and VMs: what each does, what it printed, whether it is right so far"},
		func(context.Context, *desk) string { return "This pane is not built yet." }, func(b box, _ *State, now, _ string) { missing(b, now) })
}
