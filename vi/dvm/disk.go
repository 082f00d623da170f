package main

import (
	"resvirt/vi/back"
	"resvirt/vi/driver"
	"resvirt/vi/guest"
)

// maxDisks is how many controllers this kernel drives.
const maxDisks = 2

// disks are the controllers, each with the volumes of its namespace.
var disks [maxDisks]struct {
	driver  driver.NVMe
	port    back.Disk
	volumes back.VolumePage
	valid   bool
}

var ndisks int

// kernel is what drivers need of this one.
var kernel = driver.Kernel{Page: devicePage, Now: guest.Now, Wait: guest.Pause}

func devicePage() (driver.Page, bool) {
	at, machine, ok := guest.DevicePage()
	return driver.Page{At: at, Machine: machine}, ok
}

// submits give commands to the controller of their number: a function value cannot say
// which.
var submits = [maxDisks]func(*back.DiskCommand) bool{
	func(c *back.DiskCommand) bool { return disks[0].driver.Submit(c) },
	func(c *back.DiskCommand) bool { return disks[1].driver.Submit(c) },
}

// startDisk starts a controller and reads what volumes it has.
func startDisk(f *function) {
	if ndisks == maxDisks {
		f.refuse("one controller too many")
		return
	}
	if !f.open() {
		return
	}
	d := &disks[ndisks]
	d.driver.Registers, d.driver.Kernel = driver.At(f.regs), &kernel
	if !d.driver.Start(0) {
		f.refuse(d.driver.Why)
		return
	}
	d.port.Submit = submits[ndisks]
	ndisks++
	page, ok := devicePage()
	if !ok {
		return
	}
	c := back.DiskCommand{Op: back.DiskRead, Sectors: 8, Pages: onePage(page.Machine)}
	d.driver.Submit(&c)
	for end := guest.Now() + volumePatience; ; guest.Pause() {
		if _, done, more := d.driver.Next(); more {
			d.volumes = *(*back.VolumePage)(page.At)
			d.valid = done && d.volumes.Valid(d.driver.Sectors)
			break
		}
		if guest.Now() > end {
			break
		}
	}
	if !d.valid {
		f.refuse("the disk has no volumes")
	}
}

// volumePatience is how long a disk may take to read its first page, ns.
const volumePatience = 5e9

var firstPage [1]uint64

func onePage(machine uint64) []uint64 {
	firstPage[0] = machine
	return firstPage[:]
}

// takeDisks takes the ends of commands.
func takeDisks() (busy bool) {
	for i := range disks[:ndisks] {
		for {
			tag, ok, more := disks[i].driver.Next()
			if !more {
				break
			}
			devices.Completed(tag, ok)
			busy = true
		}
	}
	return busy
}

// findVolume finds a volume of any disk by its name.
func findVolume(name []byte) (back.Volume, *back.Disk, bool) {
	for i := range disks[:ndisks] {
		if d := &disks[i]; d.valid {
			if v, ok := d.volumes.Find(name); ok {
				return v, &d.port, true
			}
		}
	}
	return back.Volume{}, nil, false
}
