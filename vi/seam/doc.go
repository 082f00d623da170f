// Package seam is what the code inside the machine and the host that watches it
// must agree on: the words of the console, and the numbers of ports and detections.
// Who says one and who looks for it name the same constant. It imports nothing, so
// that images may use it.
package seam
