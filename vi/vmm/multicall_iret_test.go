package main

import (
	"testing"

	"resvirt/vi/abi"
)

// secondSpace gives a guest that onGuest made another address space: an L4 with
// the entries of its first, pinned and the root of its user mode.
func secondSpace(t *testing.T, d *Domain, v *VCPU) mfn {
	t.Helper()
	root := allocDomainPage(d)
	*tableAt(root) = *tableAt(v.arch.guestTable)
	if pin(root, d, ptL4) != 0 || newUserBase(v, root) != 0 {
		t.Fatal("no second address space")
	}
	commit()
	return root
}

// enterCall executes a hypercall of the current guest, entered by SYSCALL.
func enterCall(nr, a1, a2, a3, a4, a5 uint64) *regs {
	r := guestRegs()
	r.RAX, r.RDI, r.RSI, r.RDX, r.R10, r.R8 = nr, a1, a2, a3, a4, a5
	hypercall(r)
	return r
}

// ext is an entry of a multicall that makes one mmuext_op; its argument lies in
// a page of the guest.
func ext(page int, cmd uint32, arg mfn) abi.MulticallEntry {
	at := put(page, 0x800, abi.MMUExtOp{Cmd: cmd, Arg1: uint64(arg)})
	return abi.MulticallEntry{Op: abi.HypercallMMUExtOp, Args: [6]uint64{at, 1, 0, abi.DomidSelf}, Result: 77}
}

// A list ends at an iret: the entries behind it were written for another mode and
// address space than the vCPU has now. Without this rule a root could be freed
// while CR3 holds it, or the vCPU could run without a root.
func TestMulticallEndsAtIret(t *testing.T) {
	for name, rest := range map[string]func(user, other mfn, v *VCPU) []abi.MulticallEntry{
		"another root, and the old one as data": func(user, other mfn, _ *VCPU) []abi.MulticallEntry {
			req := put(9, 0x800, abi.MMUUpdate{Ptr: uint64(user)<<pageShift | 8, Val: entryTo(user, pteW|pteU)})
			return []abi.MulticallEntry{ext(3, abi.MMUExtNewUserBaseptr, other), ext(5, abi.MMUExtUnpin, user),
				{Op: abi.HypercallMMUUpdate, Args: [6]uint64{req, 1, 0, abi.DomidSelf}, Result: 77}}
		},
		"no root": func(_, _ mfn, v *VCPU) []abi.MulticallEntry {
			return []abi.MulticallEntry{ext(3, abi.MMUExtNewUserBaseptr, 0), ext(5, abi.MMUExtNewBaseptr, v.arch.guestTable)}
		},
		"iret": func(_, _ mfn, _ *VCPU) []abi.MulticallEntry {
			return []abi.MulticallEntry{{Op: abi.HypercallIret, Result: 77}}
		},
		"an entry that is preempted": func(_, _ mfn, _ *VCPU) []abi.MulticallEntry {
			raiseSoft(softTimer)
			return []abi.MulticallEntry{ext(3, abi.MMUExtTLBFlushLocal, 0)}
		},
	} {
		world(t, 1)
		free := heap.nfree
		d, v, m := onGuest(t, 1)
		user := secondSpace(t, d, v)
		other := allocDomainPage(d)
		r := guestRegs()
		*r = regs{RIP: 0x500, CS: abi.FlatKernelCS, SS: abi.FlatKernelSS, RFLAGS: flagIF | 2}
		r.RSP = put(7, 0, abi.IretContext{RAX: 99, RIP: 0x600, CS: abi.FlatKernelCS | 3, SS: abi.FlatKernelSS, RSP: 0x700, RFLAGS: flagIF})
		testCPU.core.softirq = 0
		entries := [6]abi.MulticallEntry{{Op: abi.HypercallIret, Result: 77}}
		n := 1 + copy(entries[1:], rest(user, other, v))
		enterCall(abi.HypercallMulticall, put(1, 0, entries), uint64(n), 0, 0, 0)
		testCPU.core.softirq = 0
		if v.kernelMode() || r.RIP != 0x600 || r.RSP != 0x700 || r.RAX != 99 {
			t.Errorf("%s: kernel mode %v, RIP %#x, RSP %#x, RAX %d", name, v.kernelMode(), r.RIP, r.RSP, r.RAX)
		}
		if v.arch.guestTableUser != user || pageOf(user).typ&ptPinned == 0 || v.arch.mc.active {
			t.Errorf("%s: entries behind the iret were executed", name)
		}
		writeCR3(uint64(m[0]) << pageShift)
		list := got[[6]abi.MulticallEntry](uint64(pageVA + 1<<12))
		for i := range n {
			if list[i].Result != 77 {
				t.Errorf("%s: result %d of entry %d", name, list[i].Result, i)
			}
		}
		writeCR3(v.cr3())
		counted(t, d)
		d.shutDown(0)
		ended(t, free, d)
	}
}

// Without a root for user mode there is no user mode: an iret to it is the
// guest's error.
func TestIretWithoutUserRoot(t *testing.T) {
	for _, batched := range []bool{false, true} {
		world(t, 1)
		free := heap.nfree
		d, v, m := onGuest(t, 1)
		secondSpace(t, d, v)
		testCPU.core.softirq = 0
		r := guestRegs()
		*r = regs{RIP: 0x500, CS: abi.FlatKernelCS, SS: abi.FlatKernelSS, RFLAGS: flagIF | 2}
		r.RSP = put(7, 0, abi.IretContext{RIP: 0x600, CS: abi.FlatKernelCS | 3, SS: abi.FlatKernelSS, RFLAGS: flagIF})
		none := ext(3, abi.MMUExtNewUserBaseptr, 0)
		if batched {
			list := put(1, 0, [3]abi.MulticallEntry{none, {Op: abi.HypercallIret}, none})
			enterCall(abi.HypercallMulticall, list, 3, 0, 0, 0)
		} else {
			enterCall(none.Op, none.Args[0], none.Args[1], 0, abi.DomidSelf, 0)
			enterCall(abi.HypercallIret, 0, 0, 0, 0, 0)
		}
		if !d.shutdown || !v.kernelMode() || testCR3[0] != uint64(m[0])<<pageShift || v.arch.mc.active {
			t.Errorf("batched %v: shut down %v, kernel mode %v, CR3 %#x", batched, d.shutdown, v.kernelMode(), testCR3[0])
		}
		counted(t, d)
		ended(t, free, d)
	}
}
