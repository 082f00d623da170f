//go:build image

package driver

import (
	"sync/atomic"
	"unsafe"
)

// Registers is a device's memory space, mapped uncached from Base on. The atomic accesses
// are one instruction each, which the compiler neither repeats nor leaves out.
type Registers struct{ base unsafe.Pointer }

// At are the registers that are mapped at an address.
func At(base unsafe.Pointer) Registers { return Registers{base} }

func (r *Registers) read(off uint32) uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Add(r.base, off)))
}

func (r *Registers) write(off, v uint32) {
	*(*uint32)(unsafe.Add(r.base, off)) = v
}
