package cpu

import (
	"encoding/binary"
	"testing"
)

// xsaveRig is ring-3 code with RDI at an area of zeros, and every component in use.
type xsaveRig struct {
	*emuCPU
	t  *testing.T
	in nativeState
}

func newXsaveRig(t *testing.T) *xsaveRig {
	r := &xsaveRig{emuCPU: startEmu(t), t: t}
	r.clean.CR4 |= CR4OSXSAVE
	r.clean.XCR0 = xcr0Known
	r.in = nativeState{RIP: nativeCode + nativeText, RFLAGS: 0x202}
	r.in.GPR[RDI], r.in.GPR[RAX] = nativeData, 7
	le := binary.LittleEndian
	le.PutUint16(r.in.FX[0:], fcwInit)
	le.PutUint32(r.in.FX[fxMXCSR:], 0x1fa0)
	r.in.FX[fxFTW] = 1
	for k := fxST; k < fxXMM+16*16; k += 8 {
		le.PutUint64(r.in.FX[k:], uint64(k)<<32|1)
		if k < fxXMM && k&8 != 0 {
			le.PutUint64(r.in.FX[k:], 0x3fff)
		}
	}
	return r
}

// at runs code and returns how it ended and the doubleword of data at off.
func (r *xsaveRig) run(code ...byte) (end nativeEnd, data func(off int) uint64) {
	r.t.Helper()
	end = r.emuCPU.run(code, &r.in)
	return end, func(off int) uint64 { return binary.LittleEndian.Uint64(end.Data[off:]) }
}

var (
	xsave64  = []byte{0x48, 0x0f, 0xae, 0x27}
	xsavec64 = []byte{0x48, 0x0f, 0xc7, 0x27}
	xrstor64 = []byte{0x48, 0x0f, 0xae, 0x2f}
	xgetbv   = []byte{0x0f, 0x01, 0xd0}
)

func TestXSAVE(t *testing.T) {
	r := newXsaveRig(t)
	end, data := r.run(xsave64...)
	if end.Vector != 3 || data(xHeader) != 3 || data(xHeader+8) != 0 || data(fxXMM) != uint64(fxXMM)<<32|1 || uint32(data(fxMXCSR)) != 0x1fa0 {
		t.Errorf("XSAVE: vector %d, header %#x %#x", end.Vector, data(xHeader), data(xHeader+8))
	}
	r.in.GPR[RAX] = 1 // x87 alone: no part of SSE is written
	end, data = r.run(xsave64...)
	if end.Vector != 3 || data(xHeader) != 1 || data(fxXMM) != 0 || data(fxMXCSR) != 0 || data(fxST) == 0 {
		t.Errorf("XSAVE of x87: vector %d, header %#x, XMM0 %#x", end.Vector, data(xHeader), data(fxXMM))
	}
	r.in.GPR[RAX] = 7
	clear(r.in.FX[fxXMM:])
	end, data = r.run(xsavec64...)
	if end.Vector != 3 || data(xHeader) != 3 || data(xHeader+8) != 3|xCompact {
		t.Errorf("XSAVEC with MXCSR changed: header %#x %#x", data(xHeader), data(xHeader+8))
	}
	binary.LittleEndian.PutUint32(r.in.FX[fxMXCSR:], mxcsrInit)
	end, data = r.run(xsavec64...)
	if end.Vector != 3 || data(xHeader) != 1 || data(fxMXCSR) != 0 {
		t.Errorf("XSAVEC with SSE in its initial state: header %#x", data(xHeader))
	}
}

func TestXRSTOR(t *testing.T) {
	r := newXsaveRig(t)
	saved, _ := r.run(xsave64...)
	r.in.Data = saved.Data
	want := saved.FX
	before := r.in.FX
	clear(r.in.FX[fxXMM:])
	if end, _ := r.run(xrstor64...); end.Vector != 3 || end.FX != want {
		t.Errorf("XRSTOR did not bring back what XSAVE wrote: vector %d", end.Vector)
	}
	r.in.FX = before
	r.in.Data[xHeader] = 1 // SSE is to be initialized
	end, _ := r.run(xrstor64...)
	if got := binary.LittleEndian.Uint64(end.FX[fxXMM:]); end.Vector != 3 || got != 0 || end.FX[fxMXCSR] != 0xa0 {
		t.Errorf("XRSTOR of x87 alone: XMM0 %#x, MXCSR %#x", got, end.FX[fxMXCSR])
	}
	for _, row := range []struct {
		name string
		at   int
		v    byte
	}{
		{"component beyond XCR0", xHeader, 4},
		{"reserved byte", xHeader + 16, 1},
		{"XCOMP_BV in the standard form", xHeader + 8, 1},
		{"MXCSR", fxMXCSR + 2, 1},
	} {
		r.in.Data = saved.Data
		r.in.Data[row.at] |= row.v
		if end, _ := r.run(xrstor64...); end.Vector != 13 || end.FX != saved.FX {
			t.Errorf("XRSTOR, %s: vector %d", row.name, end.Vector)
		}
	}
}

func TestXSAVEFaults(t *testing.T) {
	r := newXsaveRig(t)
	if end, _ := r.run(xgetbv...); end.Vector != 3 || end.GPR[RAX] != 3 || end.GPR[RDX] != 0 {
		t.Errorf("XGETBV: vector %d, %#x", end.Vector, end.GPR[RAX])
	}
	if end, _ := r.run(0x0f, 0x01, 0xd1); end.Vector != 13 {
		t.Errorf("XSETBV at level 3: vector %d", end.Vector)
	}
	r.in.GPR[RCX] = 1
	if end, _ := r.run(xgetbv...); end.Vector != 13 {
		t.Errorf("XGETBV of register 1: vector %d", end.Vector)
	}
	r.in.GPR[RDI] += 32
	if end, _ := r.run(xsave64...); end.Vector != 13 {
		t.Errorf("XSAVE at half a line: vector %d", end.Vector)
	}
	r.in.GPR[RDI] = nativeData + nativeSize - 512
	if end, _ := r.run(xsave64...); end.Vector != 14 {
		t.Errorf("XSAVE over the end: vector %d", end.Vector)
	}
	r.clean.CR0 |= CR0TS
	if end, _ := r.run(xsave64...); end.Vector != 7 {
		t.Errorf("XSAVE with TS: vector %d", end.Vector)
	}
	r.clean.CR4 &^= CR4OSXSAVE
	for _, code := range [][]byte{xsave64, xsavec64, xrstor64, xgetbv} {
		if end, _ := r.run(code...); end.Vector != 6 {
			t.Errorf("% x without OSXSAVE: vector %d", code, end.Vector)
		}
	}
}
