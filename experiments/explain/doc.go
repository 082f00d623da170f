// Package explain finds out why runs failed: it walks through them and looks at
// what was inconsistent at the detection, what each step repaired, and what was left.
package explain
