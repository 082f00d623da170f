#include "textflag.h"

// entry is where the hypervisor starts vCPU 0, start_info in SI.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	LEAQ	·kmain(SB), DI
	LEAQ	·failed(SB), AX
	JMP	resvirt∕vi∕guest·Boot(SB)

// failed is where the image builder sends the runtime's failure functions:
// 0(SP) is the kind, 8(SP) the return address. The stack may be exhausted, so
// it starts again at its top.
TEXT ·failed(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	POPQ	AX
	POPQ	BX
	ANDQ	$-65536, SP
	ADDQ	$16384, SP
	SUBQ	$16, SP
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	CALL	·fail(SB)
	UD2
