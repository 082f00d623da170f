// Package campaign turns an experiment and a system into rows: it takes the golden
// run, forks its snapshots for every fault on all cores, and lets the store keep the
// results. It knows a system only by its interface, so that a toy can stand for it.
package campaign
