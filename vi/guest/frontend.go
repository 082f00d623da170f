package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/front"
	"resvirt/vi/pvio"
)

// The front ends of this kernel: one disk and one network interface, as the toolstack
// gave them. All pages are taken and granted at the start, and stay.

// nextRef is the next grant for a device, and deviceGrants are the frames of those that
// there are.
var (
	nextRef      uint32 = refDevices
	deviceGrants [grantEntries]uint32
)

// frontends are what packages front needs of this kernel, and the devices.
var (
	frontPlatform = front.Platform{
		Page: ringPage, Buffer: dataPage, Grant: grantPage, Port: devicePort,
		Read: StoreRead, Write: StoreWrite, Watch: StoreWatch,
	}
	disk    front.BlockDevice
	net     front.NetDevice
	hasDisk bool
	hasNet  bool
)

// deviceWait is how long the back ends may take to connect, ns. Linux waits as long.
const deviceWait = 30e9

// OpenDevices connects the devices that XenStore names for this domain, as far as there
// are any, and says whether all are usable.
func OpenDevices() bool {
	if !OpenStore() {
		return true
	}
	var path pvio.Path
	var list [128]byte
	if n, ok := StoreList(path.Reset("device/vbd").Bytes(), list[:]); ok && n > 0 {
		name, _ := pvio.Next(list[:n])
		hasDisk = disk.Find(&frontPlatform, path.Text("/").Add(name).Bytes(), tokenDisk[:])
	}
	if n, ok := StoreList(path.Reset("device/vif").Bytes(), list[:]); ok && n > 0 {
		name, _ := pvio.Next(list[:n])
		hasNet = net.Find(&frontPlatform, path.Text("/").Add(name).Bytes(), tokenNet[:])
	}
	for end := now() + deviceWait; ; {
		deviceEvents()
		if (!hasDisk || disk.State == pvio.XenbusConnected || disk.Gone) && (!hasNet || net.State == pvio.XenbusConnected || net.Gone) {
			return useDevices()
		}
		if now() > end {
			return false
		}
		storeWait()
	}
}

// useDevices makes files and sockets of the devices.
func useDevices() bool {
	if hasDisk && disk.Gone || hasNet && net.Gone {
		return false
	}
	moreCalls = deviceCall
	if hasDisk {
		mountDisk()
	}
	if hasNet {
		startNet()
	}
	return true
}

// Tokens of the watches of both back ends' states.
var (
	tokenDisk = [1]byte{'b'}
	tokenNet  = [1]byte{'n'}
)

// deviceEvents follows the back ends' states. An event that says nothing may stand for
// any.
func deviceEvents() {
	for token := StoreEvent(); token != nil; token = StoreEvent() {
		if any := len(token) == 0; hasDisk && (any || token[0] == tokenDisk[0]) {
			if !disk.Step() {
				disk.Gone = true
			}
		}
		if any := len(token) == 0; hasNet && (any || token[0] == tokenNet[0]) {
			if !net.Step() {
				net.Gone = true
			}
		}
	}
}

func ringPage() *pvio.SharedRing { return (*pvio.SharedRing)(unsafe.Pointer(dataPage())) }

func dataPage() *[pvio.PageSize]byte {
	p := allocZero()
	if p == 0 {
		return nil
	}
	return bytesAt(p)
}

// grantPage grants a page for good.
func grantPage(domain uint16, page *[pvio.PageSize]byte) (uint32, bool) {
	if nextRef == grantEntries {
		return 0, false
	}
	ref := nextRef
	nextRef++
	p := pfnOf(addr(unsafe.Pointer(page)))
	deviceGrants[ref] = uint32(p2m[p])
	permit(ref, domain, p, 0)
	return ref, true
}

// devicePort makes a port for a back end. Its event wakes whoever waits for a device.
func devicePort(domain uint16) (uint32, bool) {
	a := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: domain}
	if evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&a)) != 0 {
		return 0, false
	}
	bindPort(a.Port, portDevice)
	return a.Port, true
}

// DiskSectors is the size of this domain's disk in sectors of 512 bytes, 0 without one.
func DiskSectors() uint64 {
	if !hasDisk || disk.Gone {
		return 0
	}
	return disk.Sectors
}

// diskDo has the disk do one request of at most a page, and waits for its end: data is
// copied to or from a page that the back end may use.
func diskDo(op uint8, sector uint64, data []byte) bool {
	b := disk.Reserve()
	for ; b < 0; b = disk.Reserve() {
		diskPoll()
		sleep(unsafe.Pointer(&disk))
	}
	if op == pvio.BlkWrite {
		copy(disk.Buffers[b].Data[:], data)
	}
	if disk.Ask(b, op, sector, len(data)/pvio.BlkSector) {
		Notify(disk.Port)
	}
	for {
		diskPoll()
		state, status := disk.Outcome(b)
		if state == front.Ended {
			if op == pvio.BlkRead {
				copy(data, disk.Buffers[b].Data[:])
			}
			disk.Release(b)
			return status == pvio.BlkOkay
		}
		if disk.Broken || disk.Gone {
			return false
		}
		sleep(unsafe.Pointer(&disk))
	}
}

// diskPoll takes what the back end answered.
func diskPoll() {
	if was := disk.Broken; !was {
		disk.Poll()
		if disk.Broken {
			report("answer of the disk's back end", uint64(disk.Ring.RspCons))
		}
	}
}

// deviceEvent is the event of a device's port.
func deviceEvent() {
	wakeup(unsafe.Pointer(&disk))
	if hasNet {
		netPoll()
	}
	wakeFiles()
}

// CloseDevices writes to the disk what is not there yet.
func CloseDevices() {
	if !hasDisk {
		return
	}
	lockFS()
	e := fsys.Sync()
	unlockFS()
	if fsError(e) != 0 {
		report("the disk's last write", uint64(e))
	}
}
