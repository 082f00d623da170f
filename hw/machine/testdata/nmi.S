# NMIs: one is served at a time, one more is remembered, IRET lets the next one
# in, whatever IRET it is.
        .include "kernel.inc"
        .macro nmi                      # to this processor
        movl $0x44400, APIC+0x300
        .endm
main:   movq $on_nmi, %rax
        movw %ax, idt+16*2
        nmi
        nop
        call count                      # 1
        movb $1, mode
        nmi
        nop
        call count                      # 3: two more while in the handler are one
        movb $2, mode
        nmi
        nop
        call count                      # 5: the IRET of an exception in the handler lets it in
        movb $3, mode
        nmi
        nop
        call count                      # 6, and still blocked
        nmi
        nop
        call count                      # 6
        movq %rsp, %rax
        pushq $DATA
        pushq %rax
        pushq $2
        pushq $CODE
        pushq $1f
        iretq
1:      nop
        call count                      # 7
        xorl %eax, %eax
        ret

count:  say "count "
        movl counter, %eax
        call byte
        say "\n"
        ret

on_nmi: pushq %rax
        lock incl counter
        movl counter, %eax
        cmpb $1, mode
        jne 1f
        cmpl $2, %eax
        jne 9f
        nmi
        nmi
        nop
        nop
        cmpl $2, counter
        je 9f
        say "nested\n"
        jmp 9f
1:      cmpb $2, mode
        jne 2f
        cmpl $4, %eax
        jne 9f
        nmi
        nop
        call count                      # 4
        movq $on_int3, %rax
        movw %ax, idt+16*3
        int3
        nop
        call count                      # 5
        jmp 9f
2:      cmpb $3, mode
        jne 9f
        cmpl $6, %eax
        jne 9f
        popq %rax                       # leaves without IRET
        movq (%rsp), %rcx
        movq 24(%rsp), %rsp
        jmpq *%rcx
9:      popq %rax
        iretq
on_int3: iretq

counter: .long 0
mode:   .byte 0
end:
        .bss
bss_end:
