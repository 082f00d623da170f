// Package faults says what a fault is: its kinds, when and where it strikes,
// how it is put into a machine, how the run that follows is watched, and what
// the outcome is called. Random numbers choose the fault and nothing else;
// every outcome is read off an execution.
package faults
