#include "go_asm.h"
#include "textflag.h"

// System calls and page faults under watch: what they must leave alone is known
// before and looked at afterwards.

// What X0 to X15 hold meanwhile, each register other words.
#define PATTERN(n) \
	DATA ·patterns+(16*n)(SB)/8, $(0x2f5b8d1763c9a4e0+n*0x0202020202020202); \
	DATA ·patterns+(16*n+8)(SB)/8, $(0x71e6930fb85ad42c-n*0x0101010101010101)
PATTERN(0); PATTERN(1); PATTERN(2); PATTERN(3)
PATTERN(4); PATTERN(5); PATTERN(6); PATTERN(7)
PATTERN(8); PATTERN(9); PATTERN(10); PATTERN(11)
PATTERN(12); PATTERN(13); PATTERN(14); PATTERN(15)
GLOBL ·patterns(SB),NOPTR|RODATA,$256

#define FILLX(n, x) MOVOU ·patterns+(16*n)(SB), x
#define DIFFX(n, x) MOVOU ·patterns+(16*n)(SB), X15; PXOR X15, x; POR x, X0
#define FILLALL \
	FILLX(0, X0); FILLX(1, X1); FILLX(2, X2); FILLX(3, X3); \
	FILLX(4, X4); FILLX(5, X5); FILLX(6, X6); FILLX(7, X7); \
	FILLX(8, X8); FILLX(9, X9); FILLX(10, X10); FILLX(11, X11); \
	FILLX(12, X12); FILLX(13, X13); FILLX(14, X14); FILLX(15, X15)
#define LOOKALL \
	PXOR ·patterns+240(SB), X15; \
	PXOR ·patterns+0(SB), X0; \
	POR X15, X0; \
	DIFFX(1, X1); DIFFX(2, X2); DIFFX(3, X3); DIFFX(4, X4); DIFFX(5, X5); \
	DIFFX(6, X6); DIFFX(7, X7); DIFFX(8, X8); DIFFX(9, X9); DIFFX(10, X10); \
	DIFFX(11, X11); DIFFX(12, X12); DIFFX(13, X13); DIFFX(14, X14); \
	MOVHLPS X0, X1; \
	POR X1, X0; \
	MOVQ X0, DX; \
	TESTQ DX, DX; \
	JNZ lost

// KEEP gives a register a value that only this call, at this depth of the stack,
// has; KEPT goes to lost if it has another one.
#define KEEP(reg, k) LEAQ k(SP), reg
#define KEPT(reg, k) LEAQ k(SP), CX; CMPQ CX, reg; JNE lost

// The state besides: control words of SSE and x87, and what segments there are.
#define CONTROLS(at) STMXCSR at(SP); FSTCW (at+4)(SP)
#define SEGMENTS(to) \
	XORL AX, AX; XORL CX, CX; MOVW DS, AX; MOVW ES, CX; SHLQ $16, CX; ORQ CX, AX; \
	XORL CX, CX; MOVW FS, CX; SHLQ $32, CX; ORQ CX, AX; XORL CX, CX; MOVW GS, CX; SHLQ $48, CX; ORQ CX, AX; \
	XORL CX, CX; MOVW CS, CX; ROLQ $8, AX; XORQ CX, AX; XORL CX, CX; MOVW SS, CX; ROLQ $24, CX; XORQ CX, AX; MOVQ AX, to

// BASES checks the selectors, and what FS and GS point to: MOVQ FS:-8, DX and
// MOVQ GS:0, DX.
#define BASES \
	SEGMENTS(AX); \
	CMPQ AX, ·segWant(SB); \
	JNE lost; \
	BYTE $0x64; BYTE $0x48; BYTE $0x8b; BYTE $0x14; BYTE $0x25; LONG $-8; \
	LEAQ ·g0(SB), CX; \
	CMPQ DX, CX; \
	JNE lost; \
	BYTE $0x65; BYTE $0x48; BYTE $0x8b; BYTE $0x14; BYTE $0x25; LONG $0; \
	CMPQ DX, ·gsWant(SB); \
	JNE lost

// func sys(n, a1, a2, a3, a4 uint64) int64
TEXT ·sys(SB),NOSPLIT,$72-48
	MOVQ	$0, 32(SP)
	MOVQ	$0, 48(SP)
	CONTROLS(32)
	FILLALL
	MOVQ	n+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	XORL	R9, R9			// mmap's offset
	PUSHFQ
	POPQ	BX
	MOVQ	BX, 56(SP)
	KEEP(BX, 0x10000013)
	KEEP(BP, 0x20000025)
	KEEP(R8, 0x30000037)
	KEEP(R12, 0x1100005b)
	KEEP(R13, 0x1200006d)
	KEEP(R14, 0x1300007f)
	KEEP(R15, 0x14000081)
	SYSCALL
	MOVQ	AX, 40(SP)
	CMPQ	R11, 56(SP)		// flags, by SYSCALL
	JNE	lost
	MOVQ	·sysNext(SB), AX
	TESTQ	AX, AX
	JNE	known
	MOVQ	CX, ·sysNext(SB)
	MOVQ	CX, AX
known:
	CMPQ	CX, AX			// the next instruction, by SYSCALL
	JNE	lost
	PUSHFQ
	POPQ	AX
	CMPQ	AX, 56(SP)
	JNE	lost
	CMPQ	DI, a1+8(FP)
	JNE	lost
	CMPQ	SI, a2+16(FP)
	JNE	lost
	CMPQ	DX, a3+24(FP)
	JNE	lost
	CMPQ	R10, a4+32(FP)
	JNE	lost
	KEPT(BX, 0x10000013)
	KEPT(BP, 0x20000025)
	KEPT(R8, 0x30000037)
	TESTQ	R9, R9
	JNZ	lost
	KEPT(R12, 0x1100005b)
	KEPT(R13, 0x1200006d)
	KEPT(R14, 0x1300007f)
	KEPT(R15, 0x14000081)
	LOOKALL
	CONTROLS(48)
	MOVQ	48(SP), DX
	CMPQ	DX, 32(SP)
	JNE	lost
	BASES
	JMP	kept
lost:
	MOVQ	n+0(FP), AX
	MOVQ	AX, 0(SP)
	CALL	·registersLost(SB)
kept:
	MOVQ	40(SP), AX
	MOVQ	AX, ret+40(FP)
	RET

// func poke(at, v uint64) uint64
// Exchanges a word that may fault.
TEXT ·poke(SB),NOSPLIT,$32-24
	MOVQ	at+0(FP), AX
	MOVQ	v+8(FP), DX
	FILLALL
	KEEP(BX, 0x10000015)
	KEEP(BP, 0x20000027)
	KEEP(R8, 0x30000039)
	KEEP(R9, 0x4000004b)
	KEEP(R10, 0x5000003d)
	KEEP(R11, 0x6000002f)
	KEEP(R12, 0x1100005d)
	KEEP(R13, 0x1200006f)
	KEEP(R14, 0x13000071)
	KEEP(R15, 0x14000083)
	KEEP(SI, 0x15000095)
	KEEP(DI, 0x160000a7)
	XCHGQ	DX, (AX)
	MOVQ	DX, ret+16(FP)
	CMPQ	AX, at+0(FP)
	JNE	lost
	KEPT(BX, 0x10000015)
	KEPT(BP, 0x20000027)
	KEPT(R8, 0x30000039)
	KEPT(R9, 0x4000004b)
	KEPT(R10, 0x5000003d)
	KEPT(R11, 0x6000002f)
	KEPT(R12, 0x1100005d)
	KEPT(R13, 0x1200006f)
	KEPT(R14, 0x13000071)
	KEPT(R15, 0x14000083)
	KEPT(SI, 0x15000095)
	KEPT(DI, 0x160000a7)
	LOOKALL
	BASES
	RET
lost:
	MOVQ	$-1, 0(SP)
	CALL	·registersLost(SB)
	RET

// func steady(n uint64)
// Counts down with all other registers known: what interrupts it must leave them.
TEXT ·steady(SB),NOSPLIT,$32-8
	MOVQ	n+0(FP), AX
	FILLALL
	KEEP(BX, 0x10000017)
	KEEP(BP, 0x20000029)
	KEEP(R8, 0x3000003b)
	KEEP(R9, 0x4000004d)
	KEEP(R10, 0x5000003f)
	KEEP(R11, 0x60000021)
	KEEP(R12, 0x1100005f)
	KEEP(R13, 0x12000061)
	KEEP(R14, 0x13000073)
	KEEP(R15, 0x14000085)
	KEEP(SI, 0x15000097)
	KEEP(DI, 0x160000a9)
	KEEP(DX, 0x170000bb)
again:
	DECQ	AX
	JNZ	again
	KEPT(DX, 0x170000bb)
	KEPT(BX, 0x10000017)
	KEPT(BP, 0x20000029)
	KEPT(R8, 0x3000003b)
	KEPT(R9, 0x4000004d)
	KEPT(R10, 0x5000003f)
	KEPT(R11, 0x60000021)
	KEPT(R12, 0x1100005f)
	KEPT(R13, 0x12000061)
	KEPT(R14, 0x13000073)
	KEPT(R15, 0x14000085)
	KEPT(SI, 0x15000097)
	KEPT(DI, 0x160000a9)
	LOOKALL
	BASES
	RET
lost:
	MOVQ	$-2, 0(SP)
	CALL	·registersLost(SB)
	RET

// func fill(at, n, seed, step uint64)
// Fills n words, a multiple of 4, with seed, seed+step and so on.
TEXT ·fill(SB),NOSPLIT,$0-32
	MOVQ	at+0(FP), DI
	MOVQ	n+8(FP), CX
	MOVQ	seed+16(FP), AX
	MOVQ	step+24(FP), DX
	SHRQ	$2, CX
four:
	MOVQ	AX, 0(DI)
	ADDQ	DX, AX
	MOVQ	AX, 8(DI)
	ADDQ	DX, AX
	MOVQ	AX, 16(DI)
	ADDQ	DX, AX
	MOVQ	AX, 24(DI)
	ADDQ	DX, AX
	ADDQ	$32, DI
	DECQ	CX
	JNZ	four
	RET

// func wrong(at, n, seed, step uint64) uint64
// The address of the first group of four words that fill would have made otherwise,
// or 0.
TEXT ·wrong(SB),NOSPLIT,$0-40
	MOVQ	at+0(FP), DI
	MOVQ	n+8(FP), CX
	MOVQ	seed+16(FP), AX
	MOVQ	step+24(FP), DX
	SHRQ	$2, CX
four:
	CMPQ	AX, 0(DI)
	JNE	found
	ADDQ	DX, AX
	CMPQ	AX, 8(DI)
	JNE	found
	ADDQ	DX, AX
	CMPQ	AX, 16(DI)
	JNE	found
	ADDQ	DX, AX
	CMPQ	AX, 24(DI)
	JNE	found
	ADDQ	DX, AX
	ADDQ	$32, DI
	DECQ	CX
	JNZ	four
	XORL	DI, DI
found:
	MOVQ	DI, ret+32(FP)
	RET

// func holdFPU(values *[8]uint64, control uint16, mxcsr uint32)
// Loads the x87 stack and the control words.
TEXT ·holdFPU(SB),NOSPLIT,$0-16
	MOVQ	values+0(FP), DI
	FINIT
	FMOVV	0(DI), F0
	FMOVV	8(DI), F0
	FMOVV	16(DI), F0
	FMOVV	24(DI), F0
	FMOVV	32(DI), F0
	FMOVV	40(DI), F0
	FMOVV	48(DI), F0
	FMOVV	56(DI), F0
	FLDCW	control+8(FP)
	LDMXCSR	mxcsr+12(FP)
	RET

// func markFPU()
// An x87 instruction that only one process executes.
TEXT ·markFPU(SB),NOSPLIT,$0-0
	BYTE	$0xd9; BYTE $0xd0	// FNOP
	RET

// func saveFPU(image *[64]uint64) uint64
// Stores the state of x87 and SSE, and returns whether the last x87 instruction
// was markFPU's.
TEXT ·saveFPU(SB),NOSPLIT,$40-16
	MOVQ	image+0(FP), DI
	FXSAVE64	(DI)
	BYTE	$0xd9; BYTE $0x74; BYTE $0x24; BYTE $0x08	// FNSTENV 8(SP)
	BYTE	$0xd9; BYTE $0x64; BYTE $0x24; BYTE $0x08	// FLDENV 8(SP)
	MOVL	20(SP), AX
	LEAQ	·markFPU(SB), CX
	XORL	DX, DX
	CMPL	AX, CX
	JNE	other
	INCL	DX
other:
	MOVQ	DX, ret+8(FP)
	RET

// func segments() uint64
TEXT ·segments(SB),NOSPLIT,$0-8
	SEGMENTS(ret+0(FP))
	RET

// func loadData()
// Loads DS and ES with the selector of the stack's segment.
TEXT ·loadData(SB),NOSPLIT,$0-0
	MOVW	SS, AX
	MOVW	AX, DS
	MOVW	AX, ES
	RET
