// Package checks verifies the tool by itself: that nothing depends on snapshots,
// workers or early ends, and that the faults in rows were really applied.
package checks
