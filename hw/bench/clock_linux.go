package bench

import (
	"runtime"
	"syscall"
	"time"
)

// Time runs f and returns the processor time that its thread took, which
// other processes disturb less than the time on the wall.
func Time(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := threadTime()
	f()
	return threadTime() - begin
}

const rusageThread = 1

func threadTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		panic("BUG: bench: the kernel does not tell the time of a thread: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
