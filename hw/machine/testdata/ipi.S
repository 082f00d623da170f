# A kernel for the tests of this package: up to 16 processors, interrupts to
# them with every shorthand and destination mode of the xAPIC and the x2APIC.
# Each case of a table says what is sent and which processors must get it; the
# number of a case that fails is the exit status. 32-bit protected mode. GNU
# assembler. See kernels.sh.
        .set APIC, 0xfee00000
        .set CPUS, 16
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

        .macro gate vector, handler
        movl $\handler, %eax
        movl $0x8e00, idt+8*\vector+4
        movw %ax, idt+8*\vector
        movw $8, idt+8*\vector+2
        shrl $16, %eax
        movw %ax, idt+8*\vector+6
        .endm

start:  movl $stacks+256, %esp
        lgdt gdtr
        ljmp $8, $1f
1:      gate 2, nmi
        gate 0x40, fixed
        gate 0x41, gox2
        movl $trampoline, %esi
        movl $0x8000, %edi
        movl $trampend-trampoline, %ecx
        rep movsb
        call here
        movl $0xc4500, APIC+0x300       # INIT to all others
        call pause
        movl $0xc4608, APIC+0x300       # start-up
1:      pause
        cmpl $CPUS, online
        jne 1b

        movl $xcases, %esi
        call cases
        movl $0xc4041, APIC+0x300       # all others into x2APIC mode, then this one
1:      pause
        cmpl $CPUS-1, switched
        jne 1b
        call x2on
        movl $x2cases, %esi
        call cases
        xorl %eax, %eax
done:   outb %al, $0xf4
        hlt

# here sets up this processor's APIC and interrupt table: cluster ID/4, member ID%4.
here:   lidt idtr
        movl $0x1ff, APIC+0xf0
        movl $0x0fffffff, APIC+0xe0
        movl APIC+0x20, %ecx
        shrl $24, %ecx
        movl %ecx, %edx
        andl $3, %ecx
        shrl $2, %edx
        shll $4, %edx
        movl $1, %eax
        shll %cl, %eax
        orl %edx, %eax
        shll $24, %eax
        movl %eax, APIC+0xd0
        lock incl online
        sti
        ret

# cases sends what each entry at ESI says and waits for those who must get it.
cases:  movl (%esi), %ebx               # number
        testl %ebx, %ebx
        jz 9f
        movl $0, got
        movl 4(%esi), %edx              # destination
        movl 8(%esi), %eax              # command
        cmpl $0, x2
        jne 1f
        shll $24, %edx
        movl %edx, APIC+0x310
        movl %eax, APIC+0x300
        jmp 3f
1:      movl $0x830, %ecx
        cmpl $-1, %eax                  # by the self-IPI register
        jne 2f
        movl $0x83f, %ecx
        movl $0x40, %eax
        xorl %edx, %edx
2:      wrmsr
3:      call pause
        movl got, %eax
        cmpl 12(%esi), %eax
        je 4f
        movl %ebx, %eax
        jmp done
4:      addl $16, %esi
        jmp cases
9:      ret

pause:  movl $1000, %ecx                # 20 microseconds and more
1:      pause
        loop 1b
        ret

# me returns this processor's identifier in EAX.
me:     movl $1, %eax
        pushl %ebx
        cpuid
        movl %ebx, %eax
        popl %ebx
        shrl $24, %eax
        ret

fixed:  pushal
        call me
        lock btsl %eax, got
        call eoi
        popal
        iret

nmi:    pushal
        call me
        lock btsl %eax, got
        popal
        iret

gox2:   pushal
        call eoi
        call x2on
        lock incl switched
        popal
        iret

eoi:    movl $0x1b, %ecx
        rdmsr
        testl $0x400, %eax
        jnz 1f
        movl $0, APIC+0xb0
        ret
1:      movl $0x80b, %ecx
        xorl %eax, %eax
        xorl %edx, %edx
        wrmsr
        ret

x2on:   movl $0x1b, %ecx
        rdmsr
        orl $0x400, %eax
        wrmsr
        movl $1, x2
        ret

        .balign 4
        #     number, destination, command, processors
xcases: .long 1, 5, 0x4040, 1<<5
        .long 2, 0, 0x4040, 1
        .long 3, 0xff, 0x4040, 0xffff
        .long 4, 0, 0x44040, 1          # self
        .long 5, 0, 0x84040, 0xffff     # all
        .long 6, 0, 0xc4040, 0xfffe     # all others
        .long 7, 0x2f, 0x4840, 0x0f00   # cluster 2
        .long 8, 0x35, 0x4840, 0x5000   # two of cluster 3
        .long 9, 0x10, 0x4840, 0        # none of cluster 1
        .long 10, 0xff, 0x4840, 0xffff
        .long 11, 0x1c, 0x4940, 0x0040  # lowest priority: equal, so the first
        .long 12, 15, 0x4400, 0x8000    # NMI
        .long 13, 0, 0xc4400, 0xfffe    # NMI to all others
        .long 0
x2cases: .long 20, 11, 0x4040, 1<<11
        .long 21, 0xffffffff, 0x4040, 0xffff
        .long 22, 0xff, 0x4040, 0       # no broadcast
        .long 23, 0xf0f0, 0x4840, 0xf0f0
        .long 24, 0x10001, 0x4840, 0    # cluster 1 has nobody
        .long 25, 0, 0xc4040, 0xfffe
        .long 26, 0, -1, 1
        .long 27, 0x8000, 0x4c00, 0x8000 # NMI, logical
        .long 0

# Of the other processors, in real mode at 8000h.
        .code16
trampoline:
        cli
        lgdtl %cs:gdtr16-trampoline
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $8, $other
gdtr16: .word 23
        .long gdt
trampend:
        .code32
other:  movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $1, %eax
        lock xaddl %eax, next
        shll $8, %eax
        leal stacks+512(%eax), %esp
        call here
1:      hlt
        jmp 1b

        .balign 4
next:   .long 0
online: .long 0
switched: .long 0
x2:     .long 0
got:    .long 0
end:
        .bss
        .balign 16
idt:    .skip 0x80*8
stacks: .skip 256*(CPUS+1)
bss_end:
