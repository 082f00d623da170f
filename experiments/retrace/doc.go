// Package retrace shows stored runs: executed again by package recording, compared
// with their rows, traced, or as their rows are.
package retrace
