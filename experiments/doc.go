// Package experiments holds the types that all packages below it share: an
// experiment file, a system that can be booted, settings and their policy
// words, and the row of a run. It reads files, and does nothing with a machine.
//
// The packages; each imports only those to the left of it:
//
//	stats, experiments < testbed < store < campaign < overhead < retrace < explain < report < checks
//
// Rows depend on the campaign alone: not on the host, the number of workers, or
// how often the campaign was interrupted.
package experiments
