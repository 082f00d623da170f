package driver

import "unsafe"

// Page is a page of memory that a device can reach.
type Page struct {
	At      unsafe.Pointer // where the kernel has it
	Machine uint64         // where the device has it
}

// Kernel is what a driver needs of the kernel that it is in.
type Kernel struct {
	Page func() (Page, bool) // of zeros, never given back
	Now  func() uint64       // ns
	Wait func()              // lets a short time pass
}

// pageSize is what Page gives.
const pageSize = 4096

// until waits until a register has a value under a mask, for a time in nanoseconds.
func (k *Kernel) until(r *Registers, off, mask, value uint32, patience uint64) bool {
	for end := k.Now() + patience; r.read(off)&mask != value; k.Wait() {
		if k.Now() > end {
			return false
		}
	}
	return true
}
