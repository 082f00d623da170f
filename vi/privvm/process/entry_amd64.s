#include "textflag.h"

// NOCALLER ends the chain of frame pointers: what runs here was not called. It is a macro
// because vet takes the write for a caller's frame pointer that is lost.
#define NOCALLER XORL BP, BP

// func Boot: main.entry jumps here with its Go function, its ABI0 address, in DX. argc is
// at 0(SP), then argv (System V ABI, 3.4.1). The compiler keeps g in R14 and at FS:-8; only
// its stackguard0 is used.
TEXT ·Boot(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	MOVQ	SP, BX
	MOVQ	DX, R12
	LEAQ	·g0(SB), R14
	LEAQ	·tls(SB), SI
	MOVQ	R14, 0(SI)
	ADDQ	$8, SI
	MOVL	$0x1002, DI
	MOVL	$158, AX
	SYSCALL
	LEAQ	-60000(SP), AX
	MOVQ	AX, 16(R14)
	XORPS	X15, X15
	NOCALLER
	ANDQ	$-16, SP
	SUBQ	$16, SP
	MOVQ	BX, 0(SP)
	CALL	R12
	UD2

// func Failed: the checks of compiled code end here, by main.failed, with their kind and
// the return address on the stack. The stack may be exhausted: it is not used any more
// than for this.
TEXT ·Failed(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVL	$99, DI
	MOVL	$231, AX
	SYSCALL
	UD2

// func sys(n, a1, a2, a3, a4, a5, a6 uint64) int64
TEXT ·sys(SB),NOSPLIT,$0-64
	MOVQ	n+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	MOVQ	a5+40(FP), R8
	MOVQ	a6+48(FP), R9
	SYSCALL
	MOVQ	AX, ret+56(FP)
	RET
