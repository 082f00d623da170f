# Debug exceptions: single steps with their shadow, breakpoints on instructions
# and data, general detect, and what DR6 says of each.
        .include "kernel.inc"
        .macro fault name, code
        expect 7f
        \code
7:      report "\name"
        .endm
main:   movq $0xffff0ff0, %rax
        movq %rax, %dr6
        expect 1f
        pushq $0x102
        popfq
        nop
2:      nop
1:      report "single step"
        movq kept, %rax
        subq $2b, %rax
        call number
        movq %dr6, %rax
        say " dr6 "
        call number
        say "\n"
        movq $0xffff0ff0, %rax
        movq %rax, %dr6
        movl %ss, %eax
        expect 1f
        pushq $0x102
        popfq
        movl %eax, %ss
        nop
2:      nop
1:      report "single step over mov ss"
        movq kept, %rax
        subq $2b, %rax
        call number
        say "\n"
        movq $0xffff0ff0, %rax
        movq %rax, %dr6
        movq $2f, %rax
        movq %rax, %dr0
        movl $0x402, %eax
        movq %rax, %dr7
        expect 1f
        nop
2:      nop
1:      report "instruction breakpoint"
        movq kept, %rax
        subq $2b, %rax
        call number
        movq kept+16, %rax
        say " flags "
        call number
        movq %dr6, %rax
        say " dr6 "
        call number
        say "\n"
        movq $zero, %rax
        movq %rax, %dr1
        movl $0xd00408, %eax            # write, 4 bytes, register 1
        movq %rax, %dr7
        fault "breakpoint on reading", "movl zero, %eax"
        fault "breakpoint on writing", "movb $0, zero+3; nop"
        fault "breakpoint beside", "movb $0, zero+4"
        movl $0x2400, %eax              # general detect
        movq %rax, %dr7
        fault "general detect", "movq %dr0, %rax"
        movq %dr6, %rax
        say "dr6 "
        call number
        say "\n"
        movl $0x400, %eax
        movq %rax, %dr7
        xorl %eax, %eax
        ret

        .balign 16
zero:   .quad 0, 0, 0
end:
        .bss
bss_end:
