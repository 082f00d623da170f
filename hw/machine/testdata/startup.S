# INIT and start-up IPIs: the second start-up counts for nothing, INIT takes a
# running processor back, an NMI wakes one that halted with interrupts off.
        .include "kernel.inc"
        .macro send command             # to processor 1
        movl $0x01000000, APIC+0x310
        movl $\command, APIC+0x300
        .endm
        .macro count name, counter
        call wait
        say "\name "
        movl \counter, %eax
        call byte
        say "\n"
        .endm
main:   movl $trampoline, %esi
        movl $0x8000, %edi
        movl $trampend-trampoline, %ecx
        rep movsb
        movl $nmi, %eax
        movw %ax, idt+16*2
        count "before", starts          # 0
        send 0x4608
        count "start-up, no init", starts # 1: it waits from power-on
        send 0x4609
        count "start-up while it runs", starts # 1
        send 0x4400
        count "nmi in hlt", nmis        # 1
        count "woken", wakes            # 1
        send 0x4040
        count "interrupt with if clear", wakes # 1
        send 0x4500
        send 0x4400
        count "nmi after init", nmis    # 1: lost or held, but not served
        send 0x4608
        send 0x4608
        count "init, start-up twice", starts # 2
        send 0xc500
        send 0x8500
        send 0x4608
        count "init, level", starts     # 3
        say "registers "
        movl edx, %eax
        andl $0xf0000000, %eax          # none of what it held before
        call number
        movl cr0, %eax
        say " cr0 "
        call number
        movl cs, %eax
        say " cs "
        call number
        say "\n"
        xorl %eax, %eax
        ret

wait:   movl $20000, %ecx               # longer than any of this takes
1:      loop 1b
        ret
nmi:    lock incl nmis
        iretq

        .code16
trampoline:
        movw %cs, %bp
        movl %cr0, %esi
        lgdtl %cs:gdtr16-trampoline
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $CODE32, $other
gdtr16: .word 0x57
        .long gdt
trampend:
        .code32
other:  movl $DATA, %eax
        movl %eax, %ds
        movl %eax, %ss
        movl %edx, edx
        movl %esi, cr0
        movzwl %bp, %ebp
        movl %ebp, cs
        movl $stack1, %esp
        call longmode
        ljmp $CODE, $other64
        .code64
other64:
        lidt idtr
        movl $0x1ff, APIC+0xf0
        lock incl starts
        movl $-1, %edx
1:      hlt
        lock incl wakes
        jmp 1b

        .balign 4
starts: .long 0
nmis:   .long 0
wakes:  .long 0
edx:    .long 0
cr0:    .long 0
cs:     .long 0
end:
        .bss
bss_end:
