#include "go_asm.h"
#include "textflag.h"

// entry is where the hypervisor starts vCPU 0, start_info in SI.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	MOVQ	resvirt∕vi∕bare·Image+const_infoPerCPU(SB), AX
	LEAQ	const_blockSize(AX), SP
	LEAQ	const_stackGuard(AX), CX
	MOVQ	CX, 16(AX)
	MOVQ	AX, R14
	XORPS	X15, X15
	LEAQ	·failed(SB), AX
	SUBQ	$16, SP
	MOVQ	SI, 0(SP)
	CALL	·kmain(SB)
	UD2

// failed is where the image builder sends the runtime's failure functions: an
// exception like any other.
TEXT ·failed(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	UD2

DATA ·entries+0(SB)/8, $·again0(SB)
DATA ·entries+8(SB)/8, $·again1(SB)
GLOBL ·entries(SB),NOPTR,$16

// again0 and again1 receive all exceptions and events of a vCPU.
TEXT ·again0(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	·tops+0(SB), SP
	JMP	·again(SB)

TEXT ·again1(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	·tops+8(SB), SP
	JMP	·again(SB)

// again clears CR0.TS, which a round may have set, and begins another round.
TEXT ·again(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	XORL	DI, DI
	MOVL	$const_hypercallFPU, AX
	SYSCALL
	MOVQ	SP, R14
	ANDQ	$-65536, R14
	LEAQ	const_stackGuard(R14), CX
	MOVQ	CX, 16(R14)
	XORPS	X15, X15
	SUBQ	$32, SP
	CALL	·loop(SB)
	UD2

// func hypercall(n, a1, a2, a3, a4, a5 uint64) int64
TEXT ·hypercall(SB),NOSPLIT,$0-56
	MOVQ	n+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	MOVQ	a5+40(FP), R8
	SYSCALL
	MOVQ	AX, ret+48(FP)
	RET

// func rdtsc() uint64
TEXT ·rdtsc(SB),NOSPLIT,$0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET

// func load(at uint64) uint64
TEXT ·load(SB),NOSPLIT,$0-16
	MOVQ	at+0(FP), AX
	MOVQ	(AX), AX
	MOVQ	AX, ret+8(FP)
	RET

// func store(at, val uint64)
TEXT ·store(SB),NOSPLIT,$0-16
	MOVQ	at+0(FP), AX
	MOVQ	val+8(FP), CX
	MOVQ	CX, (AX)
	RET

// func exchange(at, val uint64)
TEXT ·exchange(SB),NOSPLIT,$0-16
	MOVQ	at+0(FP), AX
	MOVQ	val+8(FP), CX
	XCHGQ	CX, (AX)
	RET

// func compareSwap(at, val uint64)
// Compares with the present value, so that it succeeds unless another vCPU was
// faster.
TEXT ·compareSwap(SB),NOSPLIT,$0-16
	MOVQ	at+0(FP), DX
	MOVQ	val+8(FP), CX
	MOVQ	(DX), AX
	LOCK
	CMPXCHGQ	CX, (DX)
	RET

// func bitSet(at, val uint64)
TEXT ·bitSet(SB),NOSPLIT,$0-16
	MOVQ	at+0(FP), AX
	MOVQ	val+8(FP), CX
	ANDL	$63, CX
	LOCK
	BTSQ	CX, (AX)
	RET

// func out32(port, val uint32)
TEXT ·out32(SB),NOSPLIT,$0-8
	MOVL	port+0(FP), DX
	MOVL	val+4(FP), AX
	OUTL
	RET

// func jump(at uint64, r *[16]uint64)
// Loads all registers (RSP only if r[4] is not zero) and jumps to at.
TEXT ·jump(SB),NOSPLIT,$16-16
	MOVQ	at+0(FP), AX
	MOVQ	r+8(FP), R15
	MOVQ	AX, 0(SP)
	MOVQ	8(R15), CX
	MOVQ	16(R15), DX
	MOVQ	24(R15), BX
	MOVQ	48(R15), SI
	MOVQ	56(R15), DI
	MOVQ	64(R15), R8
	MOVQ	72(R15), R9
	MOVQ	80(R15), R10
	MOVQ	88(R15), R11
	MOVQ	96(R15), R12
	MOVQ	104(R15), R13
	MOVQ	112(R15), R14
	MOVQ	32(R15), AX
	TESTQ	AX, AX
	JZ	go
	XCHGQ	AX, SP
	SUBQ	$8, SP
	MOVQ	0(AX), AX
	JMP	AX
go:
	MOVQ	0(R15), AX
	JMP	0(SP)

// spin is a loop for user mode; DI is an address that it accesses.
TEXT ·spin(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVL	$3000, CX
more:
	MOVQ	CX, (DI)
	DECL	CX
	JNZ	more
	UD2

DATA ·spinAt+0(SB)/8, $·spin(SB)
GLOBL ·spinAt(SB),NOPTR,$8

// func batchOn(c *[10]uint64, list, n uint64)
// Makes a multicall in which an iret uses c as its iret_context.
TEXT ·batchOn(SB),NOSPLIT,$0-24
	MOVQ	list+8(FP), DI
	MOVQ	n+16(FP), SI
	MOVQ	c+0(FP), SP
	MOVL	$const_hypercallMulticall, AX
	SYSCALL
	UD2

// func iret(c *[10]uint64)
// Makes the iret hypercall with c as its iret_context.
TEXT ·iret(SB),NOSPLIT,$0-8
	MOVQ	c+0(FP), SP
	MOVL	$const_hypercallIret, AX
	SYSCALL
	UD2

DATA ·flipAt+0(SB)/8, $·flipper(SB)
GLOBL ·flipAt(SB),NOPTR,$8

// flipper is the code of a spare vCPU, whose number is in RBP: for a while it sets
// the descriptor at R12 to R13 and R15 in turn, then it goes down until it is brought
// up again.
TEXT ·flipper(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
rounds:
	MOVL	$400, BX
flip:
	MOVQ	R12, DI
	MOVQ	R13, SI
	MOVL	$const_hypercallDescriptor, AX
	SYSCALL
	MOVQ	R12, DI
	MOVQ	R15, SI
	MOVL	$const_hypercallDescriptor, AX
	SYSCALL
	DECL	BX
	JNZ	flip
	MOVL	$const_vcpuDown, DI
	MOVQ	BP, SI
	MOVL	$const_hypercallVcpu, AX
	SYSCALL
	JMP	rounds

// func stackBreak(at uint64)
// Loads SS with a selector from memory on which there may be a breakpoint, and makes a
// hypercall at once.
TEXT ·stackBreak(SB),NOSPLIT,$0-8
	MOVQ	at+0(FP), CX
	MOVL	$const_hypercallVersion, AX
	XORL	DI, DI
	BYTE	$0x8e; BYTE $0x11		// MOV SS, (CX)
	SYSCALL
	RET

// func loadX87()
TEXT ·loadX87(SB),NOSPLIT,$8-0
	BYTE	$0xdb; BYTE	$0xe3		// FNINIT
	MOVQ	$0, 0(SP)
	FMOVD	0(SP), F0
	RET

// func initX87()
TEXT ·initX87(SB),NOSPLIT,$0-0
	BYTE	$0xdb; BYTE	$0xe3		// FNINIT
	RET

// func x87Pointer() uint64
// The offset of the last instruction, from the environment.
TEXT ·x87Pointer(SB),NOSPLIT,$32-8
	FSTENV	0(SP)
	MOVL	12(SP), AX
	MOVQ	AX, ret+0(FP)
	RET

// func segmentGS() int64
TEXT ·segmentGS(SB),NOSPLIT,$0-8
	XORL	AX, AX
	MOVW	GS, AX
	MOVQ	AX, ret+0(FP)
	RET

// func readable(sel uint64) bool
// VERR reads a descriptor without a fault and without loading anything.
TEXT ·readable(SB),NOSPLIT,$0-9
	MOVQ	sel+0(FP), AX
	BYTE	$0x0f; BYTE $0x00; BYTE $0xe0	// VERR AX
	SETEQ	ret+8(FP)
	RET

// func readCR4() int64
TEXT ·readCR4(SB),NOSPLIT,$0-8
	MOVQ	CR4, AX
	MOVQ	AX, ret+0(FP)
	RET

// func writeCR4(set uint64)
TEXT ·writeCR4(SB),NOSPLIT,$0-8
	MOVQ	CR4, AX
	ORQ	set+0(FP), AX
	MOVQ	AX, CR4
	RET

// func readGSBase() int64
TEXT ·readGSBase(SB),NOSPLIT,$0-8
	RDGSBASEQ	AX
	MOVQ	AX, ret+0(FP)
	RET

// func readFSBase() int64
TEXT ·readFSBase(SB),NOSPLIT,$0-8
	RDFSBASEQ	AX
	MOVQ	AX, ret+0(FP)
	RET

// func cli()
TEXT ·cli(SB),NOSPLIT,$0-0
	CLI
	RET

// func writeGSBase(v uint64)
TEXT ·writeGSBase(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	WRGSBASEQ	AX
	RET
