// Command tiny is the smallest image with one of everything that the builder
// handles: an interface call, a check of bounds, a call into assembly.
package main

import "resvirt/vi/bare"

type adder interface{ add(int) int }

type one struct{ n int }

func (o *one) add(i int) int { return o.n + i + table[i] }

var (
	unit   = one{1}
	adders = [2]adder{&unit, &unit}
	table  [8]int
	result int
)

func spin()

//go:noinline
func start(i int) {
	spin()
	result = adders[i&1].add(i)
	spin()
	table[i&7] = int(bare.Image.VirtBase)
}

func main() {}
