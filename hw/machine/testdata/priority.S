# The order of interrupts: request and service registers, task and processor
# priority, ends of interrupt, CR8.
        .include "kernel.inc"
        .macro send vector
        movl $0x44000+\vector, APIC+0x300
        .endm
        .macro gate vector, handler
        movq $\handler, %rax
        movw %ax, idt+16*\vector
        .endm
        .macro show name, register
        say "\name "
        movl APIC+\register, %eax
        call number
        .endm
main:   gate 0x31, on31
        gate 0x41, on41
        gate 0x42, on42
        gate 0x51, on51
        gate 0x61, on61
        send 0x31
        send 0x42
        send 0x41
        send 0x51
        send 0x42
        nop
        show "irr 20", 0x210
        show " 40", 0x220
        show " ppr", 0xa0
        say "\n"
        call window                     # highest first

        say "within:"                   # 61 interrupts 41, 42 does not
        movb $1, mode
        send 0x41
        call window
        movb $0, mode

        say "tpr 40:"
        movl $0x40, APIC+0x80
        movq %cr8, %rax
        call byte
        send 0x31
        send 0x41
        send 0x42
        send 0x51
        call window                     # 51
        show "ppr", 0xa0
        say "\ncr8 3:"
        movl $3, %eax
        movq %rax, %cr8
        movl APIC+0x80, %eax
        call byte
        call window                     # 42 41
        say "tpr 2f:"
        movl $0x2f, APIC+0x80
        movq %cr8, %rax
        call byte
        call window                     # 31

        say "cr8 in the window:"
        movl $0xf, %eax
        movq %rax, %cr8
        send 0x51
        sti
        nop
        say " still"
        xorl %eax, %eax
        movq %rax, %cr8                 # it comes right behind this
        say " after\n"
        cli

        say "no eoi:"
        movb $2, mode
        send 0x51
        call window
        show "isr 40", 0x120
        show " ppr", 0xa0
        send 0x42
        send 0x51
        say ":"
        call window                     # nothing
        movb $0, mode
        movl $0, APIC+0xb0
        call window                     # 51 42
        movl $0, APIC+0xb0              # one too many does no harm
        show "isr 40", 0x120
        say "\n"

        say "sti shadow:"
        send 0x51
        nop
        sti
        cli
        say " not yet"
        sti
        nop
        cli
        say "\nswitched off:"
        movl $0xff, APIC+0xf0
        send 0x51
        nop
        sti
        nop
        cli
        movl $0x1ff, APIC+0xf0
        sti
        nop
        cli
        show "irr 40", 0x220
        say "\nillegal vector:"
        gate 0xfe, onerror
        movl $0xfe, APIC+0x370
        send 0x0f
        sti
        nop
        cli
        movl $0, APIC+0x280
        show " esr", 0x280
        say "\n"
        xorl %eax, %eax
        ret

window: sti
        nop
        nop
        cli
        say "\n"
        ret

        .macro handler vector
        pushq %rax
        movl $\vector, %eax
        jmp serve
        .endm
on31:   handler 0x31
on41:   handler 0x41
on42:   handler 0x42
on51:   handler 0x51
on61:   handler 0x61
serve:  say " "
        call byte
        cmpb $1, mode
        jne 1f
        cmpb $0x41, %al
        jne 1f
        movb $0, mode
        send 0x42
        send 0x61
        show "(ppr", 0xa0
        sti
        nop
        nop
        cli
        say ")"
1:      cmpb $2, mode
        je 2f
        movl $0, APIC+0xb0
2:      popq %rax
        iretq
onerror:
        say " error"
        movl $0, APIC+0xb0
        iretq
mode:   .byte 0
end:
        .bss
bss_end:
