#include "textflag.h"

// NOCALLER ends the chain of frame pointers: what runs here was not called. As
// a macro because vet takes the write for a caller's frame pointer that is lost.
#define NOCALLER XORL BP, BP

// entry starts with argc at 0(SP), then argv (System V ABI, 3.4.1). The
// compiler keeps g in R14 and at FS:-8; only its stackguard0 is used.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	MOVQ	SP, BX
	LEAQ	·failed(SB), AX
	LEAQ	·g0(SB), R14
	LEAQ	·tls(SB), SI
	MOVQ	R14, 0(SI)
	ADDQ	$8, SI
	MOVL	$0x1002, DI
	MOVL	$158, AX
	SYSCALL
	LEAQ	·gsWords(SB), SI
	MOVL	$0x1001, DI
	MOVL	$158, AX
	SYSCALL
	LEAQ	-60000(SP), AX
	MOVQ	AX, 16(R14)
	NOCALLER
	ANDQ	$-16, SP
	SUBQ	$16, SP
	MOVQ	BX, 0(SP)
	CALL	·start(SB)
	UD2

// failed is where the image builder sends the runtime's failure functions.
TEXT ·failed(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVL	$99, DI
	MOVL	$231, AX
	SYSCALL
	UD2
