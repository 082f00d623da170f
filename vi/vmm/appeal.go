package main

import "resvirt/vi/abi"

// Step appeal. A grave verdict on a guest is, once in a long while, taken for the
// VMM's own failure: like doubt, this step repairs nothing but detects nearer to
// the fault, where there is nothing to count. A guest's kernel that works is
// never refused what it asks about memory, descriptors and domains, nor is it
// ended for breaking a rule. If that happens after a fault, it is more often the
// VMM's mistake than the guest's, and the guest does not survive it. So the VMM
// treats such a verdict as its own failure, once in a long while for each domain:
// recovery makes the guest ask again, and the second verdict holds, which is
// reached without the registers, stacks and counts of the first.

// appealEvery bounds what a guest that asks for refusals can make this cost.
const appealEvery = 1000 // scheduler ticks

// graveCalls are the hypercalls whose refusal a kernel does not survive.
const graveCalls = 1<<abi.HypercallMMUUpdate | 1<<abi.HypercallSetGDT | 1<<abi.HypercallStackSwitch |
	1<<abi.HypercallSetTrapTable | 1<<abi.HypercallUpdateDescriptor | 1<<abi.HypercallMemoryOp |
	1<<abi.HypercallUpdateVAMapping | 1<<abi.HypercallUpdateVAOther | 1<<abi.HypercallMMUExtOp |
	1<<abi.HypercallSetSegmentBase | 1<<abi.HypercallDomctl | 1<<abi.HypercallEventChannelOp |
	1<<abi.HypercallVcpuOp | 1<<abi.HypercallMulticall

// graveErrors are the refusals that say that a request is wrong, not that it
// comes at the wrong time or asks for what there is not.
const graveErrors = 1<<abi.EPERM | 1<<abi.ESRCH | 1<<abi.ENOMEM | 1<<abi.EACCES | 1<<abi.EFAULT | 1<<abi.EBUSY | 1<<abi.EINVAL

// grave says whether a hypercall's result is one that may be appealed. A domain
// that may not control others is refused rightly: that is not one.
func (d *Domain) grave(nr uint64, rc int64) bool {
	return rc < 0 && rc > -64 && graveCalls>>nr&1 != 0 && graveErrors>>uint64(-rc)&1 != 0 &&
		(nr != abi.HypercallDomctl || d.privileged)
}

// appeal is entered before a verdict on the current domain takes effect.
func (d *Domain) appeal() {
	if again() || d.appealed != 0 && now() < d.appealed+appealEvery*params.tickNS {
		return
	}
	d.appealed = now()
	myJournal().skip() // wrong counts may be the reason
	disbelieve(false, stepAppeal)
}
