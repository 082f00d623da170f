package main

import (
	"testing"

	"resvirt/vi/abi"
)

// A refusal that a kernel does not survive is a failure of the VMM once in a
// while, but not in a call that was issued again, and not without the step. Other
// refusals never are.
func TestAppeal(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	c := testCPU
	c.core.curr, c.core.sched.curr, v.cpu = v, v, 0
	request := func(nr, us uint64, arg uint64) (failed bool) {
		testTSC = 2000 * us
		defer func() { failed = recover() != nil }()
		dispatch(nr, arg, 0, 0, 0, 0)
		return false
	}
	const later = uint64(appealEvery) * 10 // ticks of the tests' machine are 10 us
	for _, x := range []struct {
		what   string
		nr     uint64
		us     uint64
		arg    uint64
		before func()
		want   bool
	}{
		{"a base that is not canonical", abi.HypercallSetSegmentBase, 10, 99, func() {}, true},
		{"soon after", abi.HypercallSetSegmentBase, 20, 99, func() {}, false},
		{"later", abi.HypercallSetSegmentBase, 20 + later, 99, func() {}, true},
		{"issued again", abi.HypercallSetSegmentBase, 30 + 2*later, 99, func() { v.arch.log.again = true }, false},
		{"of no weight", abi.HypercallXenVersion, 40 + 3*later, 99, func() { v.arch.log.again = false }, false},
		{"without the step", abi.HypercallSetSegmentBase, 50 + 4*later, 99, func() { persist().policy &^= 1 << stepAppeal }, false},
	} {
		x.before()
		if failed := request(x.nr, x.us, x.arg); failed != x.want {
			t.Errorf("%s: failed %v, want %v", x.what, failed, x.want)
		}
	}
	if d.appealed == 0 {
		t.Error("no appeal was noted")
	}
}

// Calls that come at a wrong time, do not exist or are not allowed to guests are no
// grave refusals.
func TestGrave(t *testing.T) {
	guest, control := &Domain{}, &Domain{privileged: true}
	for _, x := range []struct {
		d    *Domain
		nr   uint64
		rc   int64
		want bool
	}{
		{guest, abi.HypercallMMUUpdate, -abi.EINVAL, true},
		{control, abi.HypercallDomctl, -abi.ESRCH, true},
		{guest, abi.HypercallDomctl, -abi.EPERM, false},
		{guest, abi.HypercallMemoryOp, -abi.ENOMEM, true},
		{guest, abi.HypercallMMUUpdate, 0, false},
		{guest, abi.HypercallMMUUpdate, 22, false},
		{guest, abi.HypercallMMUUpdate, -abi.EAGAIN, false},
		{guest, abi.HypercallMMUUpdate, -abi.ENOSYS, false},
		{guest, abi.HypercallMMUUpdate, -1 << 40, false},
		{guest, abi.HypercallIret, -abi.EINVAL, false},
		{guest, abi.HypercallXenVersion, -abi.EFAULT, false},
		{guest, 100, -abi.EINVAL, false},
	} {
		if got := x.d.grave(x.nr, x.rc); got != x.want {
			t.Errorf("hypercall %d, result %d: %v", x.nr, x.rc, got)
		}
	}
}
