// Package sim is the discrete-event core: integer time, the event queue, named
// random streams, state digests and the rules for snapshots. Nothing in it, or
// in what is built on it, reads a wall clock or depends on map order.
package sim

import "fmt"

// Time is a point in, or a span of, virtual time in picoseconds. An int64 of
// picoseconds reaches 106 days, far beyond any run.
type Time int64

// Units of Time.
const (
	Picosecond  Time = 1
	Nanosecond       = 1000 * Picosecond
	Microsecond      = 1000 * Nanosecond
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond

	// Never is later than every event.
	Never Time = 1<<63 - 1
)

// String formats t with the largest unit that keeps it at or above one.
func (t Time) String() string {
	switch a := max(t, -t); {
	case t == Never:
		return "never"
	case a >= Second:
		return fmt.Sprintf("%.6gs", float64(t)/float64(Second))
	case a >= Millisecond:
		return fmt.Sprintf("%.6gms", float64(t)/float64(Millisecond))
	case a >= Microsecond:
		return fmt.Sprintf("%.6gµs", float64(t)/float64(Microsecond))
	case a >= Nanosecond:
		return fmt.Sprintf("%.6gns", float64(t)/float64(Nanosecond))
	}
	return fmt.Sprintf("%dps", int64(t))
}
