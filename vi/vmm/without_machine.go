//go:build !image

package main

// native says that this is a unit test, which runs on the host and must not use
// what only a VMM may use. The builder of images sets the build tag: so an image
// contains neither the branches for native nor what they use.
const native = true
