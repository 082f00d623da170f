package dev

import (
	"encoding/binary"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// FWCfgItem is what software can read under a key.
type FWCfgItem struct {
	Key  uint16
	Data []byte
}

// Keys of items (QEMU's docs/specs/fw_cfg.rst and include/standard-headers/linux/qemu_fw_cfg.h).
const (
	FWCfgSignature = 0x00 // "QEMU"
	FWCfgID        = 0x01 // features, 32 bits
	FWCfgUUID      = 0x02
	FWCfgRAMSize   = 0x03 // bytes, 64 bits
	FWCfgNoGraphic = 0x04 // 16 bits, as the counts of processors
	FWCfgCPUs      = 0x05
	FWCfgBootMenu  = 0x0e
	FWCfgMaxCPUs   = 0x0f
	FWCfgDirectory = 0x19
	FWCfgFirstFile = 0x20

	FWCfgPorts = 2

	fwCfgTraditional = 1 // the only feature: no DMA interface
	fwCfgWrite       = 1 << 14
)

// FWCfgFile is an item with a name instead of a key.
type FWCfgFile struct {
	Name string // up to 55 bytes
	Data []byte
}

// FWCfgDir appends files to items, with the files' directory and the items that
// identify the device.
func FWCfgDir(items []FWCfgItem, files ...FWCfgFile) []FWCfgItem {
	dir := binary.BigEndian.AppendUint32(nil, uint32(len(files)))
	for i, f := range files {
		key := uint16(FWCfgFirstFile + i)
		var name [56]byte
		copy(name[:len(name)-1], f.Name)
		dir = binary.BigEndian.AppendUint32(dir, uint32(len(f.Data)))
		dir = binary.BigEndian.AppendUint16(dir, key)
		dir = append(append(dir, 0, 0), name[:]...)
		items = append(items, FWCfgItem{key, f.Data})
	}
	return append(items,
		FWCfgItem{FWCfgSignature, []byte("QEMU")},
		FWCfgItem{FWCfgID, []byte{fwCfgTraditional, 0, 0, 0}},
		FWCfgItem{FWCfgDirectory, dir})
}

// FWCfgState is everything mutable of the configuration device.
type FWCfgState struct {
	Key    uint16
	Offset uint32 // of the next byte
}

// FWCfg is the device by which QEMU describes the machine to firmware, and to
// kernels that look for it. Nothing can be written.
type FWCfg struct {
	FWCfgState
	items []FWCfgItem
}

var _ bus.Device = (*FWCfg)(nil)

// NewFWCfg returns the device with these items, which must not change.
func NewFWCfg(items []FWCfgItem) *FWCfg { return &FWCfg{items: items} }

// In implements bus.Ports: bytes of the item in order, behind its end zeroes.
// The selector reads as the data.
func (f *FWCfg) In(port uint16, size int) (v uint32) {
	for i := range size {
		b := uint8(0xff)
		if port+uint16(i) < FWCfgPorts {
			b = f.next()
		}
		v |= uint32(b) << (8 * i)
	}
	return v
}

func (f *FWCfg) next() uint8 {
	for _, item := range f.items {
		if item.Key == f.Key && f.Offset < uint32(len(item.Data)) {
			b := item.Data[f.Offset]
			f.Offset++
			return b
		}
	}
	return 0
}

// Out implements bus.Ports: 16 bits select an item, all else is ignored.
func (f *FWCfg) Out(port uint16, size int, v uint32) {
	if port == 0 && size == 2 {
		f.Key, f.Offset = uint16(v)&^fwCfgWrite, 0
	}
}

// Event implements bus.Device; there are none.
func (f *FWCfg) Event(uint16, uint64) {}

// Save implements bus.Device.
func (f *FWCfg) Save() any { return f.FWCfgState }

// Load implements bus.Device.
func (f *FWCfg) Load(s any) { f.FWCfgState = s.(FWCfgState) }

// Hash implements bus.Device.
func (f *FWCfg) Hash(h *sim.Hasher) { h.Uint64(uint64(f.Key)<<32 | uint64(f.Offset)) }
