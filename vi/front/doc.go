// Package front is the front ends of paravirtual devices, apart from any kernel: blocks
// (Block) and network (Net). Their pages are granted once and used again and again, so
// that a back end may keep them mapped. A back end is trusted with the data, not with the
// ring: a response to nothing ends the use of the device with a reason.
package front
