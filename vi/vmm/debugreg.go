package main

import "resvirt/vi/abi"

// Debug registers of guests are kept and not loaded into the processor: a
// breakpoint of a guest that hit the VMM on its way in would be pushed onto
// the guest's stack.

// hyperSetDebugreg is set_debugreg.
func hyperSetDebugreg(n, val, _, _, _ uint64) int64 {
	const dr6Fixed, dr7Fixed, dr7GD = 0xffff0ff0, 1 << 10, 1 << 13
	switch {
	case n < 4:
		if isHypervisorAddr(val) {
			return -abi.EPERM
		}
	case n == 6:
		val = val&0xefff | dr6Fixed
	case n == 7:
		if val>>32 != 0 || val&dr7GD != 0 {
			return -abi.EPERM
		}
		val |= dr7Fixed
	default:
		return -abi.ENODEV
	}
	current().arch.debugReg[n&7] = val
	return 0
}

// hyperGetDebugreg is get_debugreg; 4 and 5 stand for 6 and 7.
func hyperGetDebugreg(n, _, _, _, _ uint64) int64 {
	if n > 7 {
		return -abi.EINVAL
	}
	if n == 4 || n == 5 {
		n += 2
	}
	return int64(current().arch.debugReg[n&7])
}
