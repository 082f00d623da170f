// Package campaign turns an experiment and a system into rows: it takes the golden
// run, forks its snapshots for every fault on all cores, and lets the store keep
// what happened. It knows a system only by the interface, so that a toy does as well.
package campaign
