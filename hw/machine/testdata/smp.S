# A kernel for the tests of this package: two processors in long mode that
# interrupt each other, an APIC timer, a performance-counter NMI, output on
# COM1, exit through port 0xf4. GNU assembler. See kernels.sh.
        .set APIC, 0xfee00000
        .text
        .code32
        .globl _start
_start:
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, end, bss_end, start32
        .align 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        # 08: 32-bit code
        .quad 0x00cf93000000ffff        # 10: data
        .quad 0x00af9b000000ffff        # 18: 64-bit code
gdtr:   .word 31
        .long gdt, 0

start32:
        movl $stack0, %esp
        movl %ebx, info
        movl %eax, info+4
        # 4 GiB identity-mapped by 2 MiB pages
        movl $pd, %edi
        movl $0x83, %eax
        movl $2048, %ecx
1:      movl %eax, (%edi)
        movl $0, 4(%edi)
        addl $0x200000, %eax
        addl $8, %edi
        decl %ecx
        jnz 1b
        movl $pd+3, %eax
        movl $pdpt, %edi
        movl $4, %ecx
2:      movl %eax, (%edi)
        addl $0x1000, %eax
        addl $8, %edi
        loop 2b
        movl $pdpt+3, pml4
        call longmode
        ljmp $0x18, $start64

longmode:                               # on both processors
        lgdt gdtr
        movl %cr4, %eax
        orl $0x20, %eax
        movl %eax, %cr4
        movl $pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        rdmsr
        orl $0x100, %eax
        wrmsr
        movl %cr0, %eax
        orl $0x80010001, %eax
        movl %eax, %cr0
        ret

        .code64
start64:
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movl $stack0, %esp
        # IDT
        leaq vectors(%rip), %rsi
        leaq idt(%rip), %rdi
        xorl %ecx, %ecx
3:      movl %ecx, %eax
        imull $8, %eax, %eax
        addq %rsi, %rax                 # each stub has 8 bytes
        movw %ax, (%rdi)
        movw $0x18, 2(%rdi)
        movw $0x8e00, 4(%rdi)
        shrq $16, %rax
        movw %ax, 6(%rdi)
        movl $0, 8(%rdi)
        movl $0, 12(%rdi)
        addq $16, %rdi
        incl %ecx
        cmpl $256, %ecx
        jne 3b
        lidt idtr(%rip)
        leaq hello(%rip), %rsi
        call puts
        # some work to fill the trace: a checksum over this image by shifts, multiplies and string moves
        leaq hdr(%rip), %rsi
        leaq scratch(%rip), %rdi
        movl $512, %ecx
        rep movsb
        leaq scratch(%rip), %rdi
        movl $64, %ecx
        xorl %eax, %eax
        cld
        rep stosq
        leaq hdr(%rip), %rsi
        movl $400, %ecx
        movl $1, %ebx
4:      lodsb
        movzbl %al, %eax
        addl %eax, %ebx
        imull $0x01000193, %ebx, %ebx
        rorl $7, %ebx
        xorl %ebx, sum(%rip)
        loop 4b
        movl sum(%rip), %eax
        call hex
        # the 8259s off, APIC on
        movb $0xff, %al
        outb %al, $0x21
        outb %al, $0xa1
        call apicon
        # start the other processor
        leaq trampoline(%rip), %rsi
        movl $0x8000, %edi
        movl $(trampend-trampoline), %ecx
        rep movsb
        movl $APIC, %ebp
        movl $0x01000000, 0x310(%rbp)
        movl $0x4500, 0x300(%rbp)
        movl $0x01000000, 0x310(%rbp)
        movl $0x4608, 0x300(%rbp)
        movl $0x01000000, 0x310(%rbp)
        movl $0x4608, 0x300(%rbp)
5:      pause
        cmpl $0, ready(%rip)
        je 5b
        movb $'A', %al
        call putc
        # periodic timer: vector 0x40 each 3 us at 1 GHz
        movl $0xb, 0x3e0(%rbp)
        movl $0x20040, 0x320(%rbp)
        movl $3000, 0x380(%rbp)
        # performance counter 0: cycles, NMI each 9000
        call perfarm
        sti
6:      movl pongs(%rip), %eax
        cmpl $12, %eax
        jae 8f
        call work
        testl $1, %eax
        jz 7f
        hlt
7:      jmp 6b
8:      cli
        movl $0x10000, 0x320(%rbp)
        movb $'\n', %al
        call putc
        movl nmis(%rip), %eax
        call hex
        movl ticks(%rip), %eax
        call hex
        movl shared(%rip), %eax
        call hex
        movb $0x42, %al
        outb %al, $0x80
        movl $0, %eax
        outl %eax, $0xf4
9:      hlt
        jmp 9b

work:   # changes a counter that the processors share
        pushq %rcx
        movl $37, %ecx
1:      lock incl shared(%rip)
        loop 1b
        popq %rcx
        ret

apicon:
        movl $APIC, %ebp
        movl $0x1ff, 0xf0(%rbp)
        movl $0, 0x80(%rbp)
        ret

perfarm:
        pushq %rax
        pushq %rcx
        pushq %rdx
        movl $APIC, %ebp
        movl $0x400, 0x340(%rbp)        # LVT PC as NMI
        movl $0xc0010004, %ecx
        movl $-9000, %eax
        movl $0xffff, %edx
        wrmsr
        movl $0xc0010000, %ecx
        movl $0x530076, %eax
        xorl %edx, %edx
        wrmsr
        popq %rdx
        popq %rcx
        popq %rax
        ret

on_tick:
        pushq %rax
        pushq %rbp
        movl $APIC, %ebp
        incl ticks(%rip)
        movl $0x01000000, 0x310(%rbp)
        movl $0x4041, 0x300(%rbp)       # ping the other
        movl $0, 0xb0(%rbp)
        popq %rbp
        popq %rax
        iretq
on_ping:
        pushq %rbp
        movl $APIC, %ebp
        incl pings(%rip)
        movl $0, 0x310(%rbp)
        movl $0x4042, 0x300(%rbp)       # answer
        movl $0, 0xb0(%rbp)
        popq %rbp
        iretq
on_pong:
        pushq %rax
        pushq %rdx
        pushq %rbp
        movl $APIC, %ebp
        incl pongs(%rip)
        movb $'.', %al
        call putc
        movl $0, 0xb0(%rbp)
        popq %rbp
        popq %rdx
        popq %rax
        iretq
on_nmi:
        incl nmis(%rip)
        call perfarm
        iretq
on_other:
        movb $'!', %al
        call putc
        movl $0x7f, %eax
        outl %eax, $0xf4
        hlt

putc:   # al; spoils dx
        pushq %rax
        movw $0x3fd, %dx
1:      inb %dx, %al
        testb $0x20, %al
        jz 1b
        popq %rax
        movw $0x3f8, %dx
        outb %al, %dx
        ret
puts:   # rsi
1:      lodsb
        testb %al, %al
        jz 2f
        call putc
        jmp 1b
2:      ret
hex:    # eax
        movl $8, %ecx
        movl %eax, %ebx
1:      roll $4, %ebx
        movl %ebx, %eax
        andl $15, %eax
        leaq digits(%rip), %rsi
        movb (%rsi,%rax), %al
        call putc
        loop 1b
        movb $'\n', %al
        jmp putc

        .align 8
vectors:
        .set v, 0
        .rept 256
        .balign 8
        .if v == 2
        jmp on_nmi
        .elseif v == 0x40
        jmp on_tick
        .elseif v == 0x41
        jmp on_ping
        .elseif v == 0x42
        jmp on_pong
        .else
        jmp on_other
        .endif
        .set v, v+1
        .endr
        .balign 8

        .code16
trampoline:                             # copied to 0x8000
        cli
        xorw %ax, %ax
        movw %ax, %ds
        lgdtl 0x8000+(trampgdtr-trampoline)
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $0x08, $ap32
trampgdtr:
        .word 31
        .long gdt
trampend:
        .code32
ap32:
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %ss
        movl $stack1, %esp
        call longmode
        ljmp $0x18, $ap64
        .code64
ap64:
        movl $stack1, %esp
        lidt idtr(%rip)
        call apicon
        lock incl ready(%rip)
        sti
1:      call work
        hlt
        jmp 1b

hello:  .asciz "smp kernel\n"
digits: .ascii "0123456789abcdef"
        .align 8
idtr:   .word 4095
        .quad idt
        .align 16
end:
        .bss
        .align 4096
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4*4096
idt:    .skip 4096
scratch: .skip 1024
info:   .skip 8
sum:    .skip 4
ready:  .skip 4
ticks:  .skip 4
pings:  .skip 4
pongs:  .skip 4
nmis:   .skip 4
shared: .skip 4
        .align 16
        .skip 4096
stack0: .skip 4096
stack1:
bss_end:
