package pci

// Direct memory access and messages of functions. Where there is an IOMMU each carries
// the function's requester ID through it.

// Remapper is an IOMMU between the functions and memory.
type Remapper interface {
	// Translate returns where a function's access to an address goes, and for how many
	// bytes that holds; ok is false if it is refused.
	Translate(requester uint16, addr uint64, write bool) (pa, n uint64, ok bool)
	// Interrupt is that for a message.
	Interrupt(requester uint16, addr uint64, data uint32) (uint64, uint32, bool)
}

// SetRemapper puts an IOMMU between the functions and memory.
func (b *Bus) SetRemapper(r Remapper) { b.remap = r }

// ID is a requester ID: bus 0, device and function.
func ID(device, function int) uint16 { return uint16(device<<3 | function) }

// ID is the function's requester ID.
func (c *Config) ID() uint16 { return c.id }

// master tells whether the function may be initiator on the bus.
func (c *Config) master() bool {
	return c.spec.Master || c.get16(regCommand)&cmdMaster != 0 && !c.asleep()
}

// ReadRAM is direct memory access. A function that may not be bus master reads ones;
// so does one whose access is refused, which is told.
func (c *Config) ReadRAM(pa uint64, b []byte) (ok bool) {
	if !c.master() {
		ones(b)
		return true
	}
	return c.move(pa, b, false)
}

// WriteRAM is direct memory access. Of a function that may not be bus master it is lost;
// so is one that is refused, which is told.
func (c *Config) WriteRAM(pa uint64, b []byte) (ok bool) {
	return !c.master() || c.move(pa, b, true)
}

// move carries an access out piece by piece, as far as the IOMMU has one answer for it.
func (c *Config) move(at uint64, b []byte, write bool) (ok bool) {
	for ok = true; len(b) > 0; {
		pa, n, allowed := at, uint64(len(b)), true
		if c.bus != nil && c.bus.remap != nil {
			pa, n, allowed = c.bus.remap.Translate(c.id, at, write)
		}
		piece := b[:min(n, uint64(len(b)))]
		switch {
		case !allowed:
			ok = false
			c.abort()
			if !write {
				ones(piece)
			}
		case write:
			c.host.WriteRAM(pa, piece)
		default:
			c.host.ReadRAM(pa, piece)
		}
		b, at = b[len(piece):], at+uint64(len(piece))
	}
	return ok
}

// message sends a message-signalled interrupt.
func (c *Config) message(addr uint64, data uint32) {
	if c.bus != nil && c.bus.remap != nil {
		var ok bool
		if addr, data, ok = c.bus.remap.Interrupt(c.id, addr, data); !ok {
			c.abort()
			return
		}
	}
	c.host.Message(addr, data)
}

func ones(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}
