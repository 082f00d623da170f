package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// The console: COM1. Lines of domains appear whole, behind "(dN) ", the
// hypervisor's own behind "(VMM) ".

const (
	com1       = 0x3f8
	com1Status = com1 + 5
	com1Ready  = 1 << 5

	lineMax = 256
)

// consoleLock keeps lines whole. It is taken with interrupts off, because
// interrupt handlers may print.
var consoleLock spinlock

// consoleMid says that a line is half printed.
var consoleMid bool

// serialPut prints one byte.
func serialPut(b byte) {
	if testCPU != nil {
		return
	}
	for bare.In8(com1Status)&com1Ready == 0 {
		bare.Pause()
	}
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
	flags := consoleLock.lockSave()
	serialString("(VMM) ")
	serialString(s)
	serialPut('\n')
	consoleLock.unlockRestore(flags)
}

// logHex prints a line that ends in a number.
func logHex(s string, v uint64) {
	flags := consoleLock.lockSave()
	serialString("(VMM) ")
	serialString(s)
	serialPut(' ')
	serialHex(v)
	serialPut('\n')
	consoleLock.unlockRestore(flags)
}

// printDomain prints a line of the hypervisor's about a domain.
func printDomain(d *Domain, s string, v uint64) {
	flags := consoleLock.lockSave()
	serialString("(VMM) d")
	serialDecimal(uint64(d.id))
	serialPut(' ')
	serialString(s)
	serialPut(' ')
	serialHex(v)
	serialPut('\n')
	consoleLock.unlockRestore(flags)
}

// putByte adds a byte to a domain's line and prints the line when it ends.
func (d *Domain) putByte(b byte) {
	if b != '\n' {
		d.line[d.lineLen%lineMax] = b
		d.lineLen++
		if d.lineLen < lineMax {
			return
		}
	}
	flags := consoleLock.lockSave()
	serialString("(d")
	serialDecimal(uint64(d.id))
	serialString(") ")
	for i := uint32(0); i < d.lineLen; i++ {
		serialPut(d.line[i%lineMax])
	}
	serialPut('\n')
	d.lineLen = 0
	consoleLock.unlockRestore(flags)
}

// hyperConsoleIO is console_io: write is all that a guest without a console
// backend can do. What is printed is printed, so a continuation goes on behind.
func hyperConsoleIO(cmd, n, buf, _, _ uint64) int64 {
	if cmd != abi.ConsoleIOWrite {
		return -abi.ENOSYS
	}
	d := current().domain
	var chunk [64]byte
	for done := uint64(0); done < n; {
		if done > 0 && preemptCheck() {
			return continueHypercall(abi.HypercallConsoleIO, cmd, n-done, buf+done, 0)
		}
		k := min(n-done, uint64(len(chunk)))
		if !fromGuest(unsafe.Pointer(&chunk), buf+done, k) {
			return -abi.EFAULT
		}
		d.lk.lock()
		for i := uint64(0); i < k; i++ {
			d.putByte(chunk[i])
		}
		d.lk.unlock()
		done += k
	}
	return 0
}
