package main

import "unsafe"

// Step console_line. A domain's line is printed byte by byte while its hypercall
// waits. What is printed cannot be taken back, and issuing the hypercall again
// would print the rest of nothing: the byte that completes a line is logged as
// done before the line is printed. So recovery prints the rest itself. A line of
// the VMM's own that was cut off is ended.
func consoleLine() {
	if !begin(stepConsoleLine) {
		return
	}
	// What is half on the console comes first: another line would get into it.
	for d := domains.head; d != nil; d = d.next {
		if n := d.linePos; n != 0 {
			consoleMid = d.line[(n-1)%lineMax] != '\n'
			d.printRest()
		}
	}
	if consoleMid && params.guest == 0 { // else it is the ring's, which goes on
		serialPut('\n')
	}
	for d := domains.head; d != nil; d = d.next {
		if n := d.lineLen; n != 0 && d.line[(n-1)%lineMax] == '\n' {
			d.lastByteDone(n)
			d.printRest()
		}
	}
}

// lastByteDone logs the byte that completed a line of n as done, if the vCPU
// that added it did not come to it: issued again, its hypercall would print the
// line once more.
func (d *Domain) lastByteDone(n uint32) {
	for i := uint32(0); i < d.nvcpus; i++ {
		log := &d.vcpu[i].arch.log
		if at := log.resume & 0xffffffff; log.again && log.line == at<<32|uint64(n-1) {
			log.resume++
			log.again = false
		}
	}
}

// keepLine counts the byte that a CPU had sent and not yet counted: its
// registers at the failure say so.
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
