package step

import (
	"context"
	"fmt"

	"resvirt/experiments/testbed"
)

// stack shows what each processor is doing: the functions that have not returned yet.
func stack() *pane {
	return facts(pane{name: "Stack", key: "7", slot: rightSlot, about: "which functions each processor is in, innermost first"}, gatherStack, drawStack)
}

// chains are the functions under way, by processor.
type chains struct {
	shown int
	cpus  []chainOf
}

type chainOf struct {
	doing  string
	frames []testbed.StackFrame
}

func gatherStack(_ context.Context, d *desk) *chains {
	c := &chains{shown: d.cpu}
	for i := range d.of.CPUs {
		c.cpus = append(c.cpus, chainOf{doingText(d.rec.Guests.Doing(d.machine(), i)), d.chain(i)})
	}
	return c
}

func drawStack(b box, _ *State, now, _ *chains) {
	y := 0
	for n := range now.cpus {
		i := (now.shown + n) % len(now.cpus)
		b.fit(0, y, b.w, fmt.Sprintf("CPU%d  %s", i, now.cpus[i].doing), style{bold: true})
		y++
		for _, f := range now.cpus[i].frames {
			text := function(f.Place)
			if f.Place.File != "" {
				text += fmt.Sprintf("  %s:%d", base(f.Place.File), f.Place.Line)
			}
			b.fit(2, y, b.w-2, text, style{})
			y++
		}
	}
}
