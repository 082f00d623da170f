package step

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
)

// stop is where going on ends: before code is executed, or before memory is written.
type stop struct {
	name  string // as it was given
	pcs   []uint64
	watch bool
	pa, n uint64
}

// setStop adds a stop, or takes away the one of that name.
type setStop struct{ name string }

func (c setStop) busy() string { return "looking for " + c.name }

func (c setStop) do(_ context.Context, d *desk) (string, error) {
	s := stop{name: c.name}
	if text, ok := strings.CutPrefix(c.name, "watch "); ok {
		ask, err := parseAddress(text)
		if err != nil {
			return "", err
		}
		at := ask.Address
		if !ask.Absolute {
			at = d.machine().Register(d.cpu, ask.Register)
		}
		if s.pa, ok = d.machine().Translate(d.cpu, at); !ok {
			return "", fmt.Errorf("%#x is not mapped on CPU%d", at, d.cpu)
		}
		s.watch, s.n, s.name = true, 8, fmt.Sprintf("watch %#x", at)
	} else {
		var err error
		if s.pcs, err = d.rec.Addresses(c.name); err != nil {
			return "", err
		}
	}
	d.emit(learned{d.of.Row, func(st State) State { return st.toggleStop(s) }})
	return "", nil
}

func (s State) toggleStop(x stop) State {
	var list []stop
	for _, o := range s.Stops {
		if o.name != x.name {
			list = append(list, o)
		}
	}
	s.Say = "no stop at " + x.name + " any more"
	if len(list) == len(s.Stops) {
		list = append(list, x)
		s.Say = "stop at " + x.name + ": > and < go on to it"
	}
	s.Stops = list
	return s
}

// stopHere adds a stop at the line that source shows.
func stopHere(s State) (State, command) {
	l, ok := s.Now.Facts[sourcePane].(*listing)
	f := frame{Place: s.Now.Place}
	if ok {
		f = l.at()
	}
	if f.File == "" {
		s.Say = "here is no line at which to stop"
		return s, nil
	}
	name := fmt.Sprintf("%s:%d", base(f.File), f.Line)
	if image, _, ok := strings.Cut(f.Function, ":"); ok && f.Domain != "" {
		name = image + "!" + name
	}
	return s, setStop{name}
}

// goOn goes to the next stop, or to the previous one; without stops to where the last search
// leads.
func goOn(n int) func(State) (State, command) {
	return func(s State) (State, command) {
		switch {
		case len(s.Stops) > 0:
			return s, toStop{s.Stops, n}
		case s.Sought != "":
			return s, search{s.Sought, n}
		}
		s.Say = "there is no stop: b makes one at this line, :break main.f at a function, :watch ADDRESS at memory"
		return s, nil
	}
}

// toStop goes on to the nearest of some stops.
type toStop struct {
	list []stop
	n    int
}

func (c toStop) busy() string { return "going on to a stop" }

func (c toStop) do(ctx context.Context, d *desk) (string, error) {
	here := d.rec.Run.Position()
	at, name, found := recording.Position(0), "", false
	nearer := func(p recording.Position, of string) {
		if !found || c.n > 0 && p < at || c.n < 0 && p > at {
			at, name, found = p, of, true
		}
	}
	for _, s := range c.list {
		p, ok, err := d.nearest(ctx, s, c.n)
		if err = errors.Join(err, d.rec.Run.Seek(context.WithoutCancel(ctx), here)); err != nil {
			return "", err
		}
		if ok {
			nearer(p, s.name)
		}
	}
	if !found {
		return "no stop is reached " + map[bool]string{true: "up to the end", false: "back to the start"}[c.n > 0], nil
	}
	return "stopped at " + name, d.rec.Run.Seek(ctx, at)
}

// nearest is where a stop is reached next. The machine is somewhere afterwards.
func (d *desk) nearest(ctx context.Context, s stop, n int) (at recording.Position, found bool, err error) {
	t := d.rec.Run
	switch {
	case !s.watch && n > 0:
		found, err = t.FindPC(ctx, s.pcs)
		return t.Position(), found, err
	case !s.watch:
		found, err = t.PreviousPC(ctx, s.pcs)
		return t.Position(), found, err
	}
	var o recording.Origin
	if n < 0 {
		o, found, err = d.rec.WhoWrote(ctx, s.pa, s.n)
		return max(o.Position, d.of.Start), found, err
	}
	if t.Position() == t.End() {
		return 0, false, nil
	}
	if err = t.Seek(ctx, t.Position()+1); err == nil { // the store that is about to be executed is known
		o, found, err = d.rec.WhoWrites(ctx, s.pa, s.n)
	}
	return o.Position, found, err
}
