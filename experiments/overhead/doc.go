// Package overhead measures what the mechanisms of recovery cost in runs without
// faults.
package overhead
