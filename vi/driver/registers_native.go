//go:build !image

package driver

// Registers is a device's memory space; in unit tests, which run on the host, that of a
// device without a machine.
type Registers struct {
	Device interface {
		Read(off uint64, size int) uint64
		Write(off uint64, size int, v uint64)
	}
}

func (r *Registers) read(off uint32) uint32 { return uint32(r.Device.Read(uint64(off), 4)) }

func (r *Registers) write(off, v uint32) { r.Device.Write(uint64(off), 4, uint64(v)) }
