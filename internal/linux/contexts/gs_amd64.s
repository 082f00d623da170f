#include "textflag.h"

// func readGS() uint64
TEXT ·readGS(SB),NOSPLIT,$0-8
	BYTE	$0x65; BYTE $0x48; BYTE $0x8b; BYTE $0x04; BYTE $0x25	// MOVQ GS:0, AX
	LONG	$0
	MOVQ	AX, ret+0(FP)
	RET

// func readGSBase() uint64
TEXT ·readGSBase(SB),NOSPLIT,$0-8
	RDGSBASEQ	AX
	MOVQ	AX, ret+0(FP)
	RET

// func writeGSBase(v uint64)
TEXT ·writeGSBase(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	WRGSBASEQ	AX
	RET

// func selectorGS() uint64
TEXT ·selectorGS(SB),NOSPLIT,$0-8
	XORL	AX, AX
	MOVW	GS, AX
	MOVQ	AX, ret+0(FP)
	RET

// func out(port uint16, b byte)
TEXT ·out(SB),NOSPLIT,$0-3
	MOVW	port+0(FP), DX
	MOVB	b+2(FP), AX
	OUTB
	RET
