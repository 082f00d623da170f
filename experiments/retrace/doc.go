// Package retrace executes stored runs again, from the database alone: it compares
// them with their rows, traces them, stops at any position (Walk), and prints
// rows.
package retrace
