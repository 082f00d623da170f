#include "go_asm.h"
#include "textflag.h"

// What the kernel's checks of itself need: sums of memory, and registers that
// keep their values over a hypercall.

// SUMABOVE sums the stack above a hypercall's own frame: from the frame pointer and
// the return address on.
#define SUMABOVE(to) \
	LEAQ n+0(FP), SI; \
	SUBQ $16, SI; \
	MOVQ n+0(FP), AX; \
	MOVQ a1+8(FP), R9; \
	MOVQ a2+16(FP), R10; \
	CALL ·sumCaller(SB); \
	MOVQ AX, to

// sumCaller sums the stack from SI on into AX. A hypercall, whose number is in AX,
// may write to the operation that its first or second argument, in R9 and R10,
// points to, unless it is one of quietCalls: the sum leaves this out.
TEXT ·sumCaller(SB),NOSPLIT|NOFRAME,$0
	MOVQ	SI, R11
	ANDQ	$-const_blockAlign, R11
	ADDQ	$const_blockSize, R11	// the stack's end
	MOVQ	R11, R12		// where the sum pauses
	MOVQ	$const_quietCalls, CX
	BTQ	AX, CX
	JCS	sum
	MOVQ	R11, CX
	SUBQ	SI, CX
	MOVQ	R9, AX
	SUBQ	SI, AX
	CMPQ	AX, CX
	JCS	found
	MOVQ	R10, R9
	MOVQ	R10, AX
	SUBQ	SI, AX
	CMPQ	AX, CX
	JCC	sum
found:
	MOVQ	R9, R12
	ANDQ	$-8, R12
sum:
	SUBQ	$24, SP
	MOVQ	R12, CX
	SUBQ	SI, CX
	SHRQ	$3, CX
	MOVQ	SI, 0(SP)
	MOVQ	CX, 8(SP)
	CALL	·sumWords(SB)
	MOVQ	16(SP), R8
	ADDQ	$const_opBytes, R12
	MOVQ	R11, CX
	SUBQ	R12, CX
	JLE	summed
	SHRQ	$3, CX
	MOVQ	R12, 0(SP)
	MOVQ	CX, 8(SP)
	CALL	·sumWords(SB)
	ADDQ	16(SP), R8
summed:
	MOVQ	R8, AX
	ADDQ	$24, SP
	RET

// func sumWords(at, n uint64) uint64
// Adds n words and rotates the sum after each 32, so that the sum changes if a
// bit changes or if groups of words change places.
TEXT ·sumWords(SB),NOSPLIT,$0-24
	MOVQ	at+0(FP), SI
	MOVQ	n+8(FP), CX
	XORL	AX, AX
	MOVL	CX, DX
	ANDL	$31, DX
	SHRQ	$5, CX
	JZ	rest
again:
	ADDQ	0(SI), AX
	ADDQ	8(SI), AX
	ADDQ	16(SI), AX
	ADDQ	24(SI), AX
	ADDQ	32(SI), AX
	ADDQ	40(SI), AX
	ADDQ	48(SI), AX
	ADDQ	56(SI), AX
	ADDQ	64(SI), AX
	ADDQ	72(SI), AX
	ADDQ	80(SI), AX
	ADDQ	88(SI), AX
	ADDQ	96(SI), AX
	ADDQ	104(SI), AX
	ADDQ	112(SI), AX
	ADDQ	120(SI), AX
	ADDQ	128(SI), AX
	ADDQ	136(SI), AX
	ADDQ	144(SI), AX
	ADDQ	152(SI), AX
	ADDQ	160(SI), AX
	ADDQ	168(SI), AX
	ADDQ	176(SI), AX
	ADDQ	184(SI), AX
	ADDQ	192(SI), AX
	ADDQ	200(SI), AX
	ADDQ	208(SI), AX
	ADDQ	216(SI), AX
	ADDQ	224(SI), AX
	ADDQ	232(SI), AX
	ADDQ	240(SI), AX
	ADDQ	248(SI), AX
	ROLQ	$1, AX
	ADDQ	$256, SI
	DECQ	CX
	JNZ	again
rest:
	TESTL	DX, DX
	JZ	done
one:
	ADDQ	(SI), AX
	ADDQ	$8, SI
	DECL	DX
	JNZ	one
done:
	MOVQ	AX, ret+16(FP)
	RET

// sumStack sums the stack in use from R10 up, and the FPU's state in its block,
// into AX. R8, R9 and R10 stay.
TEXT ·sumStack(SB),NOSPLIT|NOFRAME,$0
	MOVQ	R10, CX
	ANDQ	$-const_blockAlign, CX
	MOVQ	$(const_fpuBytes/8), AX
	SUBQ	$24, SP
	LEAQ	const_blockFPU(CX), DX
	MOVQ	DX, 0(SP)
	MOVQ	AX, 8(SP)
	CALL	·sumWords(SB)
	MOVQ	16(SP), R11
	MOVQ	R10, CX
	ANDQ	$-const_blockAlign, CX
	ADDQ	$const_blockSize, CX
	SUBQ	R10, CX
	SHRQ	$3, CX
	MOVQ	R10, 0(SP)
	MOVQ	CX, 8(SP)
	CALL	·sumWords(SB)
	ADDQ	R11, AX
	ADDQ	$24, SP
	RET

// func stackSum(sp uint64) uint64
TEXT ·stackSum(SB),NOSPLIT,$0-16
	MOVQ	sp+0(FP), R10
	CALL	·sumStack(SB)
	MOVQ	AX, ret+8(FP)
	RET

// Values for X0 to X15 during a hypercall, different for each register.
#define PATTERN(n) \
	DATA ·patterns+(16*n)(SB)/8, $(0x5a17c3e98d2b4f60+n*0x0101010101010101); \
	DATA ·patterns+(16*n+8)(SB)/8, $(0x3c96a5f01e7d8b42-n*0x0101010101010101)
PATTERN(0); PATTERN(1); PATTERN(2); PATTERN(3)
PATTERN(4); PATTERN(5); PATTERN(6); PATTERN(7)
PATTERN(8); PATTERN(9); PATTERN(10); PATTERN(11)
PATTERN(12); PATTERN(13); PATTERN(14); PATTERN(15)
GLOBL ·patterns(SB),NOPTR|RODATA,$256

#define FILLX(n, x) MOVOU ·patterns+(16*n)(SB), x
#define DIFFX(n, x) MOVOU ·patterns+(16*n)(SB), X15; PXOR X15, x; POR x, X0

// KEEP(reg, k) gives a register a value that depends on the depth of the stack,
// so that only this call has it; KEPT jumps to lost if the register has another
// value.
#define KEEP(reg, k) LEAQ k(SP), reg
#define KEPT(reg, k) LEAQ k(SP), DX; CMPQ DX, reg; JNE lost

// SEGMENTS mixes all selectors into a word.
#define SEGMENTS(to) \
	XORL AX, AX; XORL CX, CX; MOVW DS, AX; MOVW ES, CX; SHLQ $16, CX; ORQ CX, AX; \
	XORL CX, CX; MOVW FS, CX; SHLQ $32, CX; ORQ CX, AX; XORL CX, CX; MOVW GS, CX; SHLQ $48, CX; ORQ CX, AX; \
	XORL CX, CX; MOVW CS, CX; ROLQ $8, AX; XORQ CX, AX; XORL CX, CX; MOVW SS, CX; ROLQ $24, CX; XORQ CX, AX; MOVQ AX, to

// func hypercall(n, a1, a2, a3, a4 uint64) int64
// The hypervisor may change the registers of arguments; R8 would be that of a
// fifth. All others must keep their values, flags as well, and the FPU the
// program's state. The selectors stay, too, and GS points to gsMark, once initSched has
// set it.
TEXT ·hypercall(SB),NOSPLIT,$80-48
	SUMABOVE(48(SP))
	SEGMENTS(72(SP))
	STMXCSR	24(SP)
	FSTCW	28(SP)
	FILLX(0, X0); FILLX(1, X1); FILLX(2, X2); FILLX(3, X3); FILLX(4, X4); FILLX(5, X5); FILLX(6, X6); FILLX(7, X7)
	FILLX(8, X8); FILLX(9, X9); FILLX(10, X10); FILLX(11, X11); FILLX(12, X12); FILLX(13, X13); FILLX(14, X14); FILLX(15, X15)
	MOVQ	n+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	SHLQ	$5, AX
	ADDQ	resvirt∕vi∕bare·Image+const_infoHypercall(SB), AX
	PUSHFQ
	POPQ	BX
	MOVQ	BX, 64(SP)
	KEEP(BX, 0x10000011)
	KEEP(BP, 0x20000023)
	KEEP(R8, 0x30000035)
	KEEP(R9, 0x40000047)
	KEEP(R12, 0x11000059)
	KEEP(R13, 0x1200006b)
	KEEP(R14, 0x1300007d)
	KEEP(R15, 0x1400008f)
	KEEP(CX, 0x150000a1)
	KEEP(R11, 0x160000b3)
	CALL	AX
	MOVQ	AX, 40(SP)
	PUSHFQ
	POPQ	AX
	CMPQ	AX, 64(SP)
	JNE	lost
	KEPT(BX, 0x10000011)
	KEPT(BP, 0x20000023)
	KEPT(R8, 0x30000035)
	KEPT(R9, 0x40000047)
	KEPT(R12, 0x11000059)
	KEPT(R13, 0x1200006b)
	KEPT(R14, 0x1300007d)
	KEPT(R15, 0x1400008f)
	KEPT(CX, 0x150000a1)
	KEPT(R11, 0x160000b3)
	PXOR	·patterns+240(SB), X15
	PXOR	·patterns+0(SB), X0
	POR	X15, X0
	DIFFX(1, X1); DIFFX(2, X2); DIFFX(3, X3); DIFFX(4, X4); DIFFX(5, X5); DIFFX(6, X6); DIFFX(7, X7); DIFFX(8, X8)
	DIFFX(9, X9); DIFFX(10, X10); DIFFX(11, X11); DIFFX(12, X12); DIFFX(13, X13); DIFFX(14, X14)
	MOVHLPS	X0, X1
	POR	X1, X0
	MOVQ	X0, DX
	TESTQ	DX, DX
	JNZ	lost
	STMXCSR	32(SP)
	FSTCW	36(SP)
	MOVQ	24(SP), DX
	XORQ	32(SP), DX
	SHLQ	$16, DX
	JNZ	lost
	SEGMENTS(56(SP))
	CMPQ	AX, 72(SP)
	JNE	lost
	MOVQ	·gsMark(SB), AX
	TESTQ	AX, AX
	JEQ	checked
	BYTE	$0x65; BYTE $0x48; BYTE $0x8b; BYTE $0x14; BYTE $0x25; LONG $0	// MOVQ GS:0, DX
	CMPQ	DX, AX
	JNE	lost
checked:
	SUMABOVE(56(SP))
	CMPQ	AX, 48(SP)
	JEQ	done
	CALL	·stackLost(SB)
done:
	MOVQ	40(SP), AX
	MOVQ	AX, ret+40(FP)
	RET
lost:
	MOVQ	n+0(FP), AX
	MOVQ	AX, 0(SP)
	CALL	·registersLost(SB)
	JMP	checked

// func setData(ds, es uint16)
TEXT ·setData(SB),NOSPLIT,$0-4
	MOVW	ds+0(FP), AX
	MOVW	AX, DS
	MOVW	es+2(FP), AX
	MOVW	AX, ES
	RET
