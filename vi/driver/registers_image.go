//go:build image

package driver

import (
	"sync/atomic"
	"unsafe"
)

// Registers is a device's memory space, mapped uncached from Base on. The atomic accesses
// are one instruction each, which the compiler neither repeats nor leaves out.
type Registers struct{ Base unsafe.Pointer }

func (r *Registers) read(off uint32) uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Add(r.Base, off)))
}

func (r *Registers) write(off, v uint32) {
	*(*uint32)(unsafe.Add(r.Base, off)) = v
}
