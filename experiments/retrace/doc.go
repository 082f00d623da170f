// Package retrace executes stored runs again, from the database alone: it compares
// them with their rows, traces them, and walks through them (Walk); and it shows
// what a row says.
package retrace
