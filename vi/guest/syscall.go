package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// System call numbers of Linux on x86-64.
const (
	sysNRRead         = 0
	sysNRWrite        = 1
	sysNROpen         = 2
	sysNRClose        = 3
	sysNRPoll         = 7
	sysNRLseek        = 8
	sysNRMmap         = 9
	sysNRMunmap       = 11
	sysNRBrk          = 12
	sysNRIoctl        = 16
	sysNRPipe         = 22
	sysNRSchedYield   = 24
	sysNRDup          = 32
	sysNRDup2         = 33
	sysNRNanosleep    = 35
	sysNRGetpid       = 39
	sysNRFork         = 57
	sysNRExecve       = 59
	sysNRExit         = 60
	sysNRWait4        = 61
	sysNRGetppid      = 110
	sysNRArchPrctl    = 158
	sysNRClockGettime = 228
	sysNRExitGroup    = 231
)

// syscall runs one system call: number in RAX, arguments in RDI, RSI, RDX,
// R10, R8, R9, result in RAX.
func syscall(f *trapFrame) {
	if f.RAX == sysNRExecve {
		// On success f holds the new program's registers.
		if r := sysExecve(f, f.RDI, f.RSI); r < 0 {
			f.RAX = uint64(r)
		}
		return
	}
	f.RAX = uint64(dispatch(f))
}

func dispatch(f *trapFrame) int64 {
	switch f.RAX {
	case sysNRRead:
		return sysRead(f.RDI, f.RSI, f.RDX)
	case sysNRWrite:
		return sysWrite(f.RDI, f.RSI, f.RDX)
	case sysNROpen:
		return sysOpen(f.RDI, f.RSI)
	case sysNRPoll:
		return sysPoll(f.RDI, f.RSI, f.RDX)
	case sysNRLseek:
		return sysLseek(f.RDI, f.RSI, f.RDX)
	case sysNRIoctl:
		return sysIoctl(f.RDI, f.RSI, f.RDX)
	case sysNRClose:
		return sysClose(f.RDI)
	case sysNRMmap:
		if f.R10&mapAnonymous == 0 {
			return sysMmapFile(f.RSI, f.RDX, f.R8, f.R9)
		}
		return sysMmap(f.RDI, f.RSI, f.RDX, f.R10)
	case sysNRMunmap:
		return sysMunmap(f.RDI, f.RSI)
	case sysNRBrk:
		return sysBrk(f.RDI)
	case sysNRPipe:
		return sysPipe(f.RDI)
	case sysNRSchedYield:
		yield()
		return 0
	case sysNRDup:
		return sysDup(f.RDI)
	case sysNRDup2:
		return sysDup2(f.RDI, f.RSI)
	case sysNRNanosleep:
		return sysNanosleep(f.RDI)
	case sysNRGetpid:
		return int64(current.pid)
	case sysNRFork:
		return fork(f)
	case sysNRExit, sysNRExitGroup:
		exit(uint32(f.RDI&0xff) << 8)
	case sysNRWait4:
		return sysWait4(f.RDI, f.RSI, f.RDX)
	case sysNRGetppid:
		return int64(current.parent.pid)
	case sysNRArchPrctl:
		return sysArchPrctl(f.RDI, f.RSI)
	case sysNRClockGettime:
		return sysClockGettime(f.RSI)
	}
	if moreCalls != nil {
		return moreCalls(f)
	}
	return -abi.ENOSYS
}

// moreCalls are the system calls of kernels that have a disk or a network.
var moreCalls func(f *trapFrame) int64

// mapAnonymous is mmap's flag for memory that is no file's.
const mapAnonymous = 0x20

// sysMmap maps anonymous private memory where there is room; fixed addresses
// are not supported.
func sysMmap(hint, length, prot, flags uint64) int64 {
	const private, fixed = 2, 0x10
	if length == 0 || flags&(private|fixed|mapAnonymous) != private|mapAnonymous {
		return -abi.EINVAL
	}
	length = (length + pageSize - 1) &^ (pageSize - 1)
	l := &current.space.vmas
	at, ok := l.gap(userMap, length)
	if !ok {
		return -abi.ENOMEM
	}
	if r := l.add(vma{start: at, end: at + length, prot: uint8(prot & 7)}); r < 0 {
		return r
	}
	return int64(at)
}

func sysMunmap(start, length uint64) int64 {
	if start&(pageSize-1) != 0 || length == 0 || length > userEnd || start > userEnd-length {
		return -abi.EINVAL
	}
	end := start + (length+pageSize-1)&^(pageSize-1)
	releaseForeign(start, end)
	if r := current.space.vmas.cut(start, end); r < 0 {
		return r
	}
	current.space.unmap(start, end)
	return 0
}

// sysBrk moves the heap's end and returns it, moved or not (brk(2), Linux).
func sysBrk(to uint64) int64 {
	s := &current.space
	oldEnd := (s.brk + pageSize - 1) &^ (pageSize - 1)
	newEnd := (to + pageSize - 1) &^ (pageSize - 1)
	switch {
	case to < s.brkStart || newEnd > userMap:
	case newEnd > oldEnd:
		// Cut the old range and make one new range, however often the heap
		// grows.
		s.vmas.cut(s.brkStart, oldEnd)
		if s.vmas.add(vma{start: s.brkStart, end: newEnd, prot: protRead | protWrite}) == 0 {
			s.brk = to
		}
	default:
		if newEnd < oldEnd && s.vmas.cut(newEnd, oldEnd) == 0 {
			s.unmap(newEnd, oldEnd)
		}
		s.brk = to
	}
	return int64(s.brk)
}

func sysNanosleep(req uint64) int64 {
	var ts [2]uint64
	if !copyIn(addr(unsafe.Pointer(&ts)), req, 16) {
		return -abi.EFAULT
	}
	if ts[0] > 1000000 || ts[1] >= 1000000000 {
		return -abi.EINVAL
	}
	sleepUntil(now() + ts[0]*1000000000 + ts[1])
	return 0
}

func sysWait4(pid, status, options uint64) int64 {
	want := uint32(pid)
	if int32(pid) <= 0 {
		want = 0
	}
	got, st, r := waitChild(want, options&1 == 0)
	if r < 0 || got == 0 {
		return r
	}
	if status != 0 && !copyOut(status, addr(unsafe.Pointer(&st)), 4) {
		return -abi.EFAULT
	}
	return int64(got)
}

func sysArchPrctl(code, base uint64) int64 {
	const setGS, setFS, getFS = 0x1001, 0x1002, 0x1003
	switch code {
	case setGS:
		if base >= userEnd {
			return -abi.EINVAL
		}
		current.gsBase = base
		return hypercall(abi.HypercallSetSegmentBase, abi.SegbaseGSUser, base, 0, 0)
	case setFS:
		if base >= userEnd {
			return -abi.EINVAL
		}
		current.fsBase = base
		return hypercall(abi.HypercallSetSegmentBase, abi.SegbaseFS, base, 0, 0)
	case getFS:
		if !copyOut(base, addr(unsafe.Pointer(&current.fsBase)), 8) {
			return -abi.EFAULT
		}
		return 0
	}
	return -abi.EINVAL
}

func sysClockGettime(out uint64) int64 {
	t := now()
	ts := [2]uint64{t / 1000000000, t % 1000000000}
	if !copyOut(out, addr(unsafe.Pointer(&ts)), 16) {
		return -abi.EFAULT
	}
	return 0
}
