package machine

import (
	"resvirt/hw/apic"
	"resvirt/hw/bus"
	"resvirt/hw/dev"
	"resvirt/hw/disk"
	"resvirt/hw/wire"
)

// chipset holds the devices to which the machine itself needs access.
type chipset struct {
	pic    *dev.PIC
	ioapic *apic.IOAPIC
	pit    *dev.PIT
	uart   *dev.UART
	vga    *dev.VGA

	disks   []*disk.Disk
	loads   []wire.Counting // modelled hosts that count
	network network         // nil if there is none
}

// slotCOM1 is the slot of the serial port: the first, since its ports are looked for most often.
const slotCOM1 = 0

const ioapicBase = 0xfec00000

// attachDevices puts into the machine what belongs to every machine. The order
// is that of the states in a snapshot.
func (m *Machine) attachDevices() {
	d := &m.devices
	m.attach(lineCOM1, func(h bus.Host) bus.Device {
		d.uart = dev.NewUART(h)
		m.attachPorts(portCOM1, 8, byteWide{d.uart, 8})
		return d.uart
	})
	m.attach(noLine, func(bus.Host) bus.Device {
		d.pic = dev.NewPIC(m.external)
		return d.pic
	})
	m.attach(noLine, func(bus.Host) bus.Device {
		d.ioapic = apic.NewIOAPIC(pciPins, m.fromIOAPIC)
		return d.ioapic
	})
	m.attach(lineTimer, func(h bus.Host) bus.Device {
		d.pit = dev.NewPIT(h)
		return d.pit
	})
	m.attach(lineRTC, func(h bus.Host) bus.Device {
		low := min(m.spec.MemBytes, pciMemory)
		rtc := dev.NewRTC(h, low, m.spec.MemBytes-low)
		m.attachPorts(portRTC, 2, byteWide{rtc, 2})
		return rtc
	})
	m.attach(lineSCI, func(h bus.Host) bus.Device {
		pm := dev.NewPM(h, m.powerOff)
		m.attachPorts(portPM, dev.PMPorts, pm)
		return pm
	})
	m.attach(lineKeyboard, func(h bus.Host) bus.Device {
		k := dev.NewKeyboard(h, m.keyboardReset)
		m.attachPorts(portKeyboard, 1, byteWide{dev.KeyboardPort{Keyboard: k}, 1})
		m.attachPorts(portCommand, 1, byteWide{dev.KeyboardPort{Keyboard: k, Control: true}, 1})
		return k
	})
	m.attach(noLine, func(h bus.Host) bus.Device {
		d.vga = dev.NewVGA(h)
		for _, r := range [...]struct {
			first uint16
			n     int
		}{{dev.VGAMono, 2}, {dev.VGAMonoStatus, 1}, {dev.VGABase, dev.VGABasePorts}, {dev.VGAColour, 2}, {dev.VGAStatus, 1}} {
			m.attachPorts(r.first, r.n, byteWide{dev.VGAPorts{VGA: d.vga, First: r.first}, uint16(r.n)})
		}
		return d.vga
	})
	m.attachPorts(portPIT, 4, byteWide{d.pit, 4})
	m.attachPorts(portControl, 1, byteWide{dev.ControlPort{PIT: d.pit}, 1})
	for i, port := range [...]uint16{portPIC1, portPIC2} {
		m.attachPorts(port, 2, byteWide{heeding{m, dev.PICPorts{PIC: d.pic, Chip: i}}, 2})
	}
	m.attachPorts(portTrigger, 2, byteWide{dev.TriggerPorts{PIC: d.pic}, 2})
	m.attachMemory(ioapicBase, 0x1000, heedingMemory{m, d.ioapic})
	m.attachPCI()
	m.attachQEMU()
	m.attachROM()
}

func (m *Machine) powerOff() { m.end(Stop{Reason: PowerOff, CPU: m.devices.user}) }

func (m *Machine) keyboardReset() {
	m.end(Stop{Reason: Reset, CPU: m.devices.user, Detail: "keyboard controller"})
}

// bytePorts is a device on the ISA bus with registers of one byte.
type bytePorts interface {
	In(port uint16) uint8
	Out(port uint16, v uint8)
}

// byteWide lets wider accesses reach n consecutive registers of one byte.
type byteWide struct {
	bytePorts
	n uint16
}

// In implements bus.Ports.
func (b byteWide) In(port uint16, size int) (v uint32) {
	for i := range uint16(size) {
		r := uint32(0xff)
		if port+i < b.n {
			r = uint32(b.bytePorts.In(port + i))
		}
		v |= r << (8 * i)
	}
	return v
}

// Out implements bus.Ports.
func (b byteWide) Out(port uint16, size int, v uint32) {
	for i := range uint16(size) {
		if port+i < b.n {
			b.bytePorts.Out(port+i, uint8(v>>(8*i)))
		}
	}
}

// heeding wraps an interrupt controller: by each access software may see the
// timer's line, or make the line have an effect.
type heeding struct {
	m *Machine
	bytePorts
}

// In implements bytePorts.
func (h heeding) In(port uint16) uint8 {
	h.m.devices.pit.Sync()
	return h.bytePorts.In(port)
}

// Out implements bytePorts.
func (h heeding) Out(port uint16, v uint8) {
	h.m.devices.pit.Sync()
	h.bytePorts.Out(port, v)
	h.m.heedTimer()
}

// heedingMemory is heeding for a controller in memory space.
type heedingMemory struct {
	m *Machine
	bus.Memory
}

// Write implements bus.Memory.
func (h heedingMemory) Write(off uint64, size int, v uint64) {
	h.m.devices.pit.Sync()
	h.Memory.Write(off, size, v)
	h.m.heedTimer()
}

// heedTimer tells the timer whether its interrupt line has any effect now.
func (m *Machine) heedTimer() {
	d := &m.devices
	d.pit.Heed(d.pic.Listens(lineTimer) || d.ioapic.Listens(pinTimer))
}
