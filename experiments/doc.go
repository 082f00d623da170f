// Package experiments turns an experiment file into rows: it boots the system
// once, takes the golden run, forks its snapshots for every fault, writes what
// happened to a database, and counts. Rows depend on the campaign alone: not on
// the host, the number of workers, or how often the campaign was interrupted.
package experiments
