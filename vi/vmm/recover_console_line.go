package main

import "unsafe"

// Step console_line. A domain's line is printed byte by byte while its hypercall
// waits. What has been printed cannot be taken back, and if the hypercall is issued
// again it does not print the rest: the byte that completes a line is logged as done
// before the line is printed. So recovery prints the rest itself. If a line of the
// VMM's own was cut off, it is ended.

// consoleLine ends the lines that CPUs were printing.
func consoleLine() {
	if !begin(stepConsoleLine) {
		return
	}
	// The domain whose line is half printed comes first, or another line would get
	// into it.
	for d := domains.head; d != nil; d = d.next {
		if n := d.linePos; n != 0 {
			consoleMid = d.line[(n-1)%lineMax] != '\n'
			d.printRest()
		}
	}
	if consoleMid && params.guest == 0 { // with guest=1 the guest's ring continues the line
		serialPut('\n')
	}
	for d := domains.head; d != nil; d = d.next {
		if n := d.lineLen; n != 0 && d.line[(n-1)%lineMax] == '\n' {
			d.lastByteDone(n)
			d.printRest()
		}
	}
}

// lastByteDone logs as done the byte that completed a line of n bytes, if the vCPU
// that added it has not logged it yet. Otherwise its hypercall, when it is issued
// again, would add the byte and print the line once more.
func (d *Domain) lastByteDone(n uint32) {
	for i := uint32(0); i < d.nvcpus; i++ {
		log := &d.vcpu[i].arch.log
		if at := log.resume & 0xffffffff; log.again && log.line == at<<32|uint64(n-1) {
			log.resume++
			log.again = false
		}
	}
}

// keepLine counts a byte that a CPU had sent and not yet counted. In this case the
// failure came between the two instructions of outCounted: RCX has the address of
// the count, and RSI the address of the next byte.
func keepLine(c *CPU) {
	r := &c.trap
	d := (*Domain)(ptr(r.RCX - uint64(unsafe.Offsetof(Domain{}.linePos))))
	if !c.trapped || r.RCX&3 != 0 || !objectOK(unsafe.Pointer(d)) || !domainOK(d) || !allowed(stepConsoleLine) {
		return
	}
	if n := d.linePos; n < d.lineLen && n < lineMax && r.RSI == addrOf(unsafe.Pointer(&d.line[n]))+1 {
		d.linePos++
	}
}
