//go:build linux && amd64

// Command contexts is run by Linux as a guest, and says whether the processor keeps
// what a program has set: segment bases, a hardware watchpoint, ports it may use.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func readGS() uint64
func readGSBase() uint64
func writeGSBase(v uint64)
func selectorGS() uint64
func out(port uint16, b byte)

func main() {
	runtime.LockOSThread()
	if len(os.Args) > 1 {
		traced()
		return
	}
	report("gs base", keepsBase())
	report("fsgsbase", keepsWritten())
	report("watchpoint", watches())
	report("ports", usesPort())
}

func report(what string, err error) {
	if err != nil {
		fmt.Printf("contexts: %s: %v\n", what, err)
		return
	}
	fmt.Printf("contexts: %s ok\n", what)
}

const archSetGS, archGetGS = 0x1001, 0x1004

var words = [4]uint64{0x1122334455667788}

// keepsBase: a base set by arch_prctl outlives other threads' turns.
func keepsBase() error {
	base := uintptr(unsafe.Pointer(&words))
	if _, _, e := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, archSetGS, base, 0); e != 0 {
		return e
	}
	for range 20 {
		time.Sleep(time.Millisecond)
		if got := readGS(); got != words[0] {
			return fmt.Errorf("read %#x, want %#x", got, words[0])
		}
		var now uint64
		syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, archGetGS, uintptr(unsafe.Pointer(&now)), 0)
		if now != uint64(base) || selectorGS() != 0 {
			return fmt.Errorf("base %#x, selector %#x; want %#x, 0", now, selectorGS(), base)
		}
	}
	return nil
}

// keepsWritten: so does one that WRGSBASE has written, if Linux lets user mode do that.
func keepsWritten() error {
	if !mayWriteBases() {
		return fmt.Errorf("not offered")
	}
	writeGSBase(0x7f0012345678)
	for range 20 {
		time.Sleep(time.Millisecond)
		if got := readGSBase(); got != 0x7f0012345678 {
			return fmt.Errorf("base %#x", got)
		}
	}
	return nil
}

// mayWriteBases looks for HWCAP2_FSGSBASE in the auxiliary vector.
func mayWriteBases() bool {
	const hwcap2, fsgsbase = 26, 2
	b, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		return false
	}
	for ; len(b) >= 16; b = b[16:] {
		pair := (*[2]uint64)(unsafe.Pointer(&b[0]))
		if pair[0] == hwcap2 {
			return pair[1]&fsgsbase != 0
		}
	}
	return false
}

// debugOffset is where struct user has the debug registers (sys/user.h).
const debugOffset = 848

var watched uint64

// traced waits for its tracer, then writes what that watches.
func traced() {
	syscall.RawSyscall(syscall.SYS_PTRACE, syscall.PTRACE_TRACEME, 0, 0)
	syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	watched = 5
	os.Exit(7)
}

// watches: a store to a word on which a debugger has set a watchpoint stops the program.
func watches() error {
	p, err := syscall.ForkExec("/proc/self/exe", []string{"contexts", "traced"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}})
	if err != nil {
		return err
	}
	var s syscall.WaitStatus
	if _, err := syscall.Wait4(p, &s, syscall.WUNTRACED, nil); err != nil || !s.Stopped() {
		return fmt.Errorf("%v, status %#x before the watchpoint", err, s)
	}
	poke := func(n, v uintptr) error {
		if _, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, 6, uintptr(p), debugOffset+8*n, v, 0, 0); e != 0 {
			return fmt.Errorf("debug register %d: %w", n, e)
		}
		return nil
	}
	if err := poke(0, uintptr(unsafe.Pointer(&watched))); err != nil {
		return err
	}
	if err := poke(7, 1|0x9<<16); err != nil {
		return err
	}
	for { // signals of the runtime's pass
		if err := syscall.PtraceCont(p, 0); err != nil {
			return err
		}
		if _, err := syscall.Wait4(p, &s, 0, nil); err != nil {
			return err
		}
		if s.Exited() {
			return fmt.Errorf("it ended with %d and did not stop", s.ExitStatus())
		}
		if s.Stopped() && s.StopSignal() == syscall.SIGTRAP {
			break
		}
	}
	var six uint64
	syscall.RawSyscall6(syscall.SYS_PTRACE, 3, uintptr(p), debugOffset+8*6, uintptr(unsafe.Pointer(&six)), 0, 0)
	syscall.Kill(p, syscall.SIGKILL)
	if six&1 == 0 {
		return fmt.Errorf("DR6 is %#x", six)
	}
	return nil
}

// usesPort: a program that ioperm allows a port may write to it.
func usesPort() error {
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOPERM, 0x80, 1, 1); e != 0 {
		return e
	}
	out(0x80, 0)
	return nil
}
