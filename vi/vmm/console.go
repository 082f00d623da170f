package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// The console: COM1. Lines of domains appear whole and begin with "(dN) ", the
// hypervisor's own begin with "(VMM) ". With guest=1 the hypervisor's go elsewhere
// (debugConsole), and COM1 shows what the guest writes to its console ring as it
// is (ring.go), and what it writes by console_io in lines.

const (
	com1       = 0x3f8
	com1Status = com1 + 5
	com1Ready  = 1 << 5

	// debugConsole takes what the hypervisor says when COM1 is a guest's.
	debugConsole = 0xe9

	lineMax = 256
)

// consoleLock keeps lines whole. It is taken with interrupts off, because
// interrupt handlers may print.
var consoleLock spinlock

// lockConsole takes the lock and returns the flags from before it, for
// unlockConsole.
func lockConsole() uint64 {
	flags := irqSave()
	consoleLock.lockPatiently()
	return flags
}

func unlockConsole(flags uint64) { consoleLock.unlockRestore(flags) }

// consoleMid says that a line is half printed.
var consoleMid bool

// waitSerial waits until the transmitter takes a byte.
func waitSerial() {
	for bare.In8(com1Status)&com1Ready == 0 {
		bare.Pause()
	}
}

// serialPut prints one byte.
func serialPut(b byte) {
	if native {
		return
	}
	remember(b)
	if params.guest != 0 {
		bare.Out8(debugConsole, b)
		return
	}
	waitSerial()
	bare.Out8(com1, b)
	consoleMid = b != '\n'
}

func serialString(s string) {
	for i := 0; i < len(s); i++ {
		serialPut(s[i])
	}
}

func serialHex(v uint64) {
	serialString("0x")
	shift := 60
	for shift > 0 && v>>uint(shift) == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		serialPut("0123456789abcdef"[v>>uint(shift)&15])
	}
}

func serialDecimal(v uint64) {
	if v >= 10 {
		serialDecimal(v / 10)
	}
	serialPut('0' + byte(v%10))
}

// logStr prints a line of the hypervisor's.
func logStr(s string) {
	flags := lockConsole()
	serialString(seam.VMM)
	serialString(s)
	serialPut('\n')
	unlockConsole(flags)
}

// logHex prints a line that ends in a number.
func logHex(s string, v uint64) {
	flags := lockConsole()
	serialString(seam.VMM)
	serialString(s)
	serialPut(' ')
	serialHex(v)
	serialPut('\n')
	unlockConsole(flags)
}

// printDomain prints a line of the hypervisor's about a domain.
func printDomain(d *Domain, s string, v uint64) {
	flags := lockConsole()
	serialString(seam.VMM + "d")
	serialDecimal(uint64(d.id))
	serialPut(' ')
	serialString(s)
	serialPut(' ')
	serialHex(v)
	serialPut('\n')
	unlockConsole(flags)
}

// addByte adds a byte to a domain's line and says whether it is complete.
func (d *Domain) addByte(b byte) bool {
	put := func(b byte) {
		d.line[d.lineLen%lineMax] = b
		d.lineLen++
	}
	if d.lineLen == 0 && !d.privileged { // the control domain prints for others
		for i := range len(seam.VMOpen) {
			put(seam.VMOpen[i])
		}
		for unit := uint16(10000); unit > 0; unit /= 10 {
			if d.id >= unit {
				put('0' + byte(d.id/unit%10))
			}
		}
		for i := range len(seam.VMClose) {
			put(seam.VMClose[i])
		}
	}
	put(b)
	if b != '\n' && d.lineLen == lineMax-1 {
		b = '\n'
		put(b)
	}
	return b == '\n'
}

// printLine prints a domain's line. linePos says at any time how much of it has
// been printed.
func (d *Domain) printLine() {
	flags := lockConsole()
	d.linePos = 0
	d.printRest()
	unlockConsole(flags)
}

// endLine prints an unfinished line of a domain as if it were whole.
func (d *Domain) endLine() {
	if d.lineLen != 0 && d.addByte('\n') {
		d.printLine()
	}
}

// printRest prints a domain's line from linePos on.
func (d *Domain) printRest() {
	if params.guest != 0 && consoleMid && d.linePos == 0 {
		guestPut('\n') // a line from the ring is half printed
	}
	for d.linePos < d.lineLen {
		b := d.line[d.linePos%lineMax]
		if native {
			d.linePos++
		} else {
			remember(b)
			waitSerial()
			outCounted(com1, &d.line[d.linePos%lineMax], &d.linePos)
		}
		consoleMid = b != '\n'
	}
	d.lineLen, d.linePos = 0, 0
}

// hyperConsoleIO is console_io: write is all that a guest without a console
// backend can do. What has been printed cannot be taken back, so a continuation
// goes on behind it.
func hyperConsoleIO(cmd, n, buf, _, _ uint64) int64 {
	if cmd == abi.ConsoleIORead {
		return 0 // there is no input
	}
	if cmd != abi.ConsoleIOWrite {
		return -abi.ENOSYS
	}
	d, log := current().domain, &current().arch.log
	var chunk [64]byte
	begin := log.parts()
	for done := begin; done < n; {
		if done > begin && preemptCheck() {
			return continueHypercall(abi.HypercallConsoleIO, cmd, n-done, buf+done, 0)
		}
		k := min(n-done, uint64(len(chunk)))
		if !fromGuest(unsafe.Pointer(&chunk), buf+done, k) {
			return -abi.EFAULT
		}
		d.lk.lockPatiently()
		for i := uint64(0); i < k; i++ {
			at := done + i
			if again() && log.line>>32 == at {
				d.lineLen = uint32(log.line)
			}
			log.line = at<<32 | uint64(d.lineLen)
			full := d.addByte(chunk[i])
			log.part(at + 1)
			if full {
				d.printLine()
			}
		}
		d.lk.unlock()
		done += k
	}
	return 0
}

// outCounted sends a byte to a port and counts it.
//
//go:noescape
func outCounted(port uint16, b *byte, count *uint32)
