// Command nested is an image in which calls are expanded inline within others.
package main

import "resvirt/vi/bare"

// check is what the tests look for.
func check()

func one() {
	check() // in one
}

func two() {
	bare.Image.VirtBase++
	one() // in two
}

func three() {
	bare.Image.VirtBase--
	two() // in three
}

//go:noinline
func start() {
	check() // in start, nothing
	one()   // in start, one
	two()   // in start, two
	three() // in start, three
}

func main() {}
