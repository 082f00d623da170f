package main

import "resvirt/vi/abi"

// Model-specific registers as guests see them (AMD APM vol. 2, appendix A).
const (
	msrTSC        = 0x10
	msrAPICBase   = 0x1b
	msrPatchLevel = 0x8b
	msrMiscEnable = 0x1a0
	msrPAT        = 0x277
	msrEFER       = 0xc0000080
	msrSysCfg     = 0xc0010010
	msrHWCR       = 0xc0010015
)

// patDefault is PAT after reset, which the VMM leaves.
const patDefault = 0x0007040600070406

// guestRDMSR reads a register for a guest's kernel; false is #GP.
func guestRDMSR(v *VCPU, msr uint32) (uint64, bool) {
	const apicOn, apicBoot = 1 << 11, 1 << 8
	switch msr {
	case msrTSC:
		return readTSC(), true
	case msrAPICBase:
		base := uint64(apicPhys | apicOn)
		if v.id == 0 {
			base |= apicBoot
		}
		return base, true
	case msrPAT:
		return patDefault, true
	case msrEFER, msrFSBase:
		return readMSR(msr), true
	case msrGSBase, msrKernelGSBase: // the kernel's is loaded while it runs
		return readMSR(msr), true
	case msrPatchLevel, msrMiscEnable, msrSysCfg, msrHWCR:
		return 0, true
	}
	logHex("RDMSR of a guest that is not known", uint64(msr))
	return 0, false
}

// guestWRMSR writes one; false is #GP. Bases of segments are the guest's;
// registers that it can read are not changed.
func guestWRMSR(v *VCPU, msr uint32, val uint64) bool {
	switch msr {
	case msrFSBase:
		return hyperSetSegmentBase(abi.SegbaseFS, val, 0, 0, 0) == 0
	case msrGSBase:
		return hyperSetSegmentBase(abi.SegbaseGSKernel, val, 0, 0, 0) == 0
	case msrKernelGSBase:
		return hyperSetSegmentBase(abi.SegbaseGSUser, val, 0, 0, 0) == 0
	case msrAPICBase, msrPAT, msrEFER, msrPatchLevel, msrMiscEnable, msrSysCfg, msrHWCR:
		return true
	}
	logHex("WRMSR of a guest that is not known", uint64(msr))
	return false
}
