# The 82540EM (Intel's 8254x software developer's manual) with DMA: a question by
# ARP to the host at the other end of the wire, and its answer, by level-triggered
# interrupts through the I/O APIC.
        .include "kernel.inc"
        .set RX, 0x200000               # rings of 8 descriptors
        .set TX, 0x201000
        .set BUFFERS, 0x210000
        .set FRAME, 0x220000
        .set PIN, 17                    # of the I/O APIC, for its interrupt line

main:   movq $on_interrupt, %rax
        movw %ax, idt+16*0x43
        movl $0xfec00000, %ecx
        movl $0x11+2*PIN, (%rcx)
        movl $0, 0x10(%rcx)
        movl $0x10+2*PIN, (%rcx)
        movl $0xa043, 0x10(%rcx)        # level, active low, vector 43
        movl $0x020000, %eax            # Ethernet
        call find_class
        xorl %eax, %eax
        call read_config
        say "device "
        call number
        say "\n"
        movl $4, %eax
        movl $6, %ecx                   # memory, bus master
        call write_config
        movl $0x10, %eax
        call read_config
        andl $-16, %eax
        movl %eax, %ebx                 # RBX: the controller's registers

        orl $0x04000000, (%rbx)         # reset
1:      testl $0x04000000, (%rbx)
        jnz 1b
        movl $-1, 0xd8(%rbx)            # no interrupts
        andl $~0x40, (%rbx)             # the PHY kept its link; take it down and up
        orl $0x40, (%rbx)
2:      pause
        testl $2, 8(%rbx)
        jz 2b
        movl 0xc0(%rbx), %eax
        say "link, causes "
        call number                     # 4: it changed
        say ", address "
        movl 0x5400(%rbx), %eax
        movl %eax, FRAME+6
        movl %eax, FRAME+22
        call number
        movl 0x5404(%rbx), %eax
        movw %ax, FRAME+10
        movw %ax, FRAME+26
        say " "
        call number
        say "\n"

        movl $RX, %edi                  # receive: seven buffers are the controller's
        movl $BUFFERS, %eax
        movl $8, %ecx
3:      movq %rax, (%rdi)
        movq $0, 8(%rdi)
        addl $2048, %eax
        addl $16, %edi
        loop 3b
        movl $RX, 0x2800(%rbx)
        movl $0, 0x2804(%rbx)
        movl $128, 0x2808(%rbx)
        movl $0, 0x2810(%rbx)
        movl $7, 0x2818(%rbx)
        movl $0x04008002, 0x100(%rbx)   # on, broadcasts, without check sequence
        movl $TX, 0x3800(%rbx)
        movl $0, 0x3804(%rbx)
        movl $128, 0x3808(%rbx)
        movl $0, 0x3810(%rbx)
        movl $0, 0x3818(%rbx)
        movl $0x000400fa, 0x400(%rbx)   # on, pads short frames
        movl $0x81, 0xd0(%rbx)          # interrupts: received, sent

        movl $-1, FRAME                 # who has 10.0.2.2? tell 10.0.2.15
        movw $-1, FRAME+4
        movw $0x0608, FRAME+12
        movl $0x00080100, FRAME+14
        movl $0x01000406, FRAME+18
        movl $0x0f02000a, FRAME+28
        movl $0, FRAME+32
        movw $0, FRAME+36
        movl $0x0202000a, FRAME+38
        movq $FRAME, TX
        movl $42, TX+8
        movb $0xb, TX+11                # whole frame, check sequence, report
        movl $0, TX+12
        movl $1, 0x3818(%rbx)
4:      cli
        testb $1, RX+12
        jnz 5f
        sti
        hlt
        jmp 4b
5:      sti
        movl $4000, %ecx
6:      loop 6b
        cli
        say "sent: status "
        movb TX+12, %al
        call byte
        say ", head "
        movl 0x3810(%rbx), %eax
        call number
        say "\nreceived: status "
        movb RX+12, %al
        call byte
        say ", head "
        movl 0x2810(%rbx), %eax
        call number
        say ", bytes "
        movzwl RX+8, %eax
        call number
        say "\nto "
        movl BUFFERS, %eax
        call number
        say ", type and operation "
        movzwl BUFFERS+12, %eax
        call number
        movzwl BUFFERS+20, %eax
        say " "
        call number
        say ", from "
        movl BUFFERS+28, %eax
        call number
        say "\ncauses "
        movl causes, %eax
        andl $0x81, %eax
        call number
        say ", line "
        movl $4, %eax
        call read_config                # interrupt status is bit 19
        shrl $19, %eax
        andl $1, %eax
        call number
        movq $0, RX+8
        movl $1, %r9d                   # 19 more questions, around both rings
7:      movl %r9d, %eax
        andl $7, %eax
        shll $4, %eax
        movq $FRAME, TX(%rax)
        movl $42, TX+8(%rax)
        movb $0xb, TX+11(%rax)
        movl $0, TX+12(%rax)
        leal 1(%r9), %ecx
        andl $7, %ecx
        movl %ecx, 0x3818(%rbx)
8:      pause
        testb $1, RX+12(%rax)
        jz 8b
        movq $0, RX+8(%rax)
        shll $7, %eax                   # of its buffer
        cmpw $0x0200, BUFFERS+20(%rax)
        jne bad
        movw $0, BUFFERS+20(%rax)
        shrl $11, %eax
        movl %eax, 0x2818(%rbx)         # the buffer is the controller's again
        incl %r9d
        cmpl $20, %r9d
        jne 7b
        say ", frames "
        movl 0x4080(%rbx), %eax         # sent
        call number
        movl 0x4074(%rbx), %eax         # received
        say " "
        call number
        say "\n"
        cmpl $0, interrupts
        je bad
        xorl %eax, %eax
        ret
bad:    say "wrong\n"
        movl $1, %eax
        ret

        .include "pci.inc"

on_interrupt:                           # reading the causes lets the line go
        pushq %rax
        incl interrupts
        movl 0xc0(%rbx), %eax
        orl %eax, causes
        movl $0, APIC+0xb0
        popq %rax
        iretq
end:
        .bss
interrupts: .skip 4
causes: .skip 4
bss_end:
