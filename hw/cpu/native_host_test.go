//go:build linux && amd64

package cpu

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// hostCPU is a traced process without any run-time system: an ELF file of our
// own making whose first instruction is a breakpoint. Its thread is bound to
// one OS thread of the parent, as ptrace wants.
type hostCPU struct {
	pid int
	mem *os.File
}

// startHost runs the child. The caller has locked its OS thread.
func startHost(t *testing.T) *hostCPU {
	t.Helper()
	path := filepath.Join(t.TempDir(), "native")
	if err := os.WriteFile(path, nativeELF(), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	runtime.LockOSThread()
	if err := cmd.Start(); err != nil {
		t.Skipf("cannot trace a native child here, so nothing was compared with the host: %v", err)
	}
	h := &hostCPU{pid: cmd.Process.Pid}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(h.pid, &ws, 0, nil); err != nil || !ws.Stopped() {
		t.Fatalf("native child did not stop: %v %v", err, ws)
	}
	const exitKill = 0x100000
	err := syscall.PtraceSetOptions(h.pid, exitKill)
	if err == nil {
		h.mem, err = os.OpenFile(fmt.Sprintf("/proc/%d/mem", h.pid), os.O_RDWR, 0)
	}
	if err != nil {
		syscall.Kill(h.pid, syscall.SIGKILL)
		t.Skipf("cannot trace a native child here, so nothing was compared with the host: %v", err)
	}
	t.Cleanup(func() {
		h.mem.Close()
		syscall.Kill(h.pid, syscall.SIGKILL)
		syscall.Wait4(h.pid, &ws, 0, nil)
		runtime.UnlockOSThread()
	})
	return h
}

// nativeELF is an executable with a code page (read, write, execute) and data
// pages (read, write).
func nativeELF() []byte {
	const headers = 64 + 2*56
	le := binary.LittleEndian
	f := make([]byte, 0x1000+0x1000)
	copy(f, "\x7fELF\x02\x01\x01")
	le.PutUint16(f[16:], 2)  // ET_EXEC
	le.PutUint16(f[18:], 62) // x86-64
	le.PutUint32(f[20:], 1)
	le.PutUint64(f[24:], nativeCode)
	le.PutUint64(f[32:], 64)
	le.PutUint16(f[52:], 64)
	le.PutUint16(f[54:], 56)
	le.PutUint16(f[56:], 2)
	segment := func(i int, flags uint32, va, offset, inFile, inMem uint64) {
		p := f[64+56*i:]
		le.PutUint32(p, 1) // PT_LOAD
		le.PutUint32(p[4:], flags)
		for j, v := range []uint64{offset, va, va, inFile, inMem, 0x1000} {
			le.PutUint64(p[8+8*j:], v)
		}
	}
	segment(0, 7, nativeCode, 0x1000, 0x1000, 0x1000)
	segment(1, 6, nativeData, 0, 0, nativeSize)
	for i := range f[0x1000:] {
		f[0x1000+i] = 0xcc
	}
	return f[:max(len(f), headers)]
}

const (
	ptraceGetFPRegs  = 14
	ptraceSetFPRegs  = 15
	ptraceGetSigInfo = 0x4202
)

func (h *hostCPU) ptrace(request int, p unsafe.Pointer) {
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(h.pid), 0, uintptr(p), 0, 0); e != 0 {
		panic(fmt.Sprintf("BUG: ptrace request %#x: %v", request, e))
	}
}

// run executes code at its place in the code page from the given state until
// an exception.
func (h *hostCPU) run(code []byte, in *nativeState) nativeEnd {
	h.write(nativeCode, codePage(code))
	h.write(nativeData, in.Data[:])
	var regs syscall.PtraceRegs
	h.ptrace(syscall.PTRACE_GETREGS, unsafe.Pointer(&regs))
	if regs.Cs != userCS && regs.Cs != xenCS {
		panic(fmt.Sprintf("BUG: the native child runs with CS %#x: something entered the kernel by another door", regs.Cs))
	}
	putRegs(&regs, in)
	h.ptrace(syscall.PTRACE_SETREGS, unsafe.Pointer(&regs))
	fx := in.FX
	h.ptrace(ptraceSetFPRegs, unsafe.Pointer(&fx))

	var out nativeEnd
	sig := h.resume()
	defer h.clearID(&regs)
	if sig < 0 {
		out.Vector = vectorDead
		return out
	}
	out.Vector, out.Addr = h.vector(sig)
	h.ptrace(syscall.PTRACE_GETREGS, unsafe.Pointer(&regs))
	getRegs(&regs, &out.nativeState)
	h.ptrace(ptraceGetFPRegs, unsafe.Pointer(&out.FX))
	if _, err := h.mem.ReadAt(out.Data[:], nativeData); err != nil {
		panic(fmt.Sprintf("BUG: reading the native child's data: %v", err))
	}
	return out
}

// clearID takes back RFLAGS.ID where a POPF has set it: ptrace cannot, and the next
// run would start with it.
func (h *hostCPU) clearID(regs *syscall.PtraceRegs) {
	if regs.Eflags&FlagID == 0 {
		return
	}
	h.write(nativeCode, codePage([]byte{0x9d})) // POPF
	h.write(nativeData, []byte{2, 2, 0, 0, 0, 0, 0, 0})
	regs.Rip, regs.Rsp = nativeCode+nativeText, nativeData
	h.ptrace(syscall.PTRACE_SETREGS, unsafe.Pointer(regs))
	h.resume()
	regs.Eflags = 0
}

// cpuid executes CPUID in the child; a leaf beyond the host's last is zero.
func (h *hostCPU) cpuid(leaf, sub uint32) (r [4]uint32) {
	ask := func(leaf, sub uint32) [4]uint32 {
		in := &nativeState{RIP: nativeCode + nativeText, RFLAGS: 0x202}
		in.GPR[RAX], in.GPR[RCX], in.GPR[RSP] = uint64(leaf), uint64(sub), nativeData+0x1000
		binary.LittleEndian.PutUint32(in.FX[fxMXCSR:], 0x1f80)
		out := h.run([]byte{0x0f, 0xa2}, in)
		if out.Vector != 3 {
			return [4]uint32{}
		}
		return [4]uint32{uint32(out.GPR[RAX]), uint32(out.GPR[RBX]), uint32(out.GPR[RCX]), uint32(out.GPR[RDX])}
	}
	if ask(leaf&0x80000000, 0)[0] < leaf {
		return r
	}
	return ask(leaf, sub)
}

func (h *hostCPU) write(va int64, b []byte) {
	if _, err := h.mem.WriteAt(b, va); err != nil {
		panic(fmt.Sprintf("BUG: writing the native child at %#x: %v", va, err))
	}
}

// hangsAfter is how much processor time the child gets: a wait by the clock would
// end too early where the machine is busy.
const hangsAfter = 100 * time.Millisecond

// resume lets the child run to its next signal; SIGSTOP means that it ran too
// long, a negative number that it is dead.
func (h *hostCPU) resume() syscall.Signal {
	used := h.used()
	for range 100 { // of those in which it may have waited for its turn
		sig := h.resumeFor(hangsAfter)
		if sig != syscall.SIGSTOP || h.used()-used >= hangsAfter {
			return sig
		}
	}
	return syscall.SIGSTOP
}

// used is the processor time that the child has had, from the clock that Linux
// keeps of a process.
func (h *hostCPU) used() time.Duration {
	var ts syscall.Timespec
	clock := ^uintptr(h.pid)<<3 | 2 // CPUCLOCK_SCHED
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}

func (h *hostCPU) resumeFor(limit time.Duration) syscall.Signal {
	timer := time.AfterFunc(limit, func() { syscall.Kill(h.pid, syscall.SIGSTOP) })
	defer timer.Stop()
	if err := syscall.PtraceCont(h.pid, 0); err != nil {
		return -1
	}
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(h.pid, &ws, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || !ws.Stopped() {
			return -1
		}
		return ws.StopSignal()
	}
}

// vector turns a signal back into the exception that caused it. Linux sends
// SIGFPE for #MF and #XM alike; both are called 19 here.
func (h *hostCPU) vector(sig syscall.Signal) (int, uint64) {
	var info [128]byte
	h.ptrace(ptraceGetSigInfo, unsafe.Pointer(&info))
	code := int32(binary.LittleEndian.Uint32(info[8:]))
	addr := binary.LittleEndian.Uint64(info[16:])
	const kernel = 0x80
	switch sig {
	case syscall.SIGTRAP:
		if code == kernel {
			return 3, 0
		}
		return 1, 0
	case syscall.SIGSEGV:
		if code == kernel {
			return 13, 0
		}
		return 14, addr
	case syscall.SIGBUS:
		if code == 1 {
			return 17, 0
		}
		return 12, 0
	case syscall.SIGILL:
		return 6, 0
	case syscall.SIGFPE:
		if code == 1 {
			return 0, 0
		}
		return 19, 0
	case syscall.SIGSTOP:
		return vectorHang, 0
	}
	return 1000 + int(sig), 0
}

func regPointers(r *syscall.PtraceRegs) [16]*uint64 {
	return [16]*uint64{&r.Rax, &r.Rcx, &r.Rdx, &r.Rbx, &r.Rsp, &r.Rbp, &r.Rsi, &r.Rdi,
		&r.R8, &r.R9, &r.R10, &r.R11, &r.R12, &r.R13, &r.R14, &r.R15}
}

func putRegs(r *syscall.PtraceRegs, s *nativeState) {
	for i, p := range regPointers(r) {
		*p = s.GPR[i]
	}
	r.Rip, r.Eflags = s.RIP, s.RFLAGS
	r.Fs_base, r.Gs_base = 0, 0
	r.Orig_rax = ^uint64(0) // no system call to restart
}

func getRegs(r *syscall.PtraceRegs, s *nativeState) {
	for i, p := range regPointers(r) {
		s.GPR[i] = *p
	}
	s.RIP, s.RFLAGS = r.Rip, r.Eflags
}
