package faults

import "errors"

// later are the faults of a run that have not struck yet. Each is counted from
// its own time on, in the run as the faults before it left it.
type later struct {
	plans []Plan
	armed bool   // the first one's time has come
	at    uint64 // then: it strikes once so many instructions of the target have retired
	done  []Struck
}

// bound keeps a run from passing the next strike.
func (l *later) bound(m Machine, u *Until) {
	if len(l.plans) == 0 {
		return
	}
	if p := &l.plans[0]; !l.armed && m.Now() >= p.Time {
		l.armed, l.at = true, m.Scoped()+p.N
	}
	if l.armed {
		u.Scoped = 1
		if at := m.Scoped(); at < l.at {
			u.Scoped = l.at - at + 1
		}
		return
	}
	u.Time = min(u.Time, l.plans[0].Time)
}

// strike applies the next fault if its time has come, and tells whether that
// fault is done with. A software fault waits for an instruction that it can
// change; a fault that finds nothing to strike is over.
func (l *later) strike(m Machine, t *Target) bool {
	if len(l.plans) == 0 || !l.armed || m.Scoped() < l.at || !m.InScope(m.Next()) {
		return false
	}
	p := l.plans[0]
	if m.Scoped() < l.at+searchLimit && !strikes(m, t, p) {
		l.at++
		return false
	}
	l.plans, l.armed = l.plans[1:], false
	d := Struck{Plan: p}
	switch s, err := Inject(m, t, p); {
	case err == nil:
		d.Strike = &s
	case !errors.Is(err, ErrNothing):
		panic(err.Error())
	}
	l.done = append(l.done, d)
	return true
}

// all lists the result of each fault; those that are left have not struck.
func (l *later) all() []Struck {
	for _, p := range l.plans {
		l.done = append(l.done, Struck{Plan: p})
	}
	l.plans = nil
	return l.done
}
