package bare

// Privileged and serializing instructions (AMD64 Architecture Programmer's
// Manual, volumes 2 and 3). All are assembly and keep every rule of doc.go.

// Out8 writes a byte to a port.
func Out8(port uint16, v uint8)

// In8 reads a byte from a port.
func In8(port uint16) uint8

// In16 reads two bytes from a port.
func In16(port uint16) uint16

// Out16 writes two bytes to a port.
func Out16(port, v uint16)

// In32 reads four bytes from a port.
func In32(port uint16) uint32

// Out32 writes four bytes to a port.
func Out32(port uint16, v uint32)

// Cli clears RFLAGS.IF.
func Cli()

// Sti sets RFLAGS.IF; it takes effect after the next instruction.
func Sti()

// StiHlt enables interrupts and halts without a window between the two.
func StiHlt()

// Hlt halts until an interrupt, if they are enabled, or an NMI.
func Hlt()

// Pause tells the processor that this is a spin loop.
func Pause()

// Flags reads RFLAGS.
func Flags() uint64

// IRQSave reads RFLAGS and clears IF.
func IRQSave() uint64

// IRQRestore restores RFLAGS as IRQSave returned it.
func IRQRestore(flags uint64)

// RDTSC reads the time-stamp counter.
func RDTSC() uint64

// RDMSR reads a model-specific register.
func RDMSR(msr uint32) uint64

// WRMSR writes a model-specific register.
func WRMSR(msr uint32, v uint64)

// CPUID executes CPUID with EAX and ECX.
func CPUID(leaf, sub uint32) (a, b, c, d uint32)

// ReadCR0 and the following access control registers.
func ReadCR0() uint64
func WriteCR0(v uint64)
func ReadCR2() uint64
func WriteCR2(v uint64)
func ReadCR3() uint64
func WriteCR3(v uint64)
func ReadCR4() uint64
func WriteCR4(v uint64)

// ReadDR6, WriteDR6 and WriteDR7 access debug registers.
func ReadDR6() uint64
func WriteDR6(v uint64)
func WriteDR7(v uint64)

// Clts clears CR0.TS.
func Clts()

// Invlpg drops the translation of one page.
func Invlpg(addr uint64)

// Lgdt, Lidt load a table register from a 10-byte operand; Ltr and Lldt load a selector.
//
//go:noescape
func Lgdt(op *uint16)

//go:noescape
func Lidt(op *uint16)
func Ltr(sel uint16)
func Lldt(sel uint16)

// LoadSegments loads DS, ES and SS with data, FS and GS with null, and CS with code.
func LoadSegments(code, data uint16)

// Segments reads DS, ES, FS, GS.
func Segments() (ds, es, fs, gs uint16)

// Stac and Clac allow and forbid access to user pages (SMAP).
func Stac()
func Clac()

// Swapgs exchanges GS's base with KernelGSBase; VMM and guest kernels do not use GS themselves.
func Swapgs()

// Mfence orders all loads and stores.
func Mfence()

// FXSave and FXRestore move the x87 and SSE state; p is 512 bytes aligned to 16.
//
//go:noescape
func FXSave(p *byte)

//go:noescape
func FXRestore(p *byte)

// ForgetFPU overwrites the x87 error pointers, so that the next user cannot read
// the last one's; the other x87 state is lost. FXRSTOR alone keeps the old
// pointers unless an exception is pending in the state that it loads, because
// CPUID shows no RstrFpErrPtrs.
func ForgetFPU()

// RSP reads the stack pointer of the caller.
func RSP() uint64

// RBP reads the frame pointer, for backtraces.
func RBP() uint64

// Int3 executes a breakpoint.
func Int3()

// Trap executes UD2.
func Trap()

// FlushTLB drops all translations but global ones.
func FlushTLB() { WriteCR3(ReadCR3()) }
