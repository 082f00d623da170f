package main

import "resvirt/vi/abi"

// The commands of domctl that create, pause and destroy a domain. A recovery
// may make the control domain issue a command again, whose work must not be
// done twice: so each command notes in the log what it is about to change
// (progress.undo).

// domctlCreate makes a domain, paused and without vCPUs and memory. An id of 0
// stands for the first one that is free.
func domctlCreate(op *abi.Domctl, c *abi.DomctlCreateDomain) int64 {
	grants := c.GrantOpts == 1 || c.GrantOpts == abi.DomctlGrantVersionDefault // there is version 1 only
	if c.Flags != 0 || c.MaxVcpus == 0 || c.MaxVcpus > maxVCPUs || !grants || !grantLimit(c.MaxGrantFrames, 1, grantFrames) || !grantLimit(c.MaxMaptrack, 0, trackPages) {
		return -abi.EINVAL
	}
	log := &current().arch.log
	id := op.Domain
	if again() && log.undo != 0 {
		id = uint16(log.undo)
		if d := lookupDomain(id); d != nil {
			d.begin(op, c)
			d.put()
			return 0
		}
	} else if id == 0 {
		id = freeDomainID()
	} else if d := lookupDomain(id); d != nil {
		d.put()
		return -abi.EEXIST
	}
	if id == 0 || id >= testDomain {
		return -abi.EINVAL
	}
	log.undo = uint64(id)
	d := createDomain(id, 0)
	if d == nil {
		return -abi.ENOMEM
	}
	d.begin(op, c)
	return 0
}

// begin gives a new domain, which has no vCPU yet, the properties that the
// control domain asked for.
func (d *Domain) begin(op *abi.Domctl, c *abi.DomctlCreateDomain) {
	d.pauseCount, d.maxVCPUs, d.handle = 1, c.MaxVcpus, c.Handle
	d.mostPorts = min(c.MaxEvtchnPort, maxPorts-1) + 1
	if c.MaxGrantFrames >= 0 {
		d.grantLimit = uint32(c.MaxGrantFrames)
	}
	if c.MaxMaptrack >= 0 {
		d.trackLimit = uint32(c.MaxMaptrack)
	}
	op.Domain = d.id
}

// grantLimit says whether a domain may be made with a limit. -1 asks for as much as
// there is.
func grantLimit(n int32, least, most int32) bool { return n == -1 || n >= least && n <= most }

// freeDomainID is the lowest id, from 1 on, that no domain has.
func freeDomainID() uint16 {
	domains.lk.lock()
	id := uint16(1)
	for d := domains.head; d != nil && d.id <= id; d = d.next {
		if d.id == id {
			id++
		}
	}
	domains.lk.unlock()
	return id
}

// domctlMaxVCPUs gives a domain its vCPUs, as many as it was made for, spread
// over the CPUs.
func domctlMaxVCPUs(d *Domain, n uint32) int64 {
	if n != d.maxVCPUs {
		return -abi.EINVAL
	}
	for d.nvcpus < n {
		if d.addVCPU((uint32(d.id)+d.nvcpus)%nrCPUs()) == nil {
			return -abi.ENOMEM
		}
	}
	return 0
}

// changePauses pauses a domain once more or once less.
func changePauses(d *Domain, by int32) int64 {
	log := &current().arch.log
	old := d.pauseCount
	if again() && log.undo != 0 {
		old = uint32(log.undo >> 1)
	}
	log.undo = uint64(old)<<1 | 1
	if by < 0 && old == 0 {
		return -abi.EINVAL
	}
	d.setPauses(old + uint32(by))
	return 0
}

// domctlDestroy ends a domain. It makes way for soft interrupts.
func domctlDestroy(d *Domain) int64 {
	if d == nil || d.gone {
		return 0
	}
	if !killDomain(d, true) {
		return errContinue
	}
	return 0
}
