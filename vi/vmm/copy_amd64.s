#include "textflag.h"

// Copies that are in assembly because recovery may find one half done, and must
// know its instructions.

// func outCounted(port uint16, b *byte, count *uint32)
// OUTS sends the byte and increments RSI in one instruction (see keepLine).
TEXT ·outCounted(SB),NOSPLIT|NOFRAME,$0-24
	MOVW	port+0(FP), DX
	MOVQ	b+8(FP), SI
	MOVQ	count+16(FP), CX
	OUTSB
	INCL	(CX)
	RET

// func copyRegs(to, from *regs)
TEXT ·copyRegs(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	to+0(FP), DI
	MOVQ	from+8(FP), SI
	MOVUPS	0(SI), X0
	MOVUPS	16(SI), X1
	MOVUPS	X0, 0(DI)
	MOVUPS	X1, 16(DI)
	MOVUPS	32(SI), X0
	MOVUPS	48(SI), X1
	MOVUPS	X0, 32(DI)
	MOVUPS	X1, 48(DI)
	MOVUPS	64(SI), X0
	MOVUPS	80(SI), X1
	MOVUPS	X0, 64(DI)
	MOVUPS	X1, 80(DI)
	MOVUPS	96(SI), X0
	MOVUPS	112(SI), X1
	MOVUPS	X0, 96(DI)
	MOVUPS	X1, 112(DI)
	MOVUPS	128(SI), X0
	MOVUPS	144(SI), X1
	MOVUPS	X0, 128(DI)
	MOVUPS	X1, 144(DI)
	MOVUPS	160(SI), X0
	MOVUPS	176(SI), X1
	MOVUPS	X0, 160(DI)
	MOVUPS	X1, 176(DI)
	MOVQ	192(SI), AX
	MOVQ	AX, 192(DI)
	RET
