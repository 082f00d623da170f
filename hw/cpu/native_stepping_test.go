//go:build linux && amd64

package cpu

import (
	"encoding/binary"
	"syscall"
	"testing"
	"unsafe"
)

// selectors tells whether the child's code and stack segments are those that the
// model's programs have, so that far transfers mean the same.
func (h *hostCPU) selectors() bool {
	var regs syscall.PtraceRegs
	h.ptrace(syscall.PTRACE_GETREGS, unsafe.Pointer(&regs))
	return regs.Cs == userCS && regs.Ss == userSS
}

// TestNativeStepping compares where the single-step trap comes after instructions
// that load flags, change the flow or hide traps.
func TestNativeStepping(t *testing.T) {
	s := newSweep(t, envNumber("RESVIRT_NATIVE_SEED", 1)+3000)
	far := s.h.selectors()
	for n := range 8 * envNumber("RESVIRT_NATIVE_ROUNDS", 1) {
		for _, load := range flagLoads(s.g, far) {
			for _, next := range stepped(far) {
				c := nativeCase{code: append(append([]byte{}, load...), next...)}
				c.inst.Op = OpNOP
				s.g.state(&c.in)
				c.in.RFLAGS &^= FlagDF
				c.in.RFLAGS |= FlagTF * (n & 1)
				c.in.GPR[RBX], c.in.GPR[RDI], c.in.GPR[RCX] = nativeData+0x200, nativeData+0x300, uint64(s.g.IntN(4))
				c.in.GPR[RSI] = userSS
				farPointers(&c.in)
				for _, engine := range []func(*CPU){(*CPU).Step, func(c *CPU) { c.ExecuteBlocks(&Bound{Clock: 1 << 61, Count: 3}) }} {
					s.e.step = engine
					s.stepping(&c)
				}
			}
		}
	}
	t.Logf("%d compared; selectors as the model's: %v", s.done[OpNOP], far)
}

// stepping compares one program, twice if the host seems to have lost a trap.
func (s *nativeSweep) stepping(c *nativeCase) {
	bad := ""
	for range 3 {
		if bad, _ = s.program(c.code, &c.in); bad == "" {
			s.done[OpNOP]++
			return
		}
	}
	s.t.Errorf("% x, flags %#x: %s", c.code, c.in.RFLAGS, bad)
}

// farPointers puts what LSS and far JMP read at RBX.
func farPointers(s *nativeState) {
	le := binary.LittleEndian
	le.PutUint32(s.Data[0x200:], nativeCode+0x100) // among breakpoints
	le.PutUint16(s.Data[0x204:], userCS)
	le.PutUint32(s.Data[0x210:], uint32(s.GPR[RSP]))
	le.PutUint16(s.Data[0x214:], userSS)
}

// flagLoads are programs that load flags, with and without TF, and then go on with what
// lies behind them.
func flagLoads(g *nativeGen, far bool) (list [][]byte) {
	for _, tf := range []byte{0, 1} {
		flags := byte(g.Uint32())&0xd5 | 2
		list = append(list, []byte{0x68, flags, 2 | tf, 0, 0, 0x9d}, // push; popf
			[]byte{0x68, flags, 2 | tf, 0, 0, 0x66, 0x9d})
		if far { // lea rdx, behind; mov rax, rsp; push ss, rsp, flags, cs, rip; iretq
			list = append(list, []byte{0x48, 0x8d, 0x15, 15, 0, 0, 0, 0x48, 0x89, 0xe0, 0x6a, userSS, 0x50, 0x68, flags, 2 | tf, 0, 0,
				0x6a, userCS, 0x52, 0x48, 0xcf})
		}
	}
	return append(list, nil)
}

// stepped are the instructions behind such a load, which are single-stepped where TF is
// set.
func stepped(far bool) [][]byte {
	list := [][]byte{
		{0x90}, {0x9c, 0x58}, {0xeb, 0x02}, {0xcc}, {0x0f, 0x0b}, {0xf4}, {0xfb}, {0xf3, 0xaa}, {0xf3, 0x48, 0xab},
		{0xc8, 8, 0, 31}, {0x66, 0xc8, 8, 0, 3}, {0xd9, 0xe8}, {0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x40},
		{0x68, 2, 2, 0, 0, 0x9d}, {0x9d},
	}
	if far {
		list = append(list, [][]byte{
			{0x8e, 0xd6}, {0x8e, 0xd6, 0x90}, {0x8e, 0xd6, 0x9c, 0x58}, {0x8e, 0xd6, 0x0f, 0x0b}, // mov ss, esi; and what follows it
			{0x0f, 0xb2, 0x63, 0x10}, {0xff, 0x2b}, {0xff, 0x1b}, {0x6a, userCS, 0x68, 0, 1, 0, 0x10, 0x48, 0xcb}, // lss; far jmp, call, ret
		}...)
	}
	return list
}
