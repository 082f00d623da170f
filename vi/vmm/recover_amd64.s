#include "go_asm.h"
#include "textflag.h"

// Assembly of failure handling and recovery: the change to a fresh stack, the
// replacement of the image, the wait for it, the entries of the new instance.

#define NOCALLER XORL BP, BP

// func panicOn(kind, pc uint64): the failure handler, on a fresh stack.
TEXT ·panicOn(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	kind+0(FP), DI
	MOVQ	pc+8(FP), SI
	LEAQ	·detectPanic(SB), DX
	JMP	·onFreshStack(SB)

// func hangOn(kind, pc uint64): the same after a hang.
TEXT ·hangOn(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	kind+0(FP), DI
	MOVQ	pc+8(FP), SI
	LEAQ	·detectHang(SB), DX
	JMP	·onFreshStack(SB)

// failed is entered in the place of a function of Go's runtime, see package
// bare. 0(SP) is the kind, 8(SP) the return address in the function that
// failed.
TEXT ·failed(SB),NOSPLIT|NOFRAME,$0
	MOVQ	0(SP), DI
	ADDQ	$const_goCheck, DI
	MOVQ	8(SP), SI
	LEAQ	·detectPanic(SB), DX
	JMP	·onFreshStack(SB)

// onFreshStack calls DX with arguments DI and SI at the top of the CPU's primary
// stack: recovery needs nothing that is on it. The stack pointer says which CPU this
// is. With the step fix_sp the local APIC says it, because the fault may have hit
// the stack pointer.
TEXT ·onFreshStack(SB),NOSPLIT|NOFRAME,$0
	CLI
	CLD
	MOVQ	resvirt∕vi∕bare·Image+const_infoPersist(SB), CX
	MOVQ	SP, AX
	SUBQ	resvirt∕vi∕bare·Image+const_infoPerCPU(SB), AX
	SHRQ	$16, AX
	TESTQ	$const_fixSPBit, (CX)
	JZ	haveCPU
	MOVQ	$const_apicIDAddr, AX
	MOVL	(AX), AX
	SHRL	$24, AX
haveCPU:
	ANDL	$7, AX
	SHLQ	$16, AX
	ADDQ	resvirt∕vi∕bare·Image+const_infoPerCPU(SB), AX
	LEAQ	const_blockStack(AX), CX
	ADDQ	$const_stackSlack, CX
	MOVQ	CX, const_gGuard(AX)
	LEAQ	const_stackTop-32(AX), SP
	NOCALLER
	CLTS
	LDMXCSR	·mxcsr(SB)
	XORPS	X15, X15
	MOVQ	DI, 0(SP)
	MOVQ	SI, 8(SP)
	CALL	DX
	UD2

// func copyPristine(at, dst, src, bss, end uint64)
// jumps to copyImage in the pristine copy of the image, which is read-only.
TEXT ·copyPristine(SB),NOSPLIT|NOFRAME,$0-40
	MOVQ	at+0(FP), AX
	MOVQ	dst+8(FP), DI
	MOVQ	src+16(FP), SI
	MOVQ	bss+24(FP), R8
	MOVQ	end+32(FP), R9
	LEAQ	·rebootBoot(SB), DX
	MOVQ	SP, R10
	JMP	AX

// copyImage overwrites the image but for the persistent page: R8 bytes from SI
// to DI, then zeros up to R9 bytes. It goes on at DX, in the new instance.
TEXT ·copyImage(SB),NOSPLIT|NOFRAME,$0
	CLD
	MOVQ	$const_persistOffset, CX
	SUBQ	CX, R8
	SUBQ	CX, R9
	SHRQ	$3, CX
	REP; MOVSQ
	ADDQ	$const_pageSize, SI
	ADDQ	$const_pageSize, DI
	SUBQ	$const_pageSize, R8
	SUBQ	$const_pageSize, R9
	SUBQ	R8, R9
	MOVQ	R8, CX
	SHRQ	$3, CX
	REP; MOVSQ
	XORL	AX, AX
	MOVQ	R9, CX
	SHRQ	$3, CX
	REP; STOSQ
	JMP	DX

// rebootBoot and rebootOther enter the new instance on the recovering CPU and
// on those that wait in park.
TEXT ·rebootBoot(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	SP, AX
	ANDQ	$~(const_cpuBlockSize-1), AX
	LEAQ	const_stackTop-16(AX), SP
	NOCALLER
	XORPS	X15, X15
	CALL	·rebootMain(SB)
	UD2

TEXT ·rebootOther(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	SP, AX
	ANDQ	$~(const_cpuBlockSize-1), AX
	LEAQ	const_stackTop-16(AX), SP
	NOCALLER
	XORPS	X15, X15
	CALL	·recoverOther(SB)
	UD2

// func waitRelease(parked *uint64, bit uint64, release *uint64)
// waits without any access to the image, which is being replaced.
TEXT ·waitRelease(SB),NOSPLIT|NOFRAME,$0-24
	CLI
	MOVQ	parked+0(FP), AX
	MOVQ	bit+8(FP), BX
	MOVQ	release+16(FP), CX
	MOVQ	(CX), DX
	LOCK
	ORQ	BX, (AX)
again:
	PAUSE
	CMPQ	DX, (CX)
	JEQ	again
	JMP	·rebootOther(SB)

// func unblockNMI()
// returns by IRET, which ends the blocking of NMIs (AMD APM vol. 2, 8.1.3).
TEXT ·unblockNMI(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	SP, AX
	XORL	CX, CX
	MOVW	SS, CX
	PUSHQ	CX
	PUSHQ	AX
	PUSHFQ
	MOVW	CS, CX
	PUSHQ	CX
	LEAQ	·unblocked(SB), CX
	PUSHQ	CX
	IRETQ

TEXT ·unblocked(SB),NOSPLIT|NOFRAME,$0
	RET
