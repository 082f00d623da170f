#include "go_asm.h"
#include "textflag.h"

#define STAC BYTE $0x0f; BYTE $0x01; BYTE $0xcb
#define CLAC BYTE $0x0f; BYTE $0x01; BYTE $0xca

// Instructions that load values chosen by a guest, and may fault. Each is the first
// instruction of a function, which is called with BX = 0. After a fault the function
// continues at loadFault, which sets BX. Add a new one to loadAddrs, and count it in
// numLoads.

#define SELECTOR(move) \
	MOVWLZX	sel+0(FP), AX; \
	XORL	BX, BX; \
	CALL	move; \
	TESTL	BX, BX; \
	SETEQ	ret+8(FP); \
	RET

#define DEBUG(move) \
	MOVQ	v+0(FP), AX; \
	XORL	BX, BX; \
	CALL	move; \
	TESTL	BX, BX; \
	SETEQ	ret+8(FP); \
	RET

// func loadDS(sel uint16) bool
TEXT ·loadDS(SB),NOSPLIT,$0-9
	SELECTOR(·moveDS(SB))

// func loadES(sel uint16) bool
TEXT ·loadES(SB),NOSPLIT,$0-9
	SELECTOR(·moveES(SB))

// func loadFS(sel uint16) bool
TEXT ·loadFS(SB),NOSPLIT,$0-9
	SELECTOR(·moveFS(SB))

// func loadGS(sel uint16) bool
TEXT ·loadGS(SB),NOSPLIT,$0-9
	SELECTOR(·moveGS(SB))

// func loadLDTR(sel uint16) bool
TEXT ·loadLDTR(SB),NOSPLIT,$0-9
	SELECTOR(·moveLDT(SB))

// func loadMSR(msr uint32, v uint64) bool
TEXT ·loadMSR(SB),NOSPLIT,$0-17
	MOVL	msr+0(FP), CX
	MOVQ	v+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	XORL	BX, BX
	CALL	·moveMSR(SB)
	TESTL	BX, BX
	SETEQ	ret+16(FP)
	RET

// func loadDR0(v uint64) bool
TEXT ·loadDR0(SB),NOSPLIT,$0-9
	DEBUG(·moveDR0(SB))

// func loadDR1(v uint64) bool
TEXT ·loadDR1(SB),NOSPLIT,$0-9
	DEBUG(·moveDR1(SB))

// func loadDR2(v uint64) bool
TEXT ·loadDR2(SB),NOSPLIT,$0-9
	DEBUG(·moveDR2(SB))

// func loadDR3(v uint64) bool
TEXT ·loadDR3(SB),NOSPLIT,$0-9
	DEBUG(·moveDR3(SB))

// func loadDR6(v uint64) bool
TEXT ·loadDR6(SB),NOSPLIT,$0-9
	DEBUG(·moveDR6(SB))

// func loadDR7(v uint64) bool
TEXT ·loadDR7(SB),NOSPLIT,$0-9
	DEBUG(·moveDR7(SB))

// func lar(sel uint16) (rights uint32, ok bool)
TEXT ·lar(SB),NOSPLIT,$0-13
	MOVWLZX	sel+0(FP), AX
	XORL	BX, BX
	XORL	CX, CX
	CALL	·readRights(SB)
	SETEQ	DX
	TESTL	BX, BX
	SETEQ	BX
	ANDL	DX, BX
	MOVB	BX, ok+12(FP)
	MOVL	CX, rights+8(FP)
	RET

// func copyGuest(dst, src unsafe.Pointer, n uint64) (left uint64)
// RCX is the number of bytes that are left, also after a fault.
TEXT ·copyGuest(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	dst+0(FP), DI
	MOVQ	src+8(FP), SI
	MOVQ	n+16(FP), CX
	STAC
	CALL	·moveGuest(SB)
	CLAC
	MOVQ	CX, left+24(FP)
	RET

TEXT ·moveDS(SB),NOSPLIT|NOFRAME,$0
	MOVW	AX, DS
	RET

TEXT ·moveES(SB),NOSPLIT|NOFRAME,$0
	MOVW	AX, ES
	RET

TEXT ·moveFS(SB),NOSPLIT|NOFRAME,$0
	MOVW	AX, FS
	RET

TEXT ·moveGS(SB),NOSPLIT|NOFRAME,$0
	MOVW	AX, GS
	RET

TEXT ·moveLDT(SB),NOSPLIT|NOFRAME,$0
	LLDT	AX
	RET

TEXT ·moveMSR(SB),NOSPLIT|NOFRAME,$0
	WRMSR
	RET

TEXT ·moveDR0(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, DR0
	RET

TEXT ·moveDR1(SB),NOSPLIT|NOFRAME,$0
	BYTE	$0x0f; BYTE $0x23; BYTE $0xc8	// MOV DR1, RAX
	RET

TEXT ·moveDR2(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, DR2
	RET

TEXT ·moveDR3(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, DR3
	RET

TEXT ·moveDR6(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, DR6
	RET

TEXT ·moveDR7(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, DR7
	RET

TEXT ·readRights(SB),NOSPLIT|NOFRAME,$0
	BYTE	$0x0f; BYTE $0x02; BYTE $0xc8	// LAR CX, AX
	RET

// moveFPU loads the FPU state at AX.
TEXT ·moveFPU(SB),NOSPLIT|NOFRAME,$0
	FXRSTOR64	(AX)
	RET

TEXT ·moveGuest(SB),NOSPLIT|NOFRAME,$0
	REP; MOVSB
	RET

TEXT ·loadFault(SB),NOSPLIT|NOFRAME,$0
	MOVL	$1, BX
	RET

#define ENTER(n, move) \
	LEAQ	move, AX; \
	MOVQ	AX, (8*n)(BX)

// func loadAddrs(list *[numLoads]uint64)
TEXT ·loadAddrs(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	list+0(FP), BX
	ENTER(0, ·moveDS(SB))
	ENTER(1, ·moveES(SB))
	ENTER(2, ·moveFS(SB))
	ENTER(3, ·moveGS(SB))
	ENTER(4, ·moveLDT(SB))
	ENTER(5, ·moveMSR(SB))
	ENTER(6, ·moveDR0(SB))
	ENTER(7, ·moveDR1(SB))
	ENTER(8, ·moveDR2(SB))
	ENTER(9, ·moveDR3(SB))
	ENTER(10, ·moveDR6(SB))
	ENTER(11, ·moveDR7(SB))
	ENTER(12, ·readRights(SB))
	ENTER(13, ·moveFPU(SB))
	ENTER(14, ·moveGuest(SB))
	RET
