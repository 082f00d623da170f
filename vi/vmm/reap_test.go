package main

import "testing"

// A CPU does not end the domain that it runs: it steps aside first. It does end
// another one.
func TestStepAside(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	other, _ := newDomain(t, 2)
	testCPU.core.curr = v
	if other.stepAside() || v.pause&pauseShutdown != 0 {
		t.Error("a domain that does not run was told to step aside")
	}
	if !d.stepAside() || v.pause&pauseShutdown == 0 || testCPU.core.softirq>>softSchedule&1 == 0 {
		t.Errorf("pause %#x, soft interrupts %#x", v.pause, testCPU.core.softirq)
	}
	testCPU.core.curr = testCPU.core.idle
}
