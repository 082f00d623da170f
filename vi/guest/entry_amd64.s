#include "go_asm.h"
#include "textflag.h"

// Entry points of the kernel. At an entry Xen pushes onto the kernel stack, in
// this order: SS RSP RFLAGS CS RIP [error code] R11 RCX (xen-x86_64.h; the iret
// hypercall has the same layout). Events are masked at every entry. g is found
// by masking the stack pointer.

// NOCALLER ends the chain of frame pointers: the code here was not called. It is
// a macro because vet would report the write to BP as the loss of a caller's
// frame pointer.
#define NOCALLER XORL BP, BP

// func Boot: jumped to by main.entry with start_info in SI and main's Go
// function (its ABI0 address) in DI. Never returns.
TEXT ·Boot(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	MOVQ	resvirt∕vi∕bare·Image+const_infoPerCPU(SB), AX
	LEAQ	const_blockSize(AX), SP
	LEAQ	const_stackGuard(AX), CX
	MOVQ	CX, 16(AX)
	MOVQ	AX, R14
	XORPS	X15, X15
	NOCALLER
	SUBQ	$16, SP
	MOVQ	SI, 0(SP)
	CALL	DI
	UD2

#define TRAP(n, sym) \
TEXT sym,NOSPLIT|NOFRAME,$0; \
	POPQ CX; POPQ R11; PUSHQ $0; PUSHQ $n; JMP ·common(SB)
#define TRAPERR(n, sym) \
TEXT sym,NOSPLIT|NOFRAME,$0; \
	POPQ CX; POPQ R11; PUSHQ $n; JMP ·common(SB)

TRAP(0, ·vec0(SB))
TRAP(1, ·vec1(SB))
TRAP(3, ·vec3(SB))
TRAP(4, ·vec4(SB))
TRAP(5, ·vec5(SB))
TRAP(6, ·vec6(SB))
TRAP(7, ·vec7(SB))
TRAPERR(10, ·vec10(SB))
TRAPERR(11, ·vec11(SB))
TRAPERR(12, ·vec12(SB))
TRAPERR(13, ·vec13(SB))
TRAPERR(14, ·vec14(SB))
TRAP(16, ·vec16(SB))
TRAPERR(17, ·vec17(SB))
TRAP(19, ·vec19(SB))
TRAP(const_vecEvent, ·vecEvent(SB))
TRAP(const_vecSyscall, ·vecSyscall(SB))

DATA ·vectors+0(SB)/8, $·vec0(SB)
DATA ·vectors+8(SB)/8, $·vec1(SB)
DATA ·vectors+24(SB)/8, $·vec3(SB)
DATA ·vectors+32(SB)/8, $·vec4(SB)
DATA ·vectors+40(SB)/8, $·vec5(SB)
DATA ·vectors+48(SB)/8, $·vec6(SB)
DATA ·vectors+56(SB)/8, $·vec7(SB)
DATA ·vectors+80(SB)/8, $·vec10(SB)
DATA ·vectors+88(SB)/8, $·vec11(SB)
DATA ·vectors+96(SB)/8, $·vec12(SB)
DATA ·vectors+104(SB)/8, $·vec13(SB)
DATA ·vectors+112(SB)/8, $·vec14(SB)
DATA ·vectors+128(SB)/8, $·vec16(SB)
DATA ·vectors+136(SB)/8, $·vec17(SB)
DATA ·vectors+152(SB)/8, $·vec19(SB)
GLOBL ·vectors(SB),NOPTR,$160

// The other addresses that Go code hands to the hypervisor or to swtch.
DATA ·entries+0(SB)/8, $·vecEvent(SB)
DATA ·entries+8(SB)/8, $·vecFailsafe(SB)
DATA ·entries+16(SB)/8, $·vecSyscall(SB)
DATA ·entries+24(SB)/8, $·leave(SB)
DATA ·entries+32(SB)/8, $·workerStart(SB)
GLOBL ·entries(SB),NOPTR,$40

// At the failsafe entry Xen also pushes DS ES FS GS: the iret hypercall met a
// bad segment. No program here loads segments, so this is the kernel's end.
TEXT ·vecFailsafe(SB),NOSPLIT|NOFRAME,$0
	POPQ	CX
	POPQ	R11
	ADDQ	$32, SP
	PUSHQ	$0
	PUSHQ	$const_vecFailsafe
	JMP	·common(SB)

// common completes a trapFrame, saves what user mode has in the FPU (compiled Go
// uses it) and calls trap. The kernel itself is interrupted only in the block
// hypercall, after which it checks its registers (check_amd64.s).
TEXT ·common(SB),NOSPLIT|NOFRAME,$0
	PUSHQ	DI
	PUSHQ	SI
	PUSHQ	DX
	PUSHQ	CX
	PUSHQ	AX
	PUSHQ	R8
	PUSHQ	R9
	PUSHQ	R10
	PUSHQ	R11
	PUSHQ	BX
	PUSHQ	BP
	PUSHQ	R12
	PUSHQ	R13
	PUSHQ	R14
	PUSHQ	R15
	MOVQ	SP, BX
	MOVQ	SP, R14
	ANDQ	$-65536, R14
	CLD
	TESTB	$3, trapFrame_CS(SP)
	JZ	kernel
	FXSAVE64	const_blockFPU(R14)
	XORPS	X15, X15
	NOCALLER
	ANDQ	$-16, SP
	SUBQ	$16, SP
	MOVQ	BX, 0(SP)
	MOVQ	BX, 8(SP)
	CALL	·trap(SB)
	MOVQ	8(SP), SP
	JMP	·leave(SB)
kernel:
	NOCALLER
	ANDQ	$-16, SP
	SUBQ	$272, SP
	MOVOU	X0, 16(SP)
	MOVOU	X1, 32(SP)
	MOVOU	X2, 48(SP)
	MOVOU	X3, 64(SP)
	MOVOU	X4, 80(SP)
	MOVOU	X5, 96(SP)
	MOVOU	X6, 112(SP)
	MOVOU	X7, 128(SP)
	MOVOU	X8, 144(SP)
	MOVOU	X9, 160(SP)
	MOVOU	X10, 176(SP)
	MOVOU	X11, 192(SP)
	MOVOU	X12, 208(SP)
	MOVOU	X13, 224(SP)
	MOVOU	X14, 240(SP)
	MOVOU	X15, 256(SP)
	XORPS	X15, X15
	MOVQ	BX, 0(SP)
	MOVQ	BX, 8(SP)
	CALL	·trap(SB)
	MOVOU	16(SP), X0
	MOVOU	32(SP), X1
	MOVOU	48(SP), X2
	MOVOU	64(SP), X3
	MOVOU	80(SP), X4
	MOVOU	96(SP), X5
	MOVOU	112(SP), X6
	MOVOU	128(SP), X7
	MOVOU	144(SP), X8
	MOVOU	160(SP), X9
	MOVOU	176(SP), X10
	MOVOU	192(SP), X11
	MOVOU	208(SP), X12
	MOVOU	224(SP), X13
	MOVOU	240(SP), X14
	MOVOU	256(SP), X15
	MOVQ	8(SP), SP
	JMP	·leave(SB)

// leave returns to the registers in the trapFrame at SP. trapFrame.Error has become
// the flags word of the iret context, which lies just below RIP.
TEXT ·leave(SB),NOSPLIT|NOFRAME,$0
	TESTB	$3, trapFrame_CS(SP)
	JZ	pop
	MOVQ	SP, R14
	ANDQ	$-65536, R14
	FXRSTOR64	const_blockFPU(R14)
pop:
	POPQ	R15
	POPQ	R14
	POPQ	R13
	POPQ	R12
	POPQ	BP
	POPQ	BX
	POPQ	R11
	POPQ	R10
	POPQ	R9
	POPQ	R8
	POPQ	AX
	POPQ	CX
	POPQ	DX
	POPQ	SI
	POPQ	DI
	ADDQ	$8, SP
	PUSHQ	CX
	PUSHQ	R11
	PUSHQ	AX
	MOVL	$const_hypercallIret, AX
	SYSCALL
	UD2

// workerStart is where the second vCPU begins: RSP in its block, guard set.
TEXT ·workerStart(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	MOVQ	SP, R14
	ANDQ	$-65536, R14
	XORPS	X15, X15
	NOCALLER
	CALL	·worker(SB)
	UD2

// func swtch(from, to *stack)
// Saves the stack pointer in from, with a sum of the stack, and continues on the
// stack to, whose content must still have the sum that was saved.
TEXT ·swtch(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	8(SP), R8
	MOVQ	16(SP), R9
	PUSHQ	BP
	MOVQ	SP, stack_sp(R8)
	MOVQ	SP, R10
	CALL	·sumStack(SB)
	MOVQ	AX, stack_sum(R8)
	MOVQ	stack_sp(R9), R10
	CALL	·sumStack(SB)
	MOVQ	stack_sp(R9), SP
	CMPQ	AX, stack_sum(R9)
	JEQ	kept
	CALL	·stackLost(SB)
kept:
	POPQ	BP
	RET

// func rdtsc() uint64
TEXT ·rdtsc(SB),NOSPLIT,$0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET

// func pause()
TEXT ·pause(SB),NOSPLIT,$0-0
	PAUSE
	RET

// func zeroPage(va uint64)
TEXT ·zeroPage(SB),NOSPLIT,$0-8
	MOVQ	va+0(FP), DI
	MOVL	$512, CX
	XORL	AX, AX
	REP
	STOSQ
	RET

// func copyBytes(dst, src, n uint64)
TEXT ·copyBytes(SB),NOSPLIT,$0-24
	MOVQ	dst+0(FP), DI
	MOVQ	src+8(FP), SI
	MOVQ	n+16(FP), CX
	MOVQ	CX, DX
	SHRQ	$3, CX
	REP
	MOVSQ
	MOVQ	DX, CX
	ANDQ	$7, CX
	REP
	MOVSB
	RET
