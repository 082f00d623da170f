// Package main is the hypervisor: a freestanding image that runs 64-bit
// paravirtual guests through Xen's public interface (package abi).
//
// No Go runtime is behind it: no allocation, no maps, channels, goroutines or
// defer, and package variables hold only what the linker can lay down.
//
// What lives where decides what a microreboot keeps (see roots.go). Domains,
// vCPUs, event channels, the frame table and the machine-to-physical table lie
// in heap pages and survive. Static data holds locks, the heads of lists and
// of the heap, and each CPU's block holds its run queue, timers, soft
// interrupts and the name of the vCPU that it runs.
package main
