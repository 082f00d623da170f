package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// A list that was cut, has a wrong link or has become a circle is made anew
// from the owners of the frames. A sound list is left alone.
func TestDomainList(t *testing.T) {
	for name, damage := range map[string]func(a, b, c *Domain){
		"nothing": func(_, _, _ *Domain) {},
		"head":    func(_, _, _ *Domain) { domains.head = nil },
		"wild":    func(a, _, _ *Domain) { a.next = (*Domain)(unsafe.Add(unsafe.Pointer(a.next), 8)) },
		"astray":  func(a, b, _ *Domain) { a.next = (*Domain)(unsafe.Pointer(b.shared)) },
		"circle":  func(a, b, _ *Domain) { b.next = a },
	} {
		recoverable(t)
		a, _ := newDomain(t, 1)
		b, _ := newDomain(t, 2)
		c, _ := newDomain(t, 5)
		damage(a, b, c)
		domainList()
		if domains.head != a || a.next != b || b.next != c || c.next != nil {
			t.Errorf("%s: the list is not what it was", name)
		}
	}
}

// Values that would make recovery fail again are brought into their ranges.
func TestSaneValues(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	d.lineLen, d.linePos = 3, 1<<20
	*mxcsrOf(&v.arch.fpu) = 0xf0001f80
	port, rc := bindVIRQ(d, 1, 0)
	if rc != 0 {
		t.Fatalf("no port for a virtual interrupt: %d", rc)
	}
	v.virqPort = [abi.NumVirqs]uint32{2: 9}
	saneValues()
	if v.virqPort != [abi.NumVirqs]uint32{1: port} {
		t.Errorf("virtual interrupts at %v, should be 1 at %d", v.virqPort, port)
	}
	if d.lineLen|d.linePos != 0 || *mxcsrOf(&v.arch.fpu) != 0x1f80 {
		t.Errorf("line %d of %d, MXCSR %#x", d.linePos, d.lineLen, *mxcsrOf(&v.arch.fpu))
	}
}
