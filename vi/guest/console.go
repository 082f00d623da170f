package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// line is the console line being put together; processor 0 only.
var line struct {
	n   int
	buf [128]byte
}

// Print adds text to the console line; a newline writes it out.
func Print(s string) {
	for i := 0; i < len(s); i++ {
		putc(s[i])
	}
}

// PrintBytes adds bytes; those that are no printable characters become dots.
func PrintBytes(b []byte) {
	for _, c := range b {
		if c < ' ' || c > '~' {
			c = '.'
		}
		putc(c)
	}
}

func putc(c byte) {
	if line.n == 0 {
		line.n = copy(line.buf[:], Prefix)
	}
	line.buf[line.n] = c
	line.n++
	if c == '\n' || line.n == len(line.buf) {
		if consoleRing != nil {
			ringWrite(line.buf[:line.n])
		} else {
			WriteConsole(line.buf[:line.n])
		}
		line.n = 0
	}
}

// Prefix begins each line. The control domain sets it to its name, because
// nobody else puts the name before its lines.
var Prefix string

// PrintHex adds a number in hexadecimal.
func PrintHex(v uint64) {
	Print("0x")
	s := 60
	for s > 0 && v>>uint(s) == 0 {
		s -= 4
	}
	for ; s >= 0; s -= 4 {
		putc("0123456789abcdef"[v>>uint(s)&15])
	}
}

// PrintDec adds a number in decimal.
func PrintDec(v uint64) {
	var d [20]byte
	n := 0
	for v >= 10 {
		d[n] = byte('0' + v%10)
		v /= 10
		n++
	}
	d[n] = byte('0' + v)
	for ; n >= 0; n-- {
		putc(d[n])
	}
}

// Die reports the kernel's end and reports a crash to the hypervisor.
func Die(why string, v uint64) {
	if line.n > 0 {
		putc('\n')
	}
	if probing != "" {
		probeFailed(v)
	}
	Print(seam.Error + " kernel: ")
	Print(why)
	putc(' ')
	PrintHex(v)
	putc('\n')
	Shutdown(abi.ShutdownCrash)
}

// Shutdown ends the domain.
func Shutdown(reason uint32) {
	arg := abi.SchedShutdown{Reason: reason}
	for {
		schedOp(abi.SchedopShutdown, unsafe.Pointer(&arg))
	}
}

// Failed reports what failed and where. main.failed calls it, to which the
// image builder redirects the runtime's failure functions.
func Failed(kind, pc uint64) {
	Print(seam.Error + " kernel: check ")
	PrintDec(kind)
	Die(" failed at", pc)
}
