package process

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Domctl issues a command about a domain.
func (p Privcmd) Domctl(op *abi.Domctl) int64 {
	op.Version = abi.DomctlVersion
	return p.Hypercall(abi.HypercallDomctl, Addr(unsafe.Pointer(op)), 0, 0, 0)
}

// Info asks for a domain's state; false where there is none.
func (p Privcmd) Info(id uint16) (abi.DomctlDomainInfo, bool) {
	op := abi.Domctl{Cmd: abi.DomctlGetInfo, Domain: id}
	rc := p.Domctl(&op)
	return *(*abi.DomctlDomainInfo)(unsafe.Pointer(&op.U)), rc == 0
}

// Lives says whether there is a domain that is not being destroyed.
func (p Privcmd) Lives(id uint16) bool {
	info, ok := p.Info(id)
	return ok && info.Flags&abi.DominfDying == 0
}
