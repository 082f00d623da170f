// Package stats computes the intervals and tests that reports show. It knows
// nothing of experiments.
package stats
