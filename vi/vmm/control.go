package main

import "resvirt/vi/abi"

// The control domain is the first one and the only one that may name others in
// its hypercalls: it builds, starts, pauses and destroys them.

// controlDomain is the control domain, nil if there is none.
func controlDomain() *Domain {
	// Its id is 0, and the list is in order of id.
	if d := domains.head; d != nil && d.privileged {
		return d
	}
	return nil
}

// target resolves the domain id of a hypercall's argument. Only the control
// domain may name another domain. putTarget gives the reference back.
func target(id uint16) (*Domain, int64) {
	d := current().domain
	if id == abi.DomidSelf || id == d.id {
		return d, 0
	}
	if !d.privileged {
		return nil, -abi.EPERM
	}
	if t := findDomain(id); t != nil {
		return t, 0
	}
	return nil, -abi.ESRCH
}

// putTarget ends the use of what target returned.
func putTarget(d *Domain) {
	if d != current().domain {
		d.put()
	}
}

// announceEnd tells the control domain that a domain has shut down or is gone.
func announceEnd() {
	if c := controlDomain(); c != nil && c.nvcpus != 0 && !c.dying {
		sendVIRQ(c.vcpu[0], abi.VirqDomExc)
	}
}
