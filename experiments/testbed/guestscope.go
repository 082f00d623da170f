package testbed

import (
	"encoding/binary"

	"resvirt/hw/machine"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// guestScope tells which address spaces are a domain's, its kernel's and its user mode's
// apart, by what the VMM notes of it. Both run at privilege level 3; what the VMM executes in
// them, a hypercall as well, is at level 0 and not the domain's.
type guestScope struct {
	domain uint64 // its number
	user   bool   // the instructions of its programs, not of its kernel

	image  *image.Image
	direct uint64 // base of the VMM's direct map
	head   uint64 // physical address of the list of domains

	id, next, nvcpus, vcpu, end uint64 // offsets in a Domain
	kernelRoot, userRoot, flags uint64 // offsets in a VCPU
	vcpus                       uint64 // the most that a domain has
}

// level3 is privilege level 3 in a set of levels.
const level3 = 1 << 3

// mostDomains bounds the walk through a list that a fault may have made endless.
const mostDomains = 64

func newGuestScope(vmm *image.Image, domain uint64, user bool) (*guestScope, error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	s, f := &guestScope{domain: domain, user: user, image: vmm}, finder{view: v, image: vmm}
	s.direct = f.initial("main.directMapBase", "")
	s.head = f.variable("main.domains", "head").Addr - vmm.Base + vmm.Phys
	for _, x := range []struct {
		typ, path string
		to        *uint64
	}{
		{"main.Domain", "id", &s.id}, {"main.Domain", "next", &s.next}, {"main.Domain", "nvcpus", &s.nvcpus}, {"main.Domain", "vcpu", &s.vcpu}, {"main.Domain", "shutdown", &s.end},
		{"main.VCPU", "arch.guestTable", &s.kernelRoot}, {"main.VCPU", "arch.guestTableUser", &s.userRoot}, {"main.VCPU", "arch.flags", &s.flags},
	} {
		*x.to = f.offset(x.typ, x.path)
	}
	s.vcpus = f.constant("main.maxVCPUs")
	return s, f.err
}

// offset is where a member lies in a type.
func (f *finder) offset(typ, path string) uint64 {
	at, err := f.view.At(typ, 0, nil)
	if err == nil {
		at, err = at.Path(path)
	}
	f.keep(err)
	return at.Addr
}

// levels is machine.Spec.Scope.
func (s *guestScope) levels(m *machine.Machine, cpu int, cr3 uint64) uint8 {
	if kernel, user := s.owns(m.ReadPhys, cr3); kernel && !s.user || user && s.user {
		return level3
	}
	return 0
}

// in tells whether a processor executes the domain, in its kernel or in user mode.
func (s *guestScope) in(m *machine.Machine, cpu int) bool {
	c := m.CPU(cpu)
	kernel, user := s.owns(m.ReadPhys, c.CR3)
	return c.CPL == 3 && (kernel || user)
}

// owns tells whether an address space is that of the domain's kernel, or of its user mode. It
// asks the VMM's data each time: a frame may be another domain's by the next.
func (s *guestScope) owns(read func(pa uint64, b []byte), cr3 uint64) (kernel, user bool) {
	var b [8]byte
	word := func(pa uint64, n int) uint64 {
		b = [8]byte{}
		read(pa, b[:n])
		return binary.LittleEndian.Uint64(b[:])
	}
	d := s.find(word)
	if d == 0 {
		return false, false
	}
	for i := range min(word(d+s.nvcpus, 4), s.vcpus) {
		v := word(d+s.vcpu+8*i, 8) - s.direct
		k, u := word(v+s.kernelRoot, 8) == cr3>>12, word(v+s.userRoot, 8) == cr3>>12
		if k && u { // one for both: the mode tells
			k = word(v+s.flags, 4)&1 != 0
			u = !k
		}
		kernel, user = kernel || k, user || u
	}
	return kernel, user
}

// find is the physical address of the domain, 0 if there is none.
func (s *guestScope) find(word func(pa uint64, n int) uint64) uint64 {
	at := word(s.head, 8)
	for n := 0; at != 0 && n < mostDomains; n++ {
		if pa := at - s.direct; word(pa+s.id, 2) == s.domain {
			return pa
		}
		at = word(at-s.direct+s.next, 8)
	}
	return 0
}
