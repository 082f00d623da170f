package machine

import (
	"encoding/binary"

	"resvirt/hw/bus"
	"resvirt/hw/dev"
)

// What QEMU's pc machine has in addition to a PC's devices, and guests look
// for.
const (
	portTestLatch = 0xe0 // 0xe8 is a second way to it, of which 0xe9 belongs to the debug port
	portTestLines = 0x2000
	portFWCfg     = 0x510
	testMemory    = 0xff000000
	fwCfgE820     = 0x8003 // the memory map, also the file etc/e820
)

// attachQEMU puts in the configuration device, and the test device if wanted.
func (m *Machine) attachQEMU() {
	m.attach(noLine, func(bus.Host) bus.Device {
		f := dev.NewFWCfg(m.configuration())
		m.attachPorts(portFWCfg, dev.FWCfgPorts, f)
		return f
	})
	if !m.spec.TestDevice {
		return
	}
	m.attach(noLine, func(h bus.Host) bus.Device {
		slot := h.(*slot).number
		t := dev.NewTestDevice(func(line int, up bool) { m.setLine(line, slot, up) })
		m.attachPorts(portTestLatch, dev.TestLatchPorts, dev.TestLatch{TestDevice: t})
		m.attachPorts(portTestLatch+8, 1, dev.TestLatch{TestDevice: t})
		m.attachPorts(portTestLines, dev.TestLines, dev.TestLinePorts{TestDevice: t})
		m.attachMemory(testMemory, dev.TestRAMSize, t)
		return t
	})
}

// configuration lists the items of the configuration device.
func (m *Machine) configuration() []dev.FWCfgItem {
	half := func(v int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }
	var e820 []byte
	for _, r := range m.regions() {
		e820 = appendE820(e820, r)
	}
	return dev.FWCfgDir([]dev.FWCfgItem{
		{Key: dev.FWCfgUUID, Data: make([]byte, 16)},
		{Key: dev.FWCfgRAMSize, Data: binary.LittleEndian.AppendUint64(nil, m.spec.MemBytes)},
		{Key: dev.FWCfgNoGraphic, Data: half(1)},
		{Key: dev.FWCfgCPUs, Data: half(m.spec.CPUs)},
		{Key: dev.FWCfgBootMenu, Data: half(0)},
		{Key: dev.FWCfgMaxCPUs, Data: half(m.spec.CPUs)},
		{Key: fwCfgE820, Data: e820},
	}, dev.FWCfgFile{Name: "etc/e820", Data: e820})
}

// appendE820 adds a region in the form of the BIOS's memory map.
func appendE820(list []byte, r region) []byte {
	list = binary.LittleEndian.AppendUint64(list, r.base)
	list = binary.LittleEndian.AppendUint64(list, r.end-r.base)
	return binary.LittleEndian.AppendUint32(list, r.kind)
}
