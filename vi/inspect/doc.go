// Package inspect reads the Go values of a running image from outside, by the
// types that the image's own debug information describes. It only looks: nothing
// in it can change a machine.
package inspect
