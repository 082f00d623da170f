package sim

import "slices"

// Event is something that happens at a time. It is plain data, so that a queue
// can be copied and hashed; the owner defines what Kind, A and B mean.
type Event struct {
	Time Time
	Seq  uint64 // order of insertion, breaks ties
	Kind uint16
	A    uint32
	B    uint64
}

// Queue holds events in order of (Time, Seq). The zero Queue is empty and ready.
//
// It is a sorted slice, latest first, because a machine has a few dozen events
// pending at most: the order is then the same however the queue came about,
// which a heap does not promise, and taking the next one is a reslice.
type Queue struct {
	events []Event
	seq    uint64
}

// Add inserts an event.
func (q *Queue) Add(t Time, kind uint16, a uint32, b uint64) {
	e := Event{Time: t, Seq: q.seq, Kind: kind, A: a, B: b}
	q.seq++
	i := len(q.events)
	for i > 0 && q.events[i-1].Time <= t { // among equal times a later insertion comes last, that is first in the slice
		i--
	}
	q.events = slices.Insert(q.events, i, e)
}

// Next is the time of the earliest event, Never when there is none.
func (q *Queue) Next() Time {
	if n := len(q.events); n > 0 {
		return q.events[n-1].Time
	}
	return Never
}

// Pop removes and returns the earliest event; ok is false when it is later
// than limit or there is none.
func (q *Queue) Pop(limit Time) (e Event, ok bool) {
	n := len(q.events)
	if n == 0 || q.events[n-1].Time > limit {
		return Event{}, false
	}
	e = q.events[n-1]
	q.events = q.events[:n-1]
	return e, true
}

// Remove drops all events of kind whose A is a and tells whether there were any.
func (q *Queue) Remove(kind uint16, a uint32) bool {
	n := len(q.events)
	q.events = slices.DeleteFunc(q.events, func(e Event) bool { return e.Kind == kind && e.A == a })
	return len(q.events) != n
}

// Len is the number of pending events.
func (q *Queue) Len() int { return len(q.events) }

// All returns the pending events, earliest first.
func (q *Queue) All() []Event {
	all := slices.Clone(q.events)
	slices.Reverse(all)
	return all
}

// Clone returns an independent copy, for snapshots.
func (q *Queue) Clone() Queue {
	return Queue{events: slices.Clone(q.events), seq: q.seq}
}

// CopyFrom makes q equal to o and reuses q's storage.
func (q *Queue) CopyFrom(o *Queue) {
	q.events = append(q.events[:0], o.events...)
	q.seq = o.seq
}

// Hash adds the pending events to h: what and when, in order. Sequence numbers
// are left out, because two queues that will behave the same may have had
// different numbers of insertions.
func (q *Queue) Hash(h *Hasher) {
	h.Uint64(uint64(len(q.events)))
	for _, e := range q.events {
		h.Uint64(uint64(e.Time))
		h.Uint64(uint64(e.Kind)<<32 | uint64(e.A))
		h.Uint64(e.B)
	}
}
