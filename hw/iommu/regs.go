package iommu

import "resvirt/hw/pci"

// Registers in memory space (3.4).
const (
	regDeviceTable    = 0x0000
	regCommandBase    = 0x0008
	regEventBase      = 0x0010
	regControl        = 0x0018
	regExclusionBase  = 0x0020
	regExclusionLimit = 0x0028
	regFeatures       = 0x0030
	regCommandHead    = 0x2000
	regCommandTail    = 0x2008
	regEventHead      = 0x2010
	regEventTail      = 0x2018
	regStatus         = 0x2020
)

// Their fields.
const (
	addressBits   = uint64(1)<<52 - 1<<12
	lengthShift   = 56 // of the base registers of buffers: the logarithm of the number of entries
	lengthBits    = uint64(0xf) << lengthShift
	pointerBits   = uint64(0x7fff0)
	tableSize     = uint64(0x1ff)
	entryBytes    = 16 // of both buffers
	leastLength   = 8
	excludeOn     = 1 << 0
	excludeForAll = 1 << 1

	controlEnable         = 1 << 0
	controlEventLog       = 1 << 2
	controlEventInterrupt = 1 << 3
	controlWaitInterrupt  = 1 << 4
	controlCommands       = 1 << 12
	controlWritable       = controlCommands | 0xfff // the others are of no effect here, or of features that are not offered

	statusOverflow       = 1 << 0
	statusEventInterrupt = 1 << 1
	statusWaitInterrupt  = 1 << 2
	statusEventRun       = 1 << 3
	statusCommandRun     = 1 << 4
	statusClearable      = statusOverflow | statusEventInterrupt | statusWaitInterrupt
)

// Features is the extended feature register (3.4.2): INVALIDATE_IOMMU_ALL, and six levels of
// page tables.
const Features = 1<<6 | 2<<10

// Read implements bus.Memory.
func (u *IOMMU) Read(off uint64, size int) uint64 {
	v := pci.ReadRegs(off, size, func(off uint64) uint32 {
		return uint32(u.read(off&^7) >> (off & 4 * 8))
	})
	return v & (^uint64(0) >> (64 - 8*size))
}

// Write implements bus.Memory: registers of 64 bits, which are written whole or by halves.
func (u *IOMMU) Write(off uint64, size int, v uint64) {
	if size == 8 && off&7 == 0 {
		u.write(off, v)
		return
	}
	pci.WriteRegs(off, size, v, func(off uint64, v uint32) {
		shift := off & 4 * 8
		half := uint64(0xffffffff) << shift
		was := u.read(off &^ 7)
		if off&^7 == regStatus {
			was = 0 // what is not written must not be cleared
		}
		u.write(off&^7, was&^half|uint64(v)<<shift)
	})
}

func (u *IOMMU) read(off uint64) uint64 {
	s := &u.state
	switch off {
	case regDeviceTable:
		return s.DeviceTable
	case regCommandBase:
		return s.CommandBase
	case regEventBase:
		return s.EventBase
	case regControl:
		return s.Control
	case regExclusionBase:
		return s.ExclusionBase
	case regExclusionLimit:
		return s.ExclusionLimit
	case regFeatures:
		return Features
	case regCommandHead:
		return s.CommandHead
	case regCommandTail:
		return s.CommandTail
	case regEventHead:
		return s.EventHead
	case regEventTail:
		return s.EventTail
	case regStatus:
		return s.Status
	}
	return 0
}

func (u *IOMMU) write(off, v uint64) {
	s := &u.state
	switch off {
	case regDeviceTable:
		s.DeviceTable = v & (addressBits | tableSize)
	case regCommandBase: // a new buffer is read from its beginning (3.4.1)
		s.CommandBase = v & (addressBits | lengthBits)
		s.CommandHead, s.CommandTail = 0, 0
	case regEventBase:
		s.EventBase = v & (addressBits | lengthBits)
		s.EventHead, s.EventTail = 0, 0
	case regControl:
		u.control(v & controlWritable)
	case regExclusionBase:
		s.ExclusionBase = v & (addressBits | excludeOn | excludeForAll)
	case regExclusionLimit:
		s.ExclusionLimit = v & addressBits
	case regCommandHead:
		s.CommandHead = v & pointerBits
	case regCommandTail:
		s.CommandTail = v & pointerBits
		u.wake()
	case regEventHead:
		s.EventHead = v & pointerBits
	case regEventTail:
		s.EventTail = v & pointerBits
	case regStatus:
		s.Status &^= v & statusClearable
	}
}

// control enables and disables. The buffers run, or run again after an error, when their
// bit and that of the IOMMU become set (3.4.1).
func (u *IOMMU) control(v uint64) {
	s := &u.state
	was := u.signals()
	begun := func(bit uint64) bool {
		bit |= controlEnable
		return v&bit == bit && s.Control&bit != bit
	}
	if begun(controlCommands) {
		s.Status |= statusCommandRun
	}
	if begun(controlEventLog) {
		s.Status |= statusEventRun
	}
	s.Control = v
	if v&controlEnable == 0 || v&controlCommands == 0 {
		s.Status &^= statusCommandRun
	}
	if v&controlEnable == 0 || v&controlEventLog == 0 {
		s.Status &^= statusEventRun
	}
	u.wake()
	u.signal(was)
}

// signals tells whether there is a reason for an interrupt that is enabled.
func (u *IOMMU) signals() bool {
	s := &u.state
	return s.Control&controlEventInterrupt != 0 && s.Status&(statusEventInterrupt|statusOverflow) != 0 ||
		s.Control&controlWaitInterrupt != 0 && s.Status&statusWaitInterrupt != 0
}

// signal sends the interrupt if the reason for it is new.
func (u *IOMMU) signal(was bool) {
	if !was && u.signals() {
		u.config.Signal(0)
	}
}

// set sets bits of the status register that may be a reason for an interrupt.
func (u *IOMMU) set(bits uint64) {
	was := u.signals()
	u.state.Status |= bits
	u.signal(was)
}

func (u *IOMMU) enabled() bool { return u.state.Control&controlEnable != 0 }
