// Package faults defines faults: their kinds, when and where they strike, how
// they are injected, how the run after them is watched, and how its outcome is
// named. Random numbers choose the fault and nothing else; every outcome is
// read off an execution.
package faults
