package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Space is an address space: a root for the kernel (user half and kernel half)
// and one for user mode (user half only), which share the tables below. The
// user half is one L2 table, 1 GiB.
type Space struct {
	kernelRoot, userRoot uint32
	l3, l2               uint32
	pinned               bool // tables are read-only and known to the hypervisor
	vmas                 vmaList
	brkStart, brk        uint64
}

// The user half lies below userEnd, so that few entries have to be searched.
const (
	userEnd    = 128 << 20
	userTables = userEnd / l1Span
	userStack  = 0x400000 // end of the stack; programs are linked above
	stackBytes = 64 << 10
	userMap    = 0x800000 // lowest address that mmap chooses
)

// build makes empty tables in writable memory.
func (s *Space) build() bool {
	*s = Space{}
	s.kernelRoot, s.userRoot, s.l3, s.l2 = allocZero(), allocZero(), allocZero(), allocZero()
	if s.kernelRoot == 0 || s.userRoot == 0 || s.l3 == 0 || s.l2 == 0 {
		for _, p := range [4]uint32{s.kernelRoot, s.userRoot, s.l3, s.l2} {
			if p != 0 {
				mem.drop(p)
			}
		}
		return false
	}
	tableAt(s.kernelRoot)[511] = tableAt(bootRoot)[511]
	tableAt(s.kernelRoot)[0] = pteFor(s.l3, pteTable)
	tableAt(s.userRoot)[0] = pteFor(s.l3, pteTable)
	tableAt(s.l3)[0] = pteFor(s.l2, pteTable)
	return true
}

// lookup finds the L1 table and index of an address; 0 when there is no table.
func (s *Space) lookup(va uint64) (t uint32, i int) {
	i = int(va >> 12 & 511)
	if l2e := tableAt(s.l2)[va>>21&511]; l2e&ptePresent != 0 {
		t = ptePage(l2e)
	}
	return t, i
}

// run is the entries of one L1 table that map [va, end) as far as the table
// goes: the table (0 if there is none), the first index and their number.
func (s *Space) run(va, end uint64) (t uint32, first, n int) {
	t, first = s.lookup(va)
	n = min(512-first, int((end-va)/pageSize))
	return t, first, n
}

// pte is the entry that maps an address, 0 if none.
func (s *Space) pte(va uint64) uint64 {
	if t, i := s.lookup(va); t != 0 {
		return tableAt(t)[i]
	}
	return 0
}

// set maps an address by an entry, adding a table where needed. It is false
// when there is no memory for the table.
func (s *Space) set(va, pte uint64) bool {
	t, i := s.lookup(va)
	if t == 0 {
		if t = s.addTable(va); t == 0 {
			return false
		}
	}
	switch {
	case !s.pinned:
		tableAt(t)[i] = pte
	case s == &current.space:
		must("update_va_mapping", updateVA(va, pte, abi.UVMFInvlpg))
	default:
		req := [1]abi.MMUUpdate{{Ptr: pteMachine(t, i), Val: pte}}
		must("mmu_update", mmuUpdate(req[:]))
	}
	return true
}

func (s *Space) addTable(va uint64) uint32 {
	t := allocZero()
	if t == 0 {
		return 0
	}
	i := int(va >> 21 & 511)
	vacant(tableAt(s.l2)[i])
	if !s.pinned {
		tableAt(s.l2)[i] = pteFor(t, pteTable)
		return t
	}
	must("table read-only", updateVA(kva(t), pteFor(t, pteKernel&^pteWrite), abi.UVMFInvlpg))
	req := [1]abi.MMUUpdate{{Ptr: pteMachine(s.l2, i), Val: pteFor(t, pteTable)}}
	must("user table", mmuUpdate(req[:]))
	return t
}

// protect adds to the batch that a table's page in the direct map becomes
// read-only or writable again.
func protect(t uint32, flags uint64) {
	batchAdd(abi.HypercallUpdateVAMapping, kva(t), pteFor(t, flags), abi.UVMFInvlpg, 0)
}

func (s *Space) protectTables(flags uint64) {
	for _, t := range [4]uint32{s.kernelRoot, s.userRoot, s.l3, s.l2} {
		protect(t, flags)
	}
	for _, e := range tableAt(s.l2)[:userTables] {
		if e&ptePresent != 0 {
			protect(ptePage(e), flags)
		}
	}
}

// pinOps are operands of batched mmuext_op calls; they must stay in place
// until the batch is flushed.
var pinOps [2]abi.MMUExtOp

func (s *Space) batchRoots(kernelCmd, userCmd uint32) {
	pinOps[0] = abi.MMUExtOp{Cmd: kernelCmd, Arg1: p2m[s.kernelRoot]}
	pinOps[1] = abi.MMUExtOp{Cmd: userCmd}
	if s.userRoot != 0 { // the kernel's own thread has no user root: page 0 stands for that
		pinOps[1].Arg1 = p2m[s.userRoot]
	}
	batchAdd(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&pinOps)), 2, 0, abi.DomidSelf)
}

// pin hands the finished tables to the hypervisor.
func (s *Space) pin() {
	s.protectTables(pteKernel &^ pteWrite)
	s.batchRoots(abi.MMUExtPinL4, abi.MMUExtPinL4)
	batchFlush()
	s.pinned = true
}

// activate makes s the current address space. The caller has added the other
// parts of the switch to the batch.
func (s *Space) activate() {
	s.batchRoots(abi.MMUExtNewBaseptr, abi.MMUExtNewUserBaseptr)
	batchFlush()
}

// destroy frees the tables and what they map. s must not be active.
func (s *Space) destroy() {
	if s.pinned {
		s.batchRoots(abi.MMUExtUnpin, abi.MMUExtUnpin)
		s.protectTables(pteKernel)
		batchFlush()
		s.pinned = false
	}
	for i := range s.vmas.v[:s.vmas.n] {
		v := &s.vmas.v[i]
		for va := v.start; va < v.end; {
			t, first, n := s.run(va, v.end)
			va += uint64(n) * pageSize
			if t == 0 {
				continue
			}
			for i := first; i < first+n; i++ {
				if pte := tableAt(t)[i]; pte != 0 && v.owns(pte) {
					mem.drop(ptePage(pte))
				}
				tableAt(t)[i] = 0
			}
		}
	}
	if s.l2 != 0 {
		s.emptyTables()
	}
	for _, t := range [4]uint32{s.kernelRoot, s.userRoot, s.l3, s.l2} {
		mem.drop(t)
	}
	*s = Space{}
}

// emptyTables takes the tables of s out of each other, and checks that they hold
// nothing besides.
func (s *Space) emptyTables() {
	for i := range userTables {
		e := &tableAt(s.l2)[i]
		if *e&ptePresent != 0 {
			t := ptePage(*e)
			s.is(*e, t)
			emptied(t, false)
			mem.drop(t)
			*e = 0
		}
	}
	s.takeOut(s.l3, 0, s.l2)
	s.takeOut(s.userRoot, 0, s.l3)
	s.takeOut(s.kernelRoot, 0, s.l3)
	if e := &tableAt(s.kernelRoot)[511]; (*e^tableAt(bootRoot)[511])&^(pteAccessed|pteDirty) == 0 {
		*e = 0
	}
	emptied(s.l2, false)
	emptied(s.l3, false)
	emptied(s.userRoot, true)
	emptied(s.kernelRoot, true)
}

// takeOut takes entry i, which must be that of table of, out of a table.
func (s *Space) takeOut(from uint32, i int, of uint32) {
	e := &tableAt(from)[i]
	s.is(*e, of)
	*e = 0
}
