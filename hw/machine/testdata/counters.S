# Performance counters (AMD APM vol. 2, 13.2): instructions by privilege level, a
# counter mask, RDPMC, and the interrupt when one overflows.
        .include "kernel.inc"
        .macro select counter, value          # event select, and the counter to 0
        movl $0xc0010004+\counter, %ecx
        xorl %eax, %eax
        xorl %edx, %edx
        wrmsr
        movl $0xc0010000+\counter, %ecx
        movl $\value, %eax
        wrmsr
        .endm
        .macro stop counter, text:vararg
        movl $0xc0010000+\counter, %ecx
        xorl %eax, %eax
        xorl %edx, %edx
        wrmsr
        movl $0xc0010004+\counter, %ecx
        rdmsr
        shlq $32, %rdx
        orq %rdx, %rax
        say \text
        call number64
        say "\n"
        .endm
        .set OS, 0x4200c0
        .set USER, 0x4100c0
        .set BOTH, 0x4300c0
        .set INTERRUPT, 0x100000
main:   movl $isr, %eax
        movw %ax, idt+0x45*16
        movq %rsp, saved
        orl $4, pd                      # the kernel's memory is ring 3's as well
        orl $4, pdpt
        movq %cr3, %rax
        movq %rax, %cr3

        select 0, BOTH
        .rept 100
        nop
        .endr
        stop 0, "100 nops "
        select 0, 0x20300c0+0x400000    # cycles with two instructions
        .rept 100
        nop
        .endr
        stop 0, "two at once "
        select 0, BOTH
        movl $500, %ecx
1:      loop 1b
        xorl %ecx, %ecx
        rdpmc
        say "loop "
        call number
        stop 0, " and then "

        select 1, OS                    # 2 counters, 10 instructions of ring 3
        select 0, USER
        pushq $UDATA
        pushq $low
        pushq $2
        pushq $UCODE
        pushq $user
        expect 1f
        iretq
user:   .rept 9
        nop
        .endr
        int $0x80
1:      stop 0, "ring 3 "
        movl $0xc0010001, %ecx
        xorl %eax, %eax
        xorl %edx, %edx
        wrmsr
        movl $0xc0010005, %ecx
        rdmsr
        say "ring 0 more than 10: "
        cmpl $10, %eax
        seta %al
        call byte

        movl $0x45, APIC+0x340          # the LVT entry of the counters
        sti
        select 0, 0
        movl $0xc0010004, %ecx
        movl $-10, %eax
        movl $0xffff, %edx
        wrmsr
        movl $0xc0010000, %ecx
        movl $BOTH+INTERRUPT, %eax
        xorl %edx, %edx
        wrmsr                           # counts itself, when it is done
2:      .rept 30
        nop
        .endr
        stop 0, "\noverflow, and then "
        say "interrupts "
        movl interrupts, %eax
        call byte
        movq at, %rax
        subq $2b, %rax
        say " behind "
        call byte
        movl APIC+0x340, %eax
        say " masked "
        call number
        say "\n"
        cli
        movq saved, %rsp
        xorl %eax, %eax
        ret

isr:    incl interrupts
        pushq (%rsp)
        popq at
        movl $0, APIC+0xb0
        iretq
        .set low, stack-512
end:
        .bss
saved:  .skip 8
at:     .skip 8
interrupts: .skip 4
bss_end:
