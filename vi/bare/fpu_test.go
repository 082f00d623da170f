package bare

import (
	"encoding/binary"
	"runtime"
	"testing"
	"unsafe"
)

// TestForgetFPU gives the x87 error pointers known values. After ForgetFPU they
// must not be in FXSAVE's image.
func TestForgetFPU(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	buf := make([]byte, 3*512+16)
	base := uintptr(unsafe.Pointer(&buf[0]))
	buf = buf[-base&15:]
	own, others, after := buf[:512], buf[512:1024], buf[1024:1536]
	const secret = 0x1234_5678_9abc
	le := binary.LittleEndian
	FXSave(&own[0])
	copy(others, own)
	le.PutUint16(others[0:], 0x37b) // division by zero is not masked
	le.PutUint16(others[2:], 0x8084)
	le.PutUint64(others[8:], secret)
	le.PutUint64(others[16:], secret)
	FXRestore(&others[0])
	ForgetFPU()
	FXSave(&after[0])
	FXRestore(&own[0])
	if ip := le.Uint64(after[8:]); ip == secret { // FDP stays on processors where only exceptions set it
		t.Errorf("after ForgetFPU: FIP %#x", ip)
	}
	if le.Uint16(after[2:])&0x80 != 0 {
		t.Errorf("after ForgetFPU: status %#x", le.Uint16(after[2:]))
	}
}
