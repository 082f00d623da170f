#include "textflag.h"

// func Out8(port uint16, v uint8)
TEXT ·Out8(SB),NOSPLIT,$0-3
	MOVW	port+0(FP), DX
	MOVB	v+2(FP), AX
	OUTB
	RET

// func In8(port uint16) uint8
TEXT ·In8(SB),NOSPLIT,$0-9
	MOVW	port+0(FP), DX
	INB
	MOVB	AX, ret+8(FP)
	RET

// func In16(port uint16) uint16
TEXT ·In16(SB),NOSPLIT,$0-10
	MOVW	port+0(FP), DX
	INW
	MOVW	AX, ret+8(FP)
	RET

// func Out16(port, v uint16)
TEXT ·Out16(SB),NOSPLIT,$0-4
	MOVW	port+0(FP), DX
	MOVW	v+2(FP), AX
	OUTW
	RET

// func In32(port uint16) uint32
TEXT ·In32(SB),NOSPLIT,$0-12
	MOVW	port+0(FP), DX
	INL
	MOVL	AX, ret+8(FP)
	RET

// func Out32(port uint16, v uint32)
TEXT ·Out32(SB),NOSPLIT,$0-8
	MOVW	port+0(FP), DX
	MOVL	v+4(FP), AX
	OUTL
	RET

// func Cli()
TEXT ·Cli(SB),NOSPLIT,$0-0
	CLI
	RET

// func Sti()
TEXT ·Sti(SB),NOSPLIT,$0-0
	STI
	RET

// func StiHlt()
TEXT ·StiHlt(SB),NOSPLIT,$0-0
	STI
	HLT
	RET

// func Hlt()
TEXT ·Hlt(SB),NOSPLIT,$0-0
	HLT
	RET

// func Pause()
TEXT ·Pause(SB),NOSPLIT,$0-0
	PAUSE
	RET

// func Flags() uint64
TEXT ·Flags(SB),NOSPLIT,$0-8
	PUSHFQ
	POPQ	AX
	MOVQ	AX, ret+0(FP)
	RET

// func IRQSave() uint64
TEXT ·IRQSave(SB),NOSPLIT,$0-8
	PUSHFQ
	POPQ	AX
	CLI
	MOVQ	AX, ret+0(FP)
	RET

// func IRQRestore(flags uint64)
TEXT ·IRQRestore(SB),NOSPLIT,$0-8
	MOVQ	flags+0(FP), AX
	PUSHQ	AX
	POPFQ
	RET

// func RDTSC() uint64
TEXT ·RDTSC(SB),NOSPLIT,$0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET

// func RDMSR(msr uint32) uint64
TEXT ·RDMSR(SB),NOSPLIT,$0-16
	MOVL	msr+0(FP), CX
	RDMSR
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+8(FP)
	RET

// func WRMSR(msr uint32, v uint64)
TEXT ·WRMSR(SB),NOSPLIT,$0-16
	MOVL	msr+0(FP), CX
	MOVQ	v+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	WRMSR
	RET

// func CPUID(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·CPUID(SB),NOSPLIT,$0-24
	MOVL	leaf+0(FP), AX
	MOVL	sub+4(FP), CX
	CPUID
	MOVL	AX, a+8(FP)
	MOVL	BX, b+12(FP)
	MOVL	CX, c+16(FP)
	MOVL	DX, d+20(FP)
	RET

// func ReadCR0() uint64
TEXT ·ReadCR0(SB),NOSPLIT,$0-8
	MOVQ	CR0, AX
	MOVQ	AX, ret+0(FP)
	RET

// func WriteCR0(v uint64)
TEXT ·WriteCR0(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR0
	RET

// func ReadCR2() uint64
TEXT ·ReadCR2(SB),NOSPLIT,$0-8
	MOVQ	CR2, AX
	MOVQ	AX, ret+0(FP)
	RET

// func WriteCR2(v uint64)
TEXT ·WriteCR2(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR2
	RET

// func ReadCR3() uint64
TEXT ·ReadCR3(SB),NOSPLIT,$0-8
	MOVQ	CR3, AX
	MOVQ	AX, ret+0(FP)
	RET

// func WriteCR3(v uint64)
TEXT ·WriteCR3(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR3
	RET

// func ReadCR4() uint64
TEXT ·ReadCR4(SB),NOSPLIT,$0-8
	MOVQ	CR4, AX
	MOVQ	AX, ret+0(FP)
	RET

// func WriteCR4(v uint64)
TEXT ·WriteCR4(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR4
	RET

// func ReadDR6() uint64
TEXT ·ReadDR6(SB),NOSPLIT,$0-8
	MOVQ	DR6, AX
	MOVQ	AX, ret+0(FP)
	RET

// func WriteDR6(v uint64)
TEXT ·WriteDR6(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, DR6
	RET

// func WriteDR7(v uint64)
TEXT ·WriteDR7(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, DR7
	RET

// func Clts()
TEXT ·Clts(SB),NOSPLIT,$0-0
	CLTS
	RET

// func Invlpg(addr uint64)
TEXT ·Invlpg(SB),NOSPLIT,$0-8
	MOVQ	addr+0(FP), AX
	INVLPG	(AX)
	RET

// func Lgdt(op *uint16)
TEXT ·Lgdt(SB),NOSPLIT,$0-8
	MOVQ	op+0(FP), AX
	LGDT	(AX)
	RET

// func Lidt(op *uint16)
TEXT ·Lidt(SB),NOSPLIT,$0-8
	MOVQ	op+0(FP), AX
	LIDT	(AX)
	RET

// func Ltr(sel uint16)
TEXT ·Ltr(SB),NOSPLIT,$0-2
	MOVW	sel+0(FP), AX
	LTR	AX
	RET

// func Lldt(sel uint16)
TEXT ·Lldt(SB),NOSPLIT,$0-2
	MOVW	sel+0(FP), AX
	LLDT	AX
	RET

// func LoadSegments(code, data uint16)
// CS is loaded by a far return to the next instruction.
TEXT ·LoadSegments(SB),NOSPLIT,$0-4
	MOVW	data+2(FP), AX
	MOVW	AX, DS
	MOVW	AX, ES
	MOVW	AX, SS
	XORL	AX, AX
	MOVW	AX, FS
	MOVW	AX, GS
	MOVWLZX	code+0(FP), AX
	PUSHQ	AX
	LEAQ	reload<>(SB), CX
	PUSHQ	CX
	RETFQ

// reload ends LoadSegments with the new code segment.
TEXT reload<>(SB),NOSPLIT|NOFRAME,$0
	RET

// func Segments() (ds, es, fs, gs uint16)
TEXT ·Segments(SB),NOSPLIT,$0-8
	MOVW	DS, AX
	MOVW	AX, ds+0(FP)
	MOVW	ES, AX
	MOVW	AX, es+2(FP)
	MOVW	FS, AX
	MOVW	AX, fs+4(FP)
	MOVW	GS, AX
	MOVW	AX, gs+6(FP)
	RET

#define STAC BYTE $0x0f; BYTE $0x01; BYTE $0xcb
#define CLAC BYTE $0x0f; BYTE $0x01; BYTE $0xca

// func Stac()
TEXT ·Stac(SB),NOSPLIT,$0-0
	STAC
	RET

// func Clac()
TEXT ·Clac(SB),NOSPLIT,$0-0
	CLAC
	RET

// func Swapgs()
TEXT ·Swapgs(SB),NOSPLIT,$0-0
	SWAPGS
	RET

// func Mfence()
TEXT ·Mfence(SB),NOSPLIT,$0-0
	MFENCE
	RET

// func FXSave(p *byte)
TEXT ·FXSave(SB),NOSPLIT,$0-8
	MOVQ	p+0(FP), AX
	FXSAVE64	(AX)
	RET

// func FXRestore(p *byte)
TEXT ·FXRestore(SB),NOSPLIT,$0-8
	MOVQ	p+0(FP), AX
	FXRSTOR64	(AX)
	RET

// func ForgetFPU()
TEXT ·ForgetFPU(SB),NOSPLIT,$0-0
	BYTE	$0xdb; BYTE $0xe2	// FNCLEX: nothing is pending for what follows
	EMMS				// nor is there a stack to overflow
	FMOVL	·ForgetFPU(SB), F0	// FILD of anything
	RET

// func RSP() uint64
TEXT ·RSP(SB),NOSPLIT,$0-8
	LEAQ	ret+0(FP), AX
	MOVQ	AX, ret+0(FP)
	RET

// func RBP() uint64
TEXT ·RBP(SB),NOSPLIT,$0-8
	MOVQ	BP, ret+0(FP)
	RET

// func Int3()
TEXT ·Int3(SB),NOSPLIT,$0-0
	INT	$3
	RET

// func Trap()
TEXT ·Trap(SB),NOSPLIT,$0-0
	UD2
	RET
