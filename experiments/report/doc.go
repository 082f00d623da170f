// Package report counts what databases hold, and lists what the program has:
// experiments, keys, steps. It executes nothing.
package report
