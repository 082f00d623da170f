package abi

// ConsoleRing is the page that a guest shares with the domain that serves its
// console (io/console.h, xencons_interface): In goes to the guest, Out comes
// from it. Indices run freely; a byte lies at its index modulo the ring's size.
type ConsoleRing struct {
	In               [1024]byte
	Out              [2048]byte
	InCons, InProd   uint32
	OutCons, OutProd uint32
}
