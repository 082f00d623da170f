//go:build !image

package main

// native: this is a unit test, which runs on the host, where nothing that only a
// VMM may do is done. The builder of images sets the tag: an image has none of the
// branches that ask for native, nor what they use.
const native = true
