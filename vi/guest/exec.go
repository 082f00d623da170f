package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/xenelf"
)

// maxArgs and argBytes bound what exec passes on.
const (
	maxArgs  = 8
	argBytes = 512
)

// args are the strings of an exec in progress; exec does not sleep.
var args struct {
	n   int
	at  [maxArgs]uint16
	len int
	buf [argBytes]byte
}

// addArg appends a string.
func addArg(s []byte) bool {
	if args.n == maxArgs || args.len+len(s)+1 > argBytes {
		return false
	}
	args.at[args.n] = uint16(args.len)
	args.n++
	args.len += copy(args.buf[args.len:], s)
	args.buf[args.len] = 0
	args.len++
	return true
}

// copyInArgs reads a null-terminated vector of strings.
func copyInArgs(argv uint64) int64 {
	args.n, args.len = 0, 0
	for ; ; argv += 8 {
		s, ok := copyInWord(argv)
		if !ok {
			return -abi.EFAULT
		}
		if s == 0 {
			return 0
		}
		if args.n == maxArgs {
			return -abi.E2BIG
		}
		n := copyInString(args.buf[args.len:], s)
		if n < 0 {
			return -abi.EFAULT
		}
		args.at[args.n] = uint16(args.len)
		args.n++
		args.len += n + 1
	}
}

// programName is the name of the only file of a module that is no archive: "/" and the
// word of the command line that names the workload.
func programName(buf []byte) []byte {
	buf[0] = '/'
	return buf[:1+copy(buf[1:], textOption("workload="))]
}

// sysExecve replaces the current program.
func sysExecve(f *trapFrame, path, argv uint64) int64 {
	var name [32]byte
	n := copyInString(name[:], path)
	if n < 0 {
		return -abi.EFAULT
	}
	program, ok := findProgram(name[:n])
	if !ok {
		return -abi.ENOENT
	}
	if r := copyInArgs(argv); r < 0 {
		return r
	}
	return load(current, f, program)
}

// load gives a process a new address space with a program of the module and
// args on its stack, and fills f with its first registers.
func load(p *Proc, f *trapFrame, from place) int64 {
	program := xenelf.File(Module()[from.at:][:from.size])
	if program.Check() != "" {
		return -abi.ENOEXEC
	}
	var s Space
	if !s.build() {
		return -abi.ENOMEM
	}
	r := s.mapProgram(program, from.at)
	sp := uint64(0)
	if r == 0 {
		sp, r = s.pushArgs()
	}
	if r < 0 {
		s.destroy()
		return r
	}
	s.pin()
	if p == current {
		releaseForeign(0, userEnd)
	}
	old := p.space
	p.space = s
	p.fsBase, p.gsBase = 0, 0
	if p == current {
		setData(0, 0)
		batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseFS, 0, 0, 0)
		batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseGSUser, 0, 0, 0)
		bare.ForgetFPU()
		p.space.activate()
		old.destroy()
	}
	*f = trapFrame{RIP: program.Header().Entry, CS: abi.FlatUserCS, RFLAGS: 0x202, RSP: sp, SS: abi.FlatUserSS}
	blockAt(p.base).initFPU()
	return 0
}

// mapProgram makes ranges of the loadable segments of a program, which lies in the module
// from at on, and of the stack.
func (s *Space) mapProgram(program xenelf.File, at uint64) int64 {
	for i := range program.Segments() {
		p := program.Segment(i)
		if p.Kind != xenelf.Load {
			continue
		}
		if (p.Vaddr-p.Offset)&(pageSize-1) != 0 {
			return -abi.ENOEXEC
		}
		v := vma{start: p.Vaddr &^ (pageSize - 1), end: (p.Vaddr + p.MemSize + pageSize - 1) &^ (pageSize - 1), file: true}
		v.fileOff = at + p.Offset&^(pageSize-1)
		v.fileEnd = p.Vaddr + p.FileSize
		v.prot = uint8(p.Flags>>2&1 | p.Flags&2 | p.Flags&1<<2) // ELF has R=4 W=2 X=1
		if r := s.vmas.add(v); r < 0 {
			return -abi.ENOEXEC
		}
		s.brkStart = max(s.brkStart, v.end)
	}
	s.brk = s.brkStart
	return s.vmas.add(vma{start: userStack - stackBytes, end: userStack, prot: protRead | protWrite})
}

// pushArgs fills the stack's last page as the System V ABI has it (3.4.1):
// argc, argv, an empty environment and an empty auxiliary vector.
func (s *Space) pushArgs() (uint64, int64) {
	p := allocZero()
	if p == 0 {
		return 0, -abi.ENOMEM
	}
	if !s.set(userStack-pageSize, pteFor(p, ptePresent|pteWrite|pteUser|pteAccessed|pteDirty|pteNX)) {
		mem.drop(p)
		return 0, -abi.ENOMEM
	}
	page := bytesAt(p)
	strings := pageSize - argBytes
	copy(page[strings:], args.buf[:args.len])
	words := args.n + 5 // argc, argv, null, null, auxv
	sp := (strings - words*8) &^ 15
	at := (*[64]uint64)(unsafe.Pointer(&page[sp]))
	at[0] = uint64(args.n)
	for i := range args.n {
		at[1+i] = userStack - pageSize + uint64(strings) + uint64(args.at[i])
	}
	return userStack - pageSize + uint64(sp), 0
}
