# Every exception that 64-bit mode raises, with its error code, which of two
# comes first, interrupt stacks, double faults.
        .include "kernel.inc"
        .macro fault name, code
        expect 7f
        \code
7:      report "\name"
        .endm

main:   fault "divide", "divl zero"
        movl $0x80000000, %eax
        cdq
        fault "divide overflow", "idivl minus"
        fault "icebp", ".byte 0xf1"
        fault "breakpoint", "int3"
        fault "int 3", "int $3"
        fault "ud2", "ud2"
        fault "into", ".byte 0xce"
        fault "lock nop", ".byte 0xf0, 0x90"
        fault "16 bytes", ".fill 15, 1, 0x66; nop"
        call segments
        call protection
        call floating
        call stacks
        call privilege
        call doubles
        xorl %eax, %eax
        ret

segments:
        movl $0x48, %eax
        fault "ds not present", "movl %eax, %ds"
        fault "ss not present", "movl %eax, %ss"
        movl $0x23, %eax
        fault "ss of level 3", "movl %eax, %ss"
        movl $CODE, %eax
        fault "ss of code", "movl %eax, %ss"
        fault "cs", ".byte 0x8e, 0xc8"
        movl $0x58, %eax
        fault "beyond the gdt", "movl %eax, %es"
        movl $0x5c, %eax
        fault "no ldt", "movl %eax, %fs"
        xorl %eax, %eax
        fault "null ds", "movl %eax, %ds"
        fault "null ss", "movl %eax, %ss"
        movl $DATA, %eax
        movl %eax, %ds
        movl %eax, %ss
        fault "far return, not present", "pushq $0x50; pushq $0; lretq"
        fault "far return to data", "pushq $DATA; pushq $0; lretq"
        movq $1<<60, %rax
        fault "far return, not canonical", "pushq $CODE; pushq %rax; lretq"
        fault "far jump to nothing", "ljmp *zero"
        movl $TSS, %eax
        fault "ltr of a busy tss", "ltr %ax"
        fault "lldt of a tss", "lldt %ax"
        movb $0x0e, idt+16*0x90+5
        fault "absent gate", "int $0x90"
        movl $0x8e, idt+16*0x81+4       # gate of a bad type
        movb $0x85, idt+16*0x81+5
        fault "task gate", "int $0x81"
        movw $DATA, idt+16*0x82+2
        fault "gate to data", "int $0x82"
        movw $0x50, idt+16*0x82+2
        fault "gate to absent code", "int $0x82"
        movw $CODE32, idt+16*0x82+2
        fault "gate to 32-bit code", "int $0x82"
        movw $0, idt+16*0x82+2
        fault "gate to null", "int $0x82"
        ret

protection:
        movq $1<<47, %rbx
        fault "not canonical", "movb (%rbx), %al"
        movq $(1<<47)-4, %rbp
        fault "across the end", "movq (%rbp), %rax"
        fault "stack, not canonical", "movq 8(%rbp), %rax"
        fault "stack, ds", "movq %ds:8(%rbp), %rax"
        movl $0xc0000080, %ecx
        rdmsr
        btsl $1, %eax
        fault "reserved in EFER", "wrmsr"
        movl $0x12345678, %ecx
        fault "no such msr", "rdmsr"
        movl $0xc0000100, %ecx
        xorl %eax, %eax
        movl $0x8000, %edx
        fault "fs base, not canonical", "wrmsr"
        movq %cr0, %rax
        btrq $0, %rax
        fault "paging without protection", "movq %rax, %cr0"
        movq %cr0, %rax
        btsq $40, %rax
        fault "cr0, high half", "movq %rax, %cr0"
        movq %cr4, %rax
        btrq $5, %rax
        fault "cr4 without pae", "movq %rax, %cr4"
        movq %cr4, %rax
        btsq $31, %rax
        fault "cr4, reserved", "movq %rax, %cr4"
        movl $16, %eax
        fault "cr8", "movq %rax, %cr8"
        fault "cr1", ".byte 0x0f, 0x20, 0xc8"
        fault "jump, not canonical", "jmpq *%rbx"
        movdqa zero, %xmm0
        fault "movaps, misaligned", "movaps zero+8, %xmm0"
        fault "cmpxchg16b, misaligned", "cmpxchg16b zero+8"
        fault "fxsave, misaligned", "fxsave fx+8"
        fault "mxcsr, reserved", "ldmxcsr minus"
        fault "popf of anything", "pushq $0x2; popfq"
        ret

floating:
        movq %cr0, %rax
        btsq $3, %rax
        movq %rax, %cr0
        fault "x87 with ts", "fnop"
        fault "wait with ts", "fwait"
        fault "sse with ts", "xorps %xmm0, %xmm0"
        movq $1<<47, %rbx
        fault "ts before the operand", "movaps (%rbx), %xmm0"
        btsq $2, %rax
        movq %rax, %cr0
        fault "sse with em", "xorps %xmm0, %xmm0"
        fault "x87 with em", "fnop"
        btrq $2, %rax
        btrq $1, %rax
        movq %rax, %cr0
        fault "wait without mp", "fwait"
        btsq $1, %rax
        btrq $3, %rax
        movq %rax, %cr0
        movq %cr4, %rcx
        btrq $9, %rcx
        movq %rcx, %cr4
        fault "sse without osfxsr", "xorps %xmm0, %xmm0"
        btsq $9, %rcx
        movq %rcx, %cr4
        fninit
        fldcw unmasked
        fld1
        fldz
        fdivrp
        fault "x87 divides by zero, then fnop", "fnop"
        fault "fnstsw does not wait", "fnstsw %ax"
        fault "fwait does", "fwait"
        fnclex
        fault "after fnclex", "fwait"
        fninit
        movl $0x1d80, mxcsr             # division by zero not masked
        ldmxcsr mxcsr
        movsd one, %xmm0
        xorps %xmm1, %xmm1
        fault "sse divides by zero", "divsd %xmm1, %xmm0"
        btrq $10, %rcx
        movq %rcx, %cr4
        fault "without osxmmexcpt", "divsd %xmm1, %xmm0"
        btsq $10, %rcx
        movq %rcx, %cr4
        movl $0x1f80, mxcsr
        ldmxcsr mxcsr
        ret

# Which stack an exception uses, and what it pushes there.
stacks: movq $ist1, tss+0x24
        movb $1, idt+16*6+4
        pushq $0x202+0x800              # OF and IF
        popfq
        fault "ud2 on ist 1", "ud2"
        say "frame "
        movq frame, %rax
        subq $ist1, %rax
        call number
        movq kept+16, %rax
        say " flags "
        call number
        movq kept+24, %rax
        subq %rsp, %rax
        say " rsp "
        call number
        movq kept+32, %rax
        say " ss "
        call byte
        movq kept+8, %rax
        say " cs "
        call byte
        pushfq
        popq %rax
        say " now "
        call number
        say "\n"
        movb $0, idt+16*6+4
        leaq -4(%rsp), %rsp             # the stack is aligned
        fault "ud2 on this stack", "ud2"
        movq %rsp, %rax
        subq frame, %rax
        say "frame "
        call number
        movq kept, %rax
        cmpw $0x0b0f, (%rax)
        je 1f
        say " not"
1:      say " at ud2\n"
        leaq 4(%rsp), %rsp
        fault "breakpoint", "int3"
        movq kept, %rax
        cmpb $0xcc, -1(%rax)
        je 1f
        say "not "
1:      say "behind int3\n"
        ret

# user runs code at level 3 until an exception or int $0x80.
        .macro user name, code
        expect 7f
        pushq $UDATA
        pushq $ustack
        pushq $0x202
        pushq $UCODE
        pushq $6f
        iretq
6:      \code
        int $0x80
7:      report "\name"
        .endm
privilege:
        movl $0x87, pd                  # this kernel's 2 MiB are the user's, too
        movl $pd+7, pdpt
        invlpg hdr
        user "user", "nop"
        say "stack "
        movq $stack0, %rax
        subq frame, %rax
        call number
        movq kept+8, %rax
        say " cs "
        call byte
        movq kept+32, %rax
        say " ss "
        call byte
        movl %ss, %eax
        say " now ss "
        call byte
        say "\n"
        movl $DATA, %eax
        movl %eax, %ss
        user "hlt", "hlt"
        user "mov cr0", "movq %cr0, %rax"
        user "lgdt", "lgdt gdtr"
        user "in without permission", "inb $0x80, %al"
        user "cli", "cli"
        user "rdmsr", "rdmsr"
        user "int 0x20", "int $0x20"
        user "int3", "int3"
        user "kernel data", "movl $DATA, %eax; movl %eax, %ss"
        user "kernel page", "movb 0x800000, %al"
        user "write to a kernel page", "movb %al, 0x800000"
        user "fetch from a kernel page", "movl $0x800000, %eax; jmp *%rax"
        user "misaligned", "pushfq; orl $0x40000, (%rsp); popfq; movl zero+1, %eax"
        movq %cr0, %rax
        btsq $18, %rax
        movq %rax, %cr0
        user "misaligned with am", "pushfq; orl $0x40000, (%rsp); popfq; movl zero+1, %eax"
        user "misaligned push", "pushfq; orl $0x40000, (%rsp); popfq; leaq -4(%rsp), %rsp; pushq %rax"
        user "aligned", "pushfq; orl $0x40000, (%rsp); popfq; movl zero+4, %eax"
        user "sysret", "sysretq"
        user "syscall", "syscall"
        user "invlpg", "invlpg zero"
        user "cr8", "movq %cr8, %rax"
        movl $UDATA, %eax               # 32 bits
        movl %eax, %ds
        expect 7f
        pushq $UDATA
        pushq $ustack
        pushq $0x202
        pushq $UCODE32
        pushq $6f
        iretq
        .code32
6:      movl $5, %eax
        boundl %eax, bounds
        .code64
7:      report "bound"
        expect 7f
        pushq $UDATA
        pushq $ustack
        pushq $0xa02
        pushq $UCODE32
        pushq $6f
        iretq
6:      .byte 0xce
        nop
7:      report "into"
        movl $DATA, %eax
        movl %eax, %ss
        ret

doubles:
        movb $1, idt+16*8+4             # on a good stack
        movb $0, idt+16*13+5            # no gate for #GP
        movq $1<<47, %rbx
        fault "gp without gate", "movb (%rbx), %al"
        movb $0, idt+16*6+5
        fault "ud without gate", "ud2"
        movb $0, idt+16*11+5
        fault "ud without gate nor np", "ud2"
        movb $0x8e, idt+16*6+5
        movb $0x8e, idt+16*11+5
        movb $0x8e, idt+16*13+5
        movb $0, idt+16*14+5
        movl $0, pd+8*2048-8            # the last 2 MiB are not mapped
        invlpg -4096
        movl $0xfffff000, %eax
        fault "pf without gate", "movb (%rax), %al"
        movb $0x8e, idt+16*14+5
        movq %rsp, %rsi
        expect 1f
        movq %rsi, resume+8
        movl $0xfffff800, %esp
        ud2
1:      report "ud on an absent stack"
        movb $1, idt+16*14+4
        expect 1f
        movq %rsi, resume+8
        movl $0xfffff800, %esp
        ud2
1:      report "the same with an ist for pf"
        expect 1f
        movq %rsi, resume+8
        movq $(1<<47)+256, %rsp
        ud2
1:      report "ud on a stack that is not canonical"
        movb $1, idt+16*12+4
        expect 1f
        movq %rsi, resume+8
        movq $(1<<47)+256, %rsp
        ud2
1:      report "the same with an ist for ss"
        expect 1f
        movq %rsi, resume+8
        movq $(1<<47)+8, %rsp
        pushq %rax
1:      report "push, not canonical"
        movb $0, idt+16*14+4
        movb $0, idt+16*12+4
        ret

        .balign 16
zero:   .quad 0, 0, 0
minus:  .quad -1
one:    .double 1
bounds: .long 6, 7
mxcsr:  .long 0
unmasked: .word 0x37b
        .balign 16
end:
        .bss
        .balign 16
fx:     .skip 1024
        .skip 1024
ist1:   .skip 1024
ustack: .skip 16
bss_end:
