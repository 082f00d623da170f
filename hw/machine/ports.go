package machine

// Ports at which something answers.
const (
	portPIC1     = 0x20
	portPIT      = 0x40
	portControl  = 0x61
	portKeyboard = 0x60
	portCommand  = 0x64
	portRTC      = 0x70
	portPost     = 0x80
	portFast     = 0x92 // fast reset and A20
	portPIC2     = 0xa0
	portDebug    = 0xe9
	portExit     = 0xf4
	portCOM1     = 0x3f8
	portTrigger  = 0x4d0
	portPM       = 0x600
	portReset    = 0xcf9
)

// Out writes a port. Wider accesses reach consecutive ports, except the exit
// device, which takes its value whole.
func (m *Machine) Out(id int, port uint16, size int, v uint32) {
	switch {
	case port == portExit:
		m.end(Stop{Reason: Exit, CPU: id, Code: v<<1 | 1})
		return
	case port == portReset && size == 1: // wider ones are the PCI bridge's
		if v&4 != 0 {
			m.end(Stop{Reason: Reset, CPU: id, Detail: "port 0xcf9"})
		}
		return
	}
	if d, at := m.portDevice(port); d != nil {
		m.access(id)
		d.Out(at, size, v)
		m.awaitInterrupt(id)
		return
	}
	if port == portReset-1 && size == 4 {
		return // the address of PCI configuration space, which nobody decodes
	}
	for i := range size {
		m.outByte(id, port+uint16(i), uint8(v>>(8*i)))
	}
}

func (m *Machine) outByte(id int, port uint16, v uint8) {
	switch {
	case port == portPost, port == portPost190 && m.spec.ROM != nil:
		m.state.Post = v
		m.logPost(id, v)
	case port == portDebug:
		m.state.Debug = append(m.state.Debug, v)
	case port == portFast && v&1 != 0:
		m.end(Stop{Reason: Reset, CPU: id, Detail: "port 0x92"})
	}
}

// logPost tells the host of a POST code. If the host wants to see what follows,
// the engine returns after this instruction.
func (m *Machine) logPost(id int, v uint8) {
	c := m.cpus[id]
	was := m.hooks.entries != 0
	m.log(c, Post, uint32(v))
	if !was && m.hooks.entries != 0 && !c.EndTurn {
		c.EndTurn, m.hooks.yield = true, true
	}
}

// In reads a port. Where nothing answers, all bits are ones.
func (m *Machine) In(id int, port uint16, size int) (v uint32) {
	if d, at := m.portDevice(port); d != nil {
		m.access(id)
		return d.In(at, size)
	}
	for i := range size {
		v |= uint32(m.inByte(port+uint16(i))) << (8 * i)
	}
	return v
}

func (m *Machine) inByte(port uint16) uint8 {
	switch {
	case port == portPost, port == portPost190 && m.spec.ROM != nil:
		return m.state.Post
	case port == portDebug:
		return portDebug // by convention, so that software sees that the port exists
	case port == portFast:
		return 2 // address line 20 is on
	}
	return 0xff
}
