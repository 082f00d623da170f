package main

import (
	"sync/atomic"

	"resvirt/vi/guest"
	"resvirt/vi/seam"
)

// serve prints what a VM has put into its console ring: whole lines, each
// behind the VM's name. It returns whether there was something.
func (d *domain) serve() (took bool) {
	r := d.ring
	for {
		at := atomic.LoadUint32(&r.OutCons)
		if at == atomic.LoadUint32(&r.OutProd) {
			break
		}
		b := r.Out[at%uint32(len(r.Out))]
		atomic.StoreUint32(&r.OutCons, at+1)
		took = true
		d.add(b)
	}
	if took {
		guest.Notify(d.port)
	}
	return took
}

// add adds a byte to a VM's line and prints it when it is whole or too long.
func (d *domain) add(b byte) {
	if d.n == 0 {
		d.n = copy(d.line[:], seam.VMOpen)
		if d.id >= 10 {
			d.put('0' + byte(d.id/10))
		}
		d.put('0' + byte(d.id%10))
		for i := range len(seam.VMClose) {
			d.put(seam.VMClose[i])
		}
	}
	d.put(b)
	if b != '\n' && d.n == len(d.line)-1 {
		b = '\n'
		d.put(b)
	}
	if b == '\n' {
		guest.WriteConsole(d.line[:d.n])
		d.n = 0
	}
}

func (d *domain) put(b byte) {
	d.line[d.n] = b
	d.n++
}
