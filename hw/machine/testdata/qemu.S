# What QEMU has beside a PC: the configuration device tells of the machine, and the
# test device has a latch, memory, and interrupt lines, whose interrupts have come
# when the instruction that raises the line is over.
        .include "kernel.inc"
        .macro set line, up
        movl $0x2000+\line, %edx
        movb $\up, %al
        outb %al, %dx
        .endm
        .macro route pin, vector        # edge-triggered, to processor 0
        movl $0xfec00000, %ebx
        movl $0x11+2*\pin, (%rbx)
        movl $0, 0x10(%rbx)
        movl $0x10+2*\pin, (%rbx)
        movl $\vector, 0x10(%rbx)
        .endm
main:   movl $isr77, %eax
        movw %ax, idt+0x77*16
        movl $isr66, %eax
        movw %ax, idt+0x66*16

        say "signature "
        xorl %eax, %eax
        movl $0x510, %edx
        outw %ax, %dx
        incl %edx
        movl $4, %ecx
1:      inb %dx, %al
        outb %al, $0xe9
        loop 1b
        say "\nprocessors "
        movl $5, %eax
        decl %edx
        outw %ax, %dx
        incl %edx
        inb %dx, %al
        call byte
        say "\nRAM "
        movl $3, %eax
        decl %edx
        outw %ax, %dx
        incl %edx
        movl $data, %edi
        movl $8, %ecx
        rep insb
        movq data, %rax
        call number64

        say "\nlatch "
        movl $0x11223344, %eax
        outl %eax, $0xe0
        movl $letters, %esi
        movl $6, %ecx
        movl $0xe2, %edx
        rep outsb
        inl $0xe0, %eax
        call number
        say "\nmemory "
        movq $0x0123456789abcdef, %rax
        movl $0xff000000, %edi
        movq %rax, (%rdi)
        movl $0xff000006, %esi
        lodsw                           # the two bytes at the end
        addb %al, 4(%rdi)
        lock xaddl %eax, (%rdi)
        movq (%rdi), %rax
        call number64

        say "\ninterrupt "
        route 14, 0x77
        sti
        set 14, 1
        nop
        movl count77, %eax
        call byte
        set 14, 0
        set 14, 0
        set 14, 1
        set 14, 0
        nop
        movl count77, %eax
        call byte

        say "\nsimultaneous "
        cli
        route 15, 0x66
        set 15, 1
        set 15, 0
        set 14, 1
        set 14, 0
        sti
        nop
2:      movl count77, %eax
        call byte
        movl count66, %eax
        call byte
        movl after, %eax
        call byte
        movq at77, %rax
        subq at66, %rax
        call number
        # An interrupt that a write to its controller lets through has come when the
        # write is over: a level-triggered line that is up, at an entry that is unmasked;
        # after the EOI of a line that stayed up; an ISA interrupt unmasked at the 8259.
        say "\nunmasked "
        movl $isr55, %eax
        movw %ax, idt+0x55*16
        movl $0, count77
        sti
        route 13, 0x18055               # masked
        set 13, 1
        nop
        movl count55, %eax
        call byte
        movl $0x8055, 0x10(%rbx)
        nop
        movl count55, %eax
        call byte
        say " trigger mode "
        movl APIC+0x180+0x20, %eax      # of 40h to 5Fh, after the last EOI
        call number
        say "\nedge "
        route 13, 0x10055
        movl $0x55, 0x10(%rbx)          # unmasking is no edge
        nop
        movl count55, %eax
        call byte
        movl $0x10055, 0x10(%rbx)
        set 13, 0
        movl $0x40055, APIC+0x300       # to self, edge-triggered
        nop
        movl APIC+0x180+0x20, %eax
        say " trigger mode "
        call number
        say "\n8259 "
        movl $isr2e, %eax
        movw %ax, idt+0x2e*16
        movb $0x11, %al
        outb %al, $0x20
        outb %al, $0xa0
        movb $0x20, %al
        outb %al, $0x21
        movb $0x28, %al
        outb %al, $0xa1
        movb $4, %al
        outb %al, $0x21
        movb $2, %al
        outb %al, $0xa1
        movb $1, %al
        outb %al, $0x21
        outb %al, $0xa1
        movb $0xfb, %al
        outb %al, $0x21
        movb $0xff, %al
        outb %al, $0xa1
        movl $0x10077, 0x10(%rbx)
        movl $0x8700, APIC+0x350        # LINT0: the 8259s
        set 14, 1
        nop
        movl count2e, %eax
        call byte
        movb $0xbf, %al
        outb %al, $0xa1
        nop
        movl count2e, %eax
        call byte
        say "\n"
        cli
        xorl %eax, %eax
        ret

isr2e:  incl count2e
        pushq %rax
        movb $0xff, %al
        outb %al, $0xa1
        movb $0x20, %al
        outb %al, $0xa0
        outb %al, $0x20
        popq %rax
        iretq
isr55:  incl count55
        cmpl $1, count55
        je 1f                           # stays up: comes again after the EOI
        pushq %rax
        pushq %rdx
        set 13, 0
        popq %rdx
        popq %rax
1:      movl $0, APIC+0xb0
        iretq
isr77:  incl count77
        pushq 0(%rsp)
        popq at77
        movl $0, APIC+0xb0
        iretq
isr66:  incl count66
        pushq %rax
        movl count77, %eax
        movl %eax, after
        popq %rax
        pushq 0(%rsp)
        popq at66
        movl $0, APIC+0xb0
        iretq

letters: .ascii "abcdef"
        .balign 8
end:
        .bss
data:   .skip 8
at66:   .skip 8
at77:   .skip 8
count66: .skip 4
count77: .skip 4
after:  .skip 4
count55: .skip 4
count2e: .skip 4
bss_end:
