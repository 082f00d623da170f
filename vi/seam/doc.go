// Package seam is what the code inside the machine and the host that watches it must
// agree on: the words of the console, the numbers that the hypervisor posts, the
// kinds of detections, and what the builder of images and the code in them both know.
// The side that writes a word or number and the side that looks for it use the same
// constant. It imports nothing, so that images may use it.
package seam
