package main

import "sync/atomic"

// AMD's I/O memory management unit (AMD I/O Virtualization Technology Specification, 48882), by
// which a function reaches no more than what its domain may write itself. Its device table, its
// two queues and the tables of interrupts lie in RAM that boot takes for good.

// iommuState says where they are. A microreboot carries it over.
type iommuState struct {
	on    bool
	devfn uint8  // of the IOMMU itself
	base  uint64 // machine addresses: of its registers,
	ram   uint64 // and of its RAM
}

var iommu iommuState

// Parts of that RAM.
const (
	iommuDevices  = 0 // device table entries for bus 0
	iommuCommands = 2 * pageSize
	iommuEvents   = 3 * pageSize
	iommuRemap    = 4 * pageSize // interrupt tables of functions, by their place among them
	iommuDone     = iommuRemap + pageSize/2
	iommuPages    = 5
	remapBytes    = 4 * deviceVectors
)

const _ = pageSize/2 - maxFunctions*remapBytes

// Registers (48882, 3.4).
const (
	iommuMap = tableWindow + pageSize // virtual

	iommuDeviceTable = 0x0000
	iommuCommandBase = 0x0008
	iommuEventBase   = 0x0010
	iommuControl     = 0x0018
	iommuCommandTail = 0x2008
	iommuEventHead   = 0x2010
	iommuEventTail   = 0x2018
	iommuStatus      = 0x2020

	iommuEnable    = 1 << 0
	iommuLog       = 1 << 2
	iommuLogIRQ    = 1 << 3
	iommuRun       = 1 << 12
	iommuAll       = iommuEnable | iommuLog | iommuLogIRQ | iommuRun
	iommuOverflow  = 1 << 0
	iommuLogged    = 1 << 1
	queueEntries   = 256
	queueLength    = 8 << 56
	queueMask      = queueEntries*16 - 1
	vectorIOMMU    = firstDevice + deviceVectors
	iommuPatience  = 1000000 // most cycles for a command
	deviceTableLen = 1       // pages less one
)

// Commands (2.4).
const (
	cmdWait      = 1 << 60
	cmdEntry     = 2 << 60
	cmdPages     = 3 << 60
	cmdRemap     = 5 << 60
	cmdAll       = 8 << 60
	cmdWaitStore = 1
	wholeDomain  = 0x7ffffffffffff000 | 1 | 2 // all pages, and what the IOMMU keeps of tables
)

// iommuLock guards the registers, the queues and what the tables hold. Interrupt handlers take it.
var iommuLock spinlock

func iommuRead(reg uint64) uint64 {
	if native {
		return testIOMMU(reg, 0, false)
	}
	return atomic.LoadUint64((*uint64)(ptr(iommuMap + reg)))
}

// iommuWrite is a plain store: registers take no locked operations.
func iommuWrite(reg, v uint64) {
	if native {
		testIOMMU(reg, v, true)
		return
	}
	*(*uint64)(ptr(iommuMap + reg)) = v
}

// testIOMMU stands for the registers in native tests.
var testIOMMU func(reg, v uint64, write bool) uint64

// takeIOMMU takes RAM for the IOMMU that ACPI tells of, if there is one that is wanted. It runs
// before the heap gets the rest.
func takeIOMMU() {
	iommu = iommuState{}
	if params.iommu == 0 || pciRead(0, pciVendor, 2) == 0xffff || !findIVRS(&iommu) {
		return // it is not wanted, or there is no bus, or no table tells of one
	}
	iommu.ram = earlyAlloc()
	for i := uint64(1); i < iommuPages; i++ {
		pa := earlyAlloc()
		assert(pa == iommu.ram+i*pageSize)
	}
	mapRange(iommuMap, iommu.base, 4*pageSize, mapDev)
}

// startIOMMU lets it guard memory: until functions are given to domains they reach nothing.
func startIOMMU() {
	if iommu.ram == 0 {
		return
	}
	iommu.on = true
	iommuWrite(iommuControl, 0)
	for devfn := 0; devfn < 256; devfn++ {
		setDeviceEntry(uint8(devfn), blockedEntry())
	}
	iommuWrite(iommuDeviceTable, iommu.ram+iommuDevices|deviceTableLen)
	startQueues()
	logHex("IOMMU at", iommu.base)
}

// startQueues begins with empty queues, and lets the IOMMU forget all that it has cached.
func startQueues() {
	iommuWrite(iommuControl, iommuEnable) // what runs stops; memory stays guarded
	iommuWrite(iommuCommandBase, iommu.ram+iommuCommands|queueLength)
	iommuWrite(iommuEventBase, iommu.ram+iommuEvents|queueLength)
	iommuWrite(iommuStatus, iommuOverflow|iommuLogged)
	f := function{devfn: iommu.devfn}
	f.findCaps()
	if f.msi != 0 {
		f.sendTo(vectorIOMMU, 0)
	}
	iommuWrite(iommuControl, iommuAll)
	iommuCommand(cmdAll, 0)
	iommuWait()
}

// iommuCommand gives the IOMMU a command. iommuLock is held, or nothing else runs.
func iommuCommand(a, b uint64) {
	tail := iommuRead(iommuCommandTail) & queueMask
	c := (*[2]uint64)(dmap(iommu.ram + iommuCommands + tail))
	c[0], c[1] = a, b
	iommuWrite(iommuCommandTail, (tail+16)&queueMask)
}

// iommuWait waits until the commands before are done. An IOMMU that does not answer cannot be
// trusted to guard anything.
func iommuWait() {
	done := (*uint64)(dmap(iommu.ram + iommuDone))
	atomic.StoreUint64(done, 0)
	iommuCommand(cmdWait|iommu.ram+iommuDone|cmdWaitStore, 1)
	for t := readTSC(); atomic.LoadUint64(done) == 0; {
		assert(readTSC()-t < iommuPatience)
		cpuRelax()
	}
}

// Fields of a device table entry (2.2.2) and of an entry of an interrupt table (2.2.5).
const (
	dteValid  = 1 << 0
	dteTables = 1 << 1
	dteLevels = 3 << 9
	dteRemap  = 1 << 0
	dteLength = 5 << 1 // the logarithm of deviceVectors
	dteTable  = 2 << 60

	remapOn = 1
)

// blockedEntry refuses all that a function asks for.
func blockedEntry() [4]uint64 { return [4]uint64{dteValid | dteTables, 0, dteRemap, 0} }

func setDeviceEntry(devfn uint8, e [4]uint64) {
	d := (*[4]uint64)(dmap(iommu.ram + iommuDevices + uint64(devfn)*32))
	d[3], d[2], d[1] = e[3], e[2], e[1]
	atomic.StoreUint64(&d[0], e[0])
}

// guard lets a function reach the memory of a domain that has tables, or nothing, and forget what
// it could reach before. deviceLock is held.
func (f *function) guard(d *Domain) {
	if !iommu.on {
		return
	}
	e, id := blockedEntry(), uint64(0)
	if d != nil && d.io != nil && d.io.root != 0 {
		id = uint64(d.id)
		e[0] = dteValid | dteTables | dteLevels | uint64(d.io.root)<<pageShift | dmaRead | dmaWrite
		e[1] = id
		e[2] = dteRemap | dteLength | dteTable | f.remapTable()
	}
	flags := iommuLock.lockSave()
	setDeviceEntry(f.devfn, e)
	iommuCommand(cmdEntry|uint64(f.devfn), 0)
	iommuCommand(cmdRemap|uint64(f.devfn), 0)
	iommuWait()
	iommuLock.unlockRestore(flags)
}

// remapTable is the machine address of a function's interrupt table.
func (f *function) remapTable() uint64 {
	i := (addrOf(ptrOfFunction(f)) - addrOf(ptrOfFunction(&devices.functions[0]))) / functionSize % maxFunctions
	return iommu.ram + iommuRemap + i*remapBytes
}

// message is the address and data by which a function interrupts a CPU: with an IOMMU the data is
// an index of the function's table, so that it can send no other interrupt.
func (f *function) message(vector uint8, cpu uint32) (address, data uint32) {
	dest := cpuByID(cpu).APICID
	if !iommu.on || f.devfn == iommu.devfn {
		return msiBase | dest<<12, uint32(vector)
	}
	i := uint32(vector-firstDevice) % deviceVectors
	f.setRemap(i, remapOn|dest<<8|uint32(vector)<<16)
	return msiBase, i
}

// setRemap changes an entry of a function's interrupt table.
func (f *function) setRemap(i, entry uint32) {
	flags := iommuLock.lockSave()
	(*[deviceVectors]uint32)(dmap(f.remapTable()))[i%deviceVectors] = entry
	iommuCommand(cmdRemap|uint64(f.devfn), 0)
	iommuWait()
	iommuLock.unlockRestore(flags)
}
