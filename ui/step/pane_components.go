package step

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
)

// components shows what the hypervisor and the VMs do, and what they have printed.
func components() *pane {
	p := facts(pane{name: "Components", key: "5", slot: lowRight, about: "hypervisor and VMs: what each does, what it printed, whether that is right so far; Enter shows all that one printed"}, gatherComponents, drawComponents)
	p.press = pressComponents
	return p
}

// parts are the components where the machine stands.
type parts struct {
	list  []recording.Component
	doing []testbed.Doing // of the processors
	phase string          // of the hypervisor
}

func gatherComponents(_ context.Context, d *desk) *parts {
	p := &parts{list: d.rec.Components(d.rec.Run), phase: "runs"}
	for i := range d.of.CPUs {
		p.doing = append(p.doing, d.rec.Guests.Doing(d.machine(), i))
	}
	for _, e := range d.of.Events {
		if e.Position > d.rec.Run.Position() {
			break
		}
		switch e.Kind {
		case recording.Fault:
			p.phase = "faulty"
		case recording.Detection:
			p.phase = "recovers"
		case recording.Step:
			p.phase = fmt.Sprintf("recovers, step %d of %d", e.Number, d.of.stepsIn(e.Detection))
		case recording.Complete:
			p.phase = "has recovered"
		}
	}
	return p
}

func pressComponents(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[componentsPane].(*parts)
	if !ok {
		return s, nil, false
	}
	r := &s.Rows[componentsPane]
	if *r, ok = r.press(k, len(now.list)); ok {
		return s, nil, true
	}
	if k == "Enter" && len(now.list) > 0 {
		c := now.list[min(r.cursor, len(now.list)-1)]
		s.Page = page{open: true, title: "What " + c.Name + " has printed", lines: c.Lines, top: len(c.Lines)}
		return s, nil, true
	}
	return s, nil, false
}

// state says what a component does.
func (p *parts) state(c *recording.Component) string {
	if c.Name == "VMM" {
		return p.phase
	}
	var list []string
	for _, v := range c.VCPUs {
		text := v.State.String()
		if v.CPU >= 0 && v.CPU < len(p.doing) {
			text = fmt.Sprintf("CPU%d %s", v.CPU, map[testbed.DoingKind]string{testbed.InUser: "program", testbed.InGuest: "kernel", testbed.InNMI: "in VMM (NMI)", testbed.InVMM: "in VMM", testbed.Idle: "idle", testbed.Off: "off"}[p.doing[v.CPU].Kind])
		}
		if v.Call != "" {
			text += " " + v.Call
		}
		if v.Parts > 0 {
			text += fmt.Sprintf(" %d/%d %s", v.Part+1, v.Parts, v.PartCall)
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return "gone"
	}
	return strings.Join(list, "; ")
}

// rightness is whether a component is right so far, as glyph, word and style.
func rightness(c *recording.Component) (string, style) {
	v := &c.Verdict
	_, failed := v.Probe.Failed()
	switch {
	case c.Name == "VMM":
		return "", style{}
	case v.Wrong:
		return "✗ wrong", style{color: bad, bold: true}
	case failed:
		return "✗ probe", style{color: bad, bold: true}
	case v.Right && v.Complete:
		return "✓ done", style{color: good}
	}
	return fmt.Sprintf("✓ %d/%d", len(c.Lines), c.Wanted), style{color: good}
}

func drawComponents(b box, s *State, now, _ *parts) {
	r := s.Rows[componentsPane]
	room := b.w/2 - 2
	if b.w < 60 {
		room = b.w - 16
	}
	for y := 0; y < b.h && y < len(now.list); y++ {
		c := &now.list[y]
		b.fit(0, y, 4, c.Name, style{bold: true})
		mark, st := rightness(c)
		b.fit(5, y, 8, mark, st)
		b.fit(14, y, room, now.state(c), style{})
		if b.w >= 60 && len(c.Lines) > 0 {
			b.fit(16+room, y, b.w-16-room, "“"+c.Lines[len(c.Lines)-1]+"”", style{dim: true})
		}
		if s.Focus == componentsPane && y == min(r.cursor, len(now.list)-1) {
			b.reverse(y)
		}
	}
}
