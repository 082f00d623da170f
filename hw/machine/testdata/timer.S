# The timer of the local APIC: one-shot, periodic, masked, divided; current count.
        .include "kernel.inc"
        .set LVT, APIC+0x320
        .set INITIAL, APIC+0x380
        .set CURRENT, APIC+0x390
        .set DIVIDE, APIC+0x3e0
        .set SPIN, 4000                 # iterations that take longer than 2000 counts

main:   movq $on_timer, %rax
        movw %ax, idt+16*0x40
        movl $0xb, DIVIDE               # by 1
        movl DIVIDE, %eax
        say "divide "
        call number
        movl LVT, %eax
        say " lvt "
        call number
        movl CURRENT, %eax
        say " current "
        call number
        say "\n"

        say "one shot: "
        movl $0x40, LVT
        movl $2000, INITIAL
        movl CURRENT, %eax
        cmpl $2000, %eax
        ja bad
        cmpl $1000, %eax
        jb bad
        movl CURRENT, %ebx
        cmpl %eax, %ebx
        jae bad                         # it runs down
        call spin
        movl CURRENT, %eax
        testl %eax, %eax
        jnz bad
        testb $1, APIC+0x220            # vector 40 waits: interrupts are off
        jz bad
        cmpl $0, ticks
        jne bad
        sti
        nop
        cli
        call tell                       # 1
        sti
        call spin
        call spin
        cli
        say "not again: "
        call tell                       # 1

        say "stopped: "
        movl $2000, INITIAL
        movl $0, INITIAL
        sti
        call spin
        cli
        movl CURRENT, %eax
        testl %eax, %eax
        jnz bad
        call tell                       # 1

        say "halted: "
        movl $5000, INITIAL
        sti
        hlt
        cli
        call tell                       # 2

        say "masked: "
        movl $0x10040, LVT
        movl $2000, INITIAL
        movl CURRENT, %eax
        testl %eax, %eax
        jz bad
        sti
        call spin
        cli
        movl CURRENT, %eax
        testl %eax, %eax
        jnz bad
        call tell                       # 2

        say "periodic: "
        movl $0x20040, LVT
        movl $1000, INITIAL
        sti
1:      cmpl $12, ticks
        jb 1b
        cli
        call tell                       # 12
        movl CURRENT, %eax
        testl %eax, %eax
        jz bad
        say "periodic, masked: "
        movl $0x30040, LVT
        sti
        nop
        cli
        movl ticks, %ebx
        sti
        call spin
        cli
        cmpl %ebx, ticks
        jne bad
        movl CURRENT, %eax
        testl %eax, %eax
        jz bad                          # it goes on
        say "silent\n"
        movl $0, INITIAL

        # two counts by 16 take as long as 32 by 1, give or take what reading takes
        say "divided: "
        movl $0x10040, LVT
        movl $3, DIVIDE
        movl $100000, INITIAL
        call spin
        movl $100000, %ebx
        subl CURRENT, %ebx
        movl $0xb, DIVIDE
        movl $100000, INITIAL
        call spin
        movl $100000, %eax
        subl CURRENT, %eax
        cltd
        divl %ebx
        call number                     # 16
        say "\n"

        say "time stamps: "             # two for a count
        movl $1000000, INITIAL
        movl CURRENT, %ebx
        rdtsc
        movl %eax, %esi
        call spin
        call spin
        subl CURRENT, %ebx
        rdtsc
        subl %esi, %eax
        xorl %edx, %edx
        addl %ebx, %eax                 # half a count more, to round
        shrl $1, %ebx
        addl %ebx, %ebx
        divl %ebx
        decl %eax
        call number                     # 2
        say "\n"

        say "disabled: "
        movl $0x40, LVT
        movl $0xff, APIC+0xf0
        movl LVT, %eax
        call number                     # 10040
        movl $0x40, LVT                 # the mask stays
        movl LVT, %eax
        say " "
        call number
        movl $0x1ff, APIC+0xf0
        movl LVT, %eax
        say " "
        call number
        say "\n"
        xorl %eax, %eax
        ret
bad:    say "wrong\n"
        movl $1, %eax
        outb %al, $0xf4

spin:   movl $SPIN, %ecx
1:      loop 1b
        ret
tell:   movl ticks, %eax
        call byte
        say "\n"
        ret
on_timer:
        incl ticks
        movl $0, APIC+0xb0
        iretq
        .balign 4
ticks:  .long 0
end:
        .bss
bss_end:
