package campaign

import (
	"sync"
	"time"

	"resvirt/experiments"
	"resvirt/faults"
)

// Teller is told of the progress of long work. Its functions may be nil.
type Teller struct {
	Say  func(what string) // another part of the work begins
	Tell func(Progress)    // progress of the part
}

// Begin says that a part of the work begins, in units of which some are done already;
// total is 0 if it is unknown.
func (t Teller) Begin(what, unit string, done, total int) *Meter {
	if what != "" && t.Say != nil {
		t.Say(what)
	}
	m := &Meter{tell: t.Tell, begin: time.Now(), p: Progress{Unit: unit, Done: done, Total: total}}
	if total > 0 {
		m.report()
	}
	return m
}

// Meter counts the progress of a part of the work. Any goroutine may use it.
type Meter struct {
	mu    sync.Mutex
	tell  func(Progress)
	begin time.Time
	p     Progress
}

// Add counts what was done.
func (m *Meter) Add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(m.p.Done+n, m.p.Total)
}

// Set is for callers that keep the count themselves.
func (m *Meter) Set(done, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if done != m.p.Done || total != m.p.Total {
		m.set(done, total)
	}
}

func (m *Meter) set(done, total int) {
	m.p.Session += done - m.p.Done
	m.p.Done, m.p.Total, m.p.Elapsed = done, total, time.Since(m.begin)
	m.report()
}

func (m *Meter) report() {
	if m.tell != nil {
		m.tell(m.p)
	}
}

// The unit of progress of executions.
const (
	Millions   = "million instructions"
	oneMillion = 1_000_000
)

// Follow reports what a machine executes from now on, until it is called with nil.
// executed returns the work that is done, and the total, 0 if unknown.
func (m *Meter) Follow(machine faults.Machine, executed func() (done, total uint64)) {
	pulsed, ok := machine.(experiments.Pulsed)
	switch {
	case !ok:
	case executed == nil:
		pulsed.Pulse(nil)
	default:
		pulsed.Pulse(func() {
			done, total := executed()
			m.Set(int(done/oneMillion), int((total+oneMillion-1)/oneMillion))
		})
	}
}
