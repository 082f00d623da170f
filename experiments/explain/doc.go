// Package explain finds out why runs failed: it executes them again and lists what
// was inconsistent at the detection, what each step repaired, and what was left.
package explain
