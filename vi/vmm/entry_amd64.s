#include "go_asm.h"
#include "textflag.h"

// Entry points of the VMM. Nothing here uses FS or GS. Where a comment lists
// what is on the stack, it begins with the lowest address. Every call into Go
// leaves R14 = g, which the wrapper computes from RSP, and needs X15 = 0.

#define SS_GUEST $0xe02b
#define CS_GUEST $(0xe033|const_syscallMark) // see partial
#define CLAC BYTE $0x0f; BYTE $0x01; BYTE $0xca

// NOCALLER ends the chain of frame pointers: the code here was not called. It is
// a macro because vet would report the write to BP as the loss of a caller's
// frame pointer.
#define NOCALLER XORL BP, BP
#define GUESTBP MOVQ const_regsRBP(DI), BP

// entry is entered in 64-bit mode on the boot page tables, with interrupts off.
// EDI is the physical address of the Multiboot information, ESI the loader's
// magic number.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	resvirt∕vi∕bare·Image+const_infoPerCPU(SB), AX
	LEAQ	const_blockStack(AX), CX
	ADDQ	$const_stackSlack, CX
	MOVQ	CX, const_gGuard(AX)
	LEAQ	const_stackTop(AX), SP
	NOCALLER
	XORPS	X15, X15
	CLD
	LEAQ	·failed(SB), AX		// a reference, so that the linker keeps failed in the image
	MOVL	SI, SI
	MOVL	DI, DI
	SUBQ	$16, SP
	MOVQ	SI, 0(SP)
	MOVQ	DI, 8(SP)
	CALL	·kmain(SB)
	UD2

// entryAP is where another processor comes from the trampoline; RSP is in its
// block.
TEXT ·entryAP(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	NOCALLER
	XORPS	X15, X15
	CLD
	CALL	·apMain(SB)
	UD2

// SAVE builds the rest of regs: on entry the stack holds, from RSP, RDI and
// above it the error code and vector, RIP, CS, RFLAGS, RSP, SS.
#define SAVE \
	PUSHQ	SI; \
	PUSHQ	DX; \
	PUSHQ	CX; \
	PUSHQ	AX; \
	PUSHQ	R8; \
	PUSHQ	R9; \
	PUSHQ	R10; \
	PUSHQ	R11; \
	PUSHQ	BX; \
	PUSHQ	BP; \
	PUSHQ	R12; \
	PUSHQ	R13; \
	PUSHQ	R14; \
	PUSHQ	R15

#define RESTORE \
	POPQ	R15; \
	POPQ	R14; \
	POPQ	R13; \
	POPQ	R12; \
	POPQ	BP; \
	POPQ	BX; \
	POPQ	R11; \
	POPQ	R10; \
	POPQ	R9; \
	POPQ	R8; \
	POPQ	AX; \
	POPQ	CX; \
	POPQ	DX; \
	POPQ	SI; \
	POPQ	DI

// The vector table: 256 stubs of 8 bytes. A stub pushes a zero if the processor
// pushes no error code, and calls its entry, which computes the vector from the
// return address. #DF, NMI and #MC have an entry of their own, as they have stacks
// of their own: they must work even if the code of all others is damaged. #DB has
// its own because of its stack.
#define V BYTE $0x6a; BYTE $0x00; CALL ·trapEntry(SB); BYTE $0x90
#define E CALL ·trapEntry(SB); BYTE $0x90; BYTE $0x90; BYTE $0x90
#define OWNV BYTE $0x6a; BYTE $0x00; CALL ·trapEntryOwn(SB); BYTE $0x90
#define DEBUG BYTE $0x6a; BYTE $0x00; CALL ·trapEntryDebug(SB); BYTE $0x90
#define OWNE CALL ·trapEntryOwn(SB); BYTE $0x90; BYTE $0x90; BYTE $0x90
#define V4 V; V; V; V
#define V16 V4; V4; V4; V4

TEXT ·vectorTable(SB),NOSPLIT|NOFRAME,$0
	V; DEBUG; OWNV; V; V4; OWNE; V; E; E; E; E; E; V; V; E; OWNV; V
	V; E; V; V; V4; V; E; E; V
	V16; V16; V16; V16; V16; V16; V16
	V16; V16; V16; V16; V16; V16; V16

// ENTER saves the rest of regs and loads their address into BX. The stack
// holds, from RSP, the return address into vectorTable, the error code, RIP,
// CS, RFLAGS, RSP, SS.
#define ENTER \
	XCHGQ	DI, 0(SP); \
	SAVE; \
	CLD; \
	CLAC; \
	LEAQ	·vectorTable(SB), AX; \
	SUBQ	AX, DI; \
	SHRQ	$3, DI; \
	MOVL	DI, const_regsVector(SP); \
	MOVQ	SP, BX

// NESTED serves an exception or interrupt that came while the VMM ran, or that
// has a stack of its own. It saves the FPU state on the stack; above these 512
// bytes lie the address of regs, and CR0 with the old TS bit.
#define NESTED \
	MOVQ	CR0, AX; \
	CLTS; \
	SUBQ	$const_nestedFPU, SP; \
	ANDQ	$~15, SP; \
	FXSAVE64	(SP); \
	MOVQ	BX, const_nestedRegs(SP); \
	MOVQ	AX, const_nestedCR0(SP); \
	LDMXCSR	·mxcsr(SB); \
	XORPS	X15, X15; \
	SUBQ	$16, SP; \
	MOVQ	BX, 0(SP); \
	CALL	·trapFromVMM(SB); \
	ADDQ	$16, SP; \
	FXRSTOR64	(SP); \
	MOVQ	const_nestedCR0(SP), AX; \
	MOVQ	const_nestedRegs(SP), SP; \
	TESTB	$8, AX; \
	JZ	noTS; \
	MOVQ	AX, CR0; \
noTS: \
	RESTORE; \
	ADDQ	$8, SP; \
	IRETQ

// GUEST serves an exception or interrupt that came from a guest, whose registers lie
// at BX. Its FPU state goes to its vCPU. From the change of the stack on, the FPU no
// longer holds the guest's state (step guest_frame).
#define GUEST \
	NOCALLER; \
	CLTS; \
	MOVQ	SP, R14; \
	ANDQ	$~(const_cpuBlockSize-1), R14; \
	MOVQ	const_cpuFPU(R14), AX; \
	TESTQ	AX, AX; \
	JZ	noFPU; \
	FXSAVE64	(AX); \
noFPU: \
	LEAQ	const_stackTop-16(R14), SP; \
	LDMXCSR	·mxcsr(SB); \
	XORPS	X15, X15; \
	MOVQ	BX, 0(SP); \
	CALL	·trapFromGuest(SB); \
	JMP	·returnToGuest(SB)

// trapEntry is for all but #DB, #DF, #MC and NMI. An exception from a guest pushes
// the guest's registers at their place in the CPU's block, which is not on the
// VMM's stack (percpu.go).
TEXT ·trapEntry(SB),NOSPLIT|NOFRAME,$0
	ENTER
	TESTB	$3, const_regsCS(BX)
	JZ	nested

	GUEST

nested:
	NESTED

// trapEntryDebug is for #DB. If a load of SS delays a breakpoint of a guest, #DB
// may come after SYSCALL, when the stack pointer is still the guest's: so #DB has
// a stack of its own. From there a guest's registers are copied to the place where
// all other exceptions push them.
TEXT ·trapEntryDebug(SB),NOSPLIT|NOFRAME,$0
	ENTER
	TESTB	$3, const_regsCS(BX)
	JZ	nested
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	MOVQ	SP, SI
	LEAQ	const_blockRegs(R14), DI
	MOVQ	DI, BX
	MOVL	$const_regsES/8, CX
	REP; MOVSQ
	GUEST

nested:
	NESTED

TEXT ·trapEntryOwn(SB),NOSPLIT|NOFRAME,$0
	ENTER
	NESTED

// One stub of SYSCALL per CPU, 32 bytes each: RCX is the guest's RIP, R11 its
// RFLAGS, RSP is still the guest's, interrupts are off (FMASK).
#define SYS(n) \
	PCALIGN	$32; \
	MOVQ	SP, ·sysRSP+(8*n)(SB); \
	MOVQ	·sysStack+(8*n)(SB), SP; \
	PUSHQ	SS_GUEST; \
	PUSHQ	·sysRSP+(8*n)(SB); \
	JMP	·sysCommon(SB)

TEXT ·sysTable(SB),NOSPLIT|NOFRAME,$0
	SYS(0)
	SYS(1)
	SYS(2)
	SYS(3)
	SYS(4)
	SYS(5)
	SYS(6)
	SYS(7)

// The same for SYSCALL of 32-bit code (CSTAR).
#define SYS32(n) \
	PCALIGN	$32; \
	MOVQ	SP, ·sysRSP+(8*n)(SB); \
	MOVQ	·sysStack+(8*n)(SB), SP; \
	PUSHQ	SS_GUEST; \
	PUSHQ	·sysRSP+(8*n)(SB); \
	JMP	·sysCommon32(SB)

TEXT ·sysTable32(SB),NOSPLIT|NOFRAME,$0
	SYS32(0)
	SYS32(1)
	SYS32(2)
	SYS32(3)
	SYS32(4)
	SYS32(5)
	SYS32(6)
	SYS32(7)

TEXT ·sysCommon32(SB),NOSPLIT|NOFRAME,$0
	PUSHQ	R11
	PUSHQ	$0xe023
	PUSHQ	CX
	PUSHQ	$0
	PUSHQ	DI
	SAVE
	MOVL	$const_syscall32New, const_regsVector(SP)
	MOVQ	SP, BX
	NOCALLER
	CLTS
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	MOVQ	const_cpuFPU(R14), AX
	TESTQ	AX, AX
	JZ	noFPU
	FXSAVE64	(AX)
noFPU:
	LEAQ	const_stackTop-16(R14), SP
	LDMXCSR	·mxcsr(SB)
	XORPS	X15, X15
	MOVQ	BX, 0(SP)
	STI
	CALL	·syscall32(SB)
	JMP	·returnToGuest(SB)

TEXT ·sysCommon(SB),NOSPLIT|NOFRAME,$0
	PUSHQ	R11
	PUSHQ	CS_GUEST
	PUSHQ	CX
	PUSHQ	$0
	PUSHQ	DI
	SAVE
	MOVL	$const_syscallNew, const_regsVector(SP)
	MOVQ	SP, BX
	NOCALLER
	CLTS
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	MOVQ	const_cpuFPU(R14), AX
	TESTQ	AX, AX
	JZ	noFPU
	FXSAVE64	(AX)
noFPU:
	LEAQ	const_stackTop-16(R14), SP	// from here on the FPU no longer holds the guest's state (guest_frame)
	LDMXCSR	·mxcsr(SB)
	XORPS	X15, X15
	MOVQ	BX, 0(SP)
	STI
	CALL	·hypercall(SB)
	JMP	·returnToGuest(SB)

// func returnToGuest()
TEXT ·returnToGuest(SB),NOSPLIT|NOFRAME,$0
	CLI
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	LEAQ	const_blockRegs(R14), BX
	LEAQ	const_stackTop-16(R14), SP
	NOCALLER
	XORPS	X15, X15
	MOVQ	BX, 0(SP)
	CALL	·guestExitWork(SB)
	CLI
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	MOVQ	const_cpuFPU(R14), AX
	TESTQ	AX, AX
	JZ	noFPU
	XORL	BX, BX
	CALL	·moveFPU(SB)
	TESTL	BX, BX
	JNZ	badFPU
	CMPB	const_cpuGuestTS(R14), $0
	JEQ	noFPU
	MOVQ	CR0, AX
	ORQ	$8, AX			// TS
	MOVQ	AX, CR0
noFPU:
	// The stack pointer stays below the words that are not loaded yet: an
	// exception on the way must not overwrite registers that recovery would
	// give back to the guest.
	MOVQ	const_blockRegs+const_regsR15(R14), R15
	LEAQ	const_blockRegs(R14), DI
	MOVQ	const_regsR14(DI), R14
	MOVQ	const_regsR13(DI), R13
	MOVQ	const_regsR12(DI), R12
	GUESTBP
	MOVQ	const_regsRBX(DI), BX
	MOVQ	const_regsR10(DI), R10
	MOVQ	const_regsR9(DI), R9
	MOVQ	const_regsR8(DI), R8
	MOVQ	const_regsRAX(DI), AX
	MOVQ	const_regsRDX(DI), DX
	MOVQ	const_regsRSI(DI), SI
	CMPL	const_regsVector(DI), $const_syscallEntry
	JEQ	sysret
	MOVQ	const_regsR11(DI), R11
	MOVQ	const_regsRCX(DI), CX
	LEAQ	const_regsRDI(DI), SP	// the registers below are loaded
	POPQ	DI
	LEAQ	8(SP), SP		// the error code
	JMP	·guestIRET(SB)
sysret:
	MOVQ	const_regsRIP(DI), CX
	MOVQ	const_regsRFLAGS(DI), R11
	MOVQ	const_regsRSP(DI), SP
	MOVQ	const_regsRDI(DI), DI
	BYTE	$0x48; BYTE $0x0f; BYTE $0x07	// SYSRETQ
badFPU:
	CALL	·badFPU(SB)

// guestIRET returns to a guest. A fault here is the guest's fault (fixup).
TEXT ·guestIRET(SB),NOSPLIT|NOFRAME,$0
	IRETQ

// func resetStackAndCall(fn func())
TEXT ·resetStackAndCall(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	fn+0(FP), DX
	MOVQ	SP, R14
	ANDQ	$~(const_cpuBlockSize-1), R14
	LEAQ	const_stackTop(R14), SP
	NOCALLER
	XORPS	X15, X15
	MOVQ	(DX), AX
	CALL	AX
	UD2

// func entryAddrs(a *entryTable)
TEXT ·entryAddrs(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	a+0(FP), BX
	LEAQ	·vectorTable(SB), AX
	MOVQ	AX, entryTable_vectors(BX)
	LEAQ	·sysTable(SB), AX
	MOVQ	AX, entryTable_sys(BX)
	LEAQ	·sysTable32(SB), AX
	MOVQ	AX, entryTable_sys32(BX)
	LEAQ	·guestIRET(SB), AX
	MOVQ	AX, entryTable_guestIRET(BX)
	LEAQ	·loadFault(SB), AX
	MOVQ	AX, entryTable_loadFault(BX)
	LEAQ	·entryAP(SB), AX
	MOVQ	AX, entryTable_ap(BX)
	LEAQ	·copyImage(SB), AX
	MOVQ	AX, entryTable_copyImage(BX)
	RET
