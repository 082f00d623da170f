# A kernel for the tests of this package: the devices of the chip set and every
# way that their interrupts take to the boot processor. 32-bit protected mode
# without paging. It says on COM1 how far it came and switches the machine off;
# a failure exits through port 0xf4. GNU assembler. See kernels.sh.
        .set APIC, 0xfee00000
        .set IOAPIC, 0xfec00000
        .text
        .code32
        .globl _start
_start:
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, end, bss_end, start
        .align 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff
        .quad 0x00cf93000000ffff
gdtr:   .word 23
        .long gdt
idtr:   .word 0x7f*8+7
        .long idt

        .macro outp port, value
        movw $\port, %dx
        movb $\value, %al
        outb %al, %dx
        .endm
        .macro say text
        movl $8f, %esi
        call print
        jmp 9f
8:      .asciz "\text"
9:
        .endm
        .macro await vector, n          # until so many interrupts have come
7:      cli
        cmpl $\n, counts+4*\vector
        jae 6f
        sti
        hlt
        jmp 7b
6:
        .endm
        .macro route pin, low           # a pin of the I/O APIC to this processor
        movl $0x11+2*\pin, IOAPIC
        movl $0, IOAPIC+0x10
        movl $0x10+2*\pin, IOAPIC
        movl $\low, IOAPIC+0x10
        .endm

start:  movl $stack, %esp
        lgdt gdtr
        ljmp $8, $1f
1:      movl $idt+8*0x20, %edi          # gates of vectors 20 to 7f
        movl $stubs, %eax
        movl $0x60, %ecx
2:      movw %ax, (%edi)
        movw $8, 2(%edi)
        movw $0x8e00, 4(%edi)
        movl %eax, %ebx
        shrl $16, %ebx
        movw %bx, 6(%edi)
        addl $8, %edi
        addl $16, %eax
        loop 2b
        lidt idtr

        # 1. Timer through the 8259s and LINT0, a hundred a second.
        outp 0x20, 0x11
        outp 0x21, 0x20
        outp 0x21, 4
        outp 0x21, 1
        outp 0xa0, 0x11
        outp 0xa1, 0x28
        outp 0xa1, 2
        outp 0xa1, 1
        outp 0x21, 0xfe
        outp 0xa1, 0xff
        call timer
        await 0x20, 1
        rdtsc
        movl %eax, %ebp
        await 0x20, 6
        rdtsc
        subl %ebp, %eax                 # 50 ms at 2 GHz
        subl $99000000, %eax
        cmpl $2000000, %eax
        ja fail
        outp 0x21, 0xff
        say "timer by 8259\n"

        # 2. The same through the I/O APIC, and the ACPI timer beside it.
        route 2, 0x40
        await 0x40, 1
        movw $0x608, %dx
        inl %dx, %eax
        movl %eax, %ebp
        await 0x40, 6
        movw $0x608, %dx
        inl %dx, %eax
        subl %ebp, %eax                 # 178977 in 50 ms
        subl $177000, %eax
        cmpl $4000, %eax
        ja fail
        route 2, 0x10000
        say "timer by I/O APIC\n"

        # 3. The clock's periodic interrupt through the second 8259, then its
        # update interrupt through the I/O APIC.
        movl $ackrtc, ack
        outp 0x21, 0xfb
        outp 0xa1, 0xfe
        outp 0x70, 0x0b
        outp 0x71, 0x42
        await 0x28, 4
        outp 0xa1, 0xff
        outp 0x21, 0xff
        outp 0x70, 0x0b
        outp 0x71, 0x12
        route 8, 0x48
        call ackrtc
        await 0x48, 1
        outp 0x70, 0
        inb $0x71, %al
        testb %al, %al
        jz fail                         # the first second has passed
        outp 0x70, 0x0b
        outp 0x71, 0x02
        say "clock\n"

        # 4. TSC deadline: a million counts from now.
        movl $0x40060, APIC+0x320
        rdtsc
        movl %eax, %ebp
        addl $1000000, %eax
        adcl $0, %edx
        movl $0x6e0, %ecx
        wrmsr
        await 0x60, 1
        rdtsc
        subl %ebp, %eax
        cmpl $1000000, %eax
        jb fail
        cmpl $1020000, %eax
        ja fail
        movl $0x6e0, %ecx
        rdmsr
        orl %edx, %eax
        jnz fail                        # it is disarmed
        say "deadline\n"

        # 5. Input on COM1, level-triggered for once; each byte is echoed.
        movl $ackcom, ack
        route 4, 0x8044
        outp 0x3fa, 1
        outp 0x3fb, 3
        outp 0x3fc, 0x0b
        outp 0x3f9, 1
        say "input:"
        await 0x44, 3
        outp 0x3f9, 0

        # 6. Off.
        say "\noff\n"
        movw $0x604, %dx
        movw $0x2000|5<<10, %ax
        outw %ax, %dx
fail:   outp 0xf4, 1
        hlt

timer:  outp 0x43, 0x34
        outp 0x40, 0x9c                 # 11932
        outp 0x40, 0x2e
        ret

print:  movw $0x3f8, %dx
1:      lodsb
        testb %al, %al
        jz 2f
        outb %al, %dx
        jmp 1b
2:      ret

ackrtc: outp 0x70, 0x0c
        inb $0x71, %al
        ret

ackcom: movw $0x3f8, %dx
        inb %dx, %al
        outb %al, %dx
        ret

noack:  ret

        .balign 16
stubs:  .set v, 0x20
        .rept 0x60
        .balign 16
        pushl $v
        jmp common
        .set v, v+1
        .endr

common: pushal
        movl 32(%esp), %ebx
        incl counts(,%ebx,4)
        call *ack
        cmpl $0x30, %ebx
        jae 2f
        cmpl $0x28, %ebx
        jb 1f
        outp 0xa0, 0x20
1:      outp 0x20, 0x20
        jmp 3f
2:      movl $0, APIC+0xb0
3:      popal
        addl $4, %esp
        iret

        .balign 4
ack:    .long noack
end:
        .bss
        .balign 16
idt:    .skip 0x80*8
counts: .skip 0x80*4
        .skip 4096
stack:
bss_end:
