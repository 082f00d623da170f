// Package pvio is paravirtual I/O as Xen's public headers have it: rings, the block
// and network protocols on them, XenStore's wire and the states of a device. Both
// ends use it, and so does whoever looks at them from outside. It runs without a Go
// runtime.
package pvio
