//go:build linux && amd64

package cpu

import (
	"encoding/binary"
	"testing"
)

// isApproximate names the functions whose last bits differ from maker to maker.
func isApproximate(o Op) bool {
	switch o {
	case OpRCPPS, OpRCPSS, OpRSQRTPS, OpRSQRTSS:
		return true
	}
	return isFunction(o)
}

// isFunction names those of x87.
func isFunction(o Op) bool {
	switch o {
	case OpF2XM1, OpFYL2X, OpFYL2XP1, OpFPTAN, OpFPATAN, OpFSIN, OpFCOS, OpFSINCOS:
		return true
	}
	return false
}

// levelFunctions makes the host's results the model's where they are a few units
// in the last place from each other, with all that follows from rounding.
func levelFunctions(m *meeting) {
	if !isFunction(m.inst.Op) || m.faulted() {
		return
	}
	const rounding = 1<<5 | 1<<4 | fswC1 | fswES | fswB
	le := binary.LittleEndian
	for k := range 2 {
		h, m := m.host.FX[fxST+16*k:fxST+16*k+10], m.model.FX[fxST+16*k:fxST+16*k+10]
		e := int(le.Uint16(h[8:])) - int(le.Uint16(m[8:]))
		d := int64(le.Uint64(h)&^(1<<63) - le.Uint64(m)&^(1<<63) + uint64(e)<<63)
		if d >= -3 && d <= 3 && e >= -1 && e <= 1 {
			copy(h, m)
		}
	}
	m.host.setFSW(m.host.fsw()&^rounding | m.model.fsw()&rounding)
}

// TestNativeFunctions compares the x87 instructions that compute more than sums
// and products, and the packed decimals.
func TestNativeFunctions(t *testing.T) {
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1))
	for range 60 * envNumber("RESVIRT_NATIVE_ROUNDS", 1) {
		for _, op := range []byte{0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf8, 0xf9, 0xfb, 0xfd, 0xfe, 0xff} {
			c := s.g.make(shape{nil, -1, nil, 0xd9, int(op >> 3 & 7), int(op & 7), false})
			s.run(&c)
		}
		for _, reg := range []int{4, 6} {
			c := s.g.make(shape{nil, -1, nil, 0xdf, reg, -1, true})
			s.run(&c)
		}
	}
	t.Logf("left out: %v", s.left)
	if len(s.bad) != 0 {
		t.Errorf("mismatches: %v", s.bad)
	}
}
