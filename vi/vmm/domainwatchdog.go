package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// SCHEDOP_watchdog: timers that a guest sets again and again as long as it works. One that
// expires ends the domain, whose shutdown code tells why.

// domainWatchdogs is how many a domain has.
const domainWatchdogs = 2

// domainWatchdog is one of them. Its identifier is 1 more than its index.
type domainWatchdog struct {
	used  bool
	timer timer
}

// schedWatchdog is SCHEDOP_watchdog. It returns the identifier of a new watchdog.
func schedWatchdog(d *Domain, arg uint64) int64 {
	var w abi.SchedWatchdog
	if !fromGuest(unsafe.Pointer(&w), arg, uint64(unsafe.Sizeof(w))) {
		return -abi.EFAULT
	}
	if w.ID > domainWatchdogs || w.ID == 0 && w.Timeout == 0 {
		return -abi.EINVAL
	}
	d.lk.lockPatiently()
	rc := d.setWatchdog(w.ID, w.Timeout)
	d.lk.unlock()
	return rc
}

// setWatchdog starts, winds up or stops one.
func (d *Domain) setWatchdog(id, timeout uint32) int64 {
	rc, log := int64(0), &current().arch.log
	if id == 0 {
		if again() && log.undo != 0 {
			id = uint32(log.undo) // it was started before a recovery
		}
		for i := range d.watchdogs {
			if id == 0 && !d.watchdogs[i].used {
				id = uint32(i + 1)
			}
		}
		if id == 0 {
			return -abi.ENOSPC
		}
		log.undo = uint64(id)
		w := &d.watchdogs[(id-1)%domainWatchdogs]
		if !w.used {
			w.timer.init(domainWatchdogExpired, d.vcpu[0], d.vcpu[0].cpu)
		}
		rc = int64(id)
	} else if !d.watchdogs[(id-1)%domainWatchdogs].used {
		if timeout == 0 && again() {
			return 0
		}
		return -abi.EINVAL
	}
	w := &d.watchdogs[(id-1)%domainWatchdogs]
	if timeout == 0 {
		w.used = false
		w.timer.stop()
		return 0
	}
	w.used = true
	w.timer.set(now() + int64(timeout)*params.secondNS)
	return rc
}

// domainWatchdogExpired is the handler of the timer.
func domainWatchdogExpired(t *timer) {
	d := t.vcpu.domain
	if d.shutdown || d.dying {
		return
	}
	printDomain(d, "its watchdog has expired", 0)
	d.shutDown(abi.ShutdownWatchdog)
}

// stopWatchdogs stops those of a domain that ends. None of its vCPUs runs any more.
func (d *Domain) stopWatchdogs() {
	for i := range d.watchdogs {
		if w := &d.watchdogs[i]; w.used {
			w.timer.kill()
			w.used = false
		}
	}
}

// eachTimer calls fn for the timers that belong to a domain itself.
func (d *Domain) eachTimer(fn func(*timer)) {
	for i := range d.watchdogs {
		if w := &d.watchdogs[i]; w.used {
			fn(&w.timer)
		}
	}
}
