package sim

import (
	"slices"
	"testing"
)

// TestQueueOrder compares with sorting by (time, order of insertion).
func TestQueueOrder(t *testing.T) {
	r := Stream(1, "queue")
	var q Queue
	var want []Event
	for i := range 500 {
		at := Time(r.IntN(40))
		q.Add(at, 1, uint32(i), 0)
		want = append(want, Event{Time: at, Seq: uint64(i), Kind: 1, A: uint32(i)})
	}
	slices.SortStableFunc(want, func(a, b Event) int { return int(a.Time - b.Time) })
	if got := q.All(); !slices.Equal(got, want) {
		t.Fatalf("order of events is wrong: %v", got)
	}
	for i := 0; ; i++ {
		e, ok := q.Pop(30)
		if !ok {
			if q.Next() <= 30 {
				t.Fatalf("event at %v left behind", q.Next())
			}
			break
		}
		if e != want[i] {
			t.Fatalf("event %d is %v, want %v", i, e, want[i])
		}
	}
}

func TestQueueRemoveAndCopies(t *testing.T) {
	var q Queue
	for i := range 6 {
		q.Add(Time(10-i), uint16(i%2), 7, uint64(i))
	}
	c := q.Clone()
	if !q.Remove(1, 7) || q.Remove(1, 7) || q.Len() != 3 || c.Len() != 6 {
		t.Fatalf("after Remove: %v and %v", q.All(), c.All())
	}
	var a, b Hasher
	q.CopyFrom(&c)
	q.Hash(&a)
	c.Hash(&b)
	if a.Sum() != b.Sum() {
		t.Error("copies have different digests")
	}
	q.Add(1, 0, 0, 0)
	if c.Next() == 1 || q.Next() != 1 {
		t.Error("copies are not independent")
	}
	if (&Queue{}).Next() != Never {
		t.Error("an empty queue has an event")
	}
}
