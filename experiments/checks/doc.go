// Package checks verifies the tool by itself: that nothing depends on snapshots,
// workers or early ends, and that what rows claim was done.
package checks
