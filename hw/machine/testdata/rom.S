# The last page of a ROM that looks at its machine as images that test a processor do:
# it begins at the reset vector, reports by POST codes, by a parallel and by the serial
# port, executes at the top of 4 GiB in real and in protected mode and below 1 MiB, and finds
# that it cannot be written. It ends with HLT. GNU assembler. See kernels.sh.
        .set TOP, 0xffff0000
        .text
        .code16
        .globl _start
        .macro post code
        movb $\code, %al
        movw $0x190, %dx
        outb %al, %dx
        .endm
        .macro say text:vararg
        movw $9f, %si
        call sayit
        jmp 8f
9:      .asciz \text
8:
        .endm
_start:
high:   post 0x01                       # at FFFFF000h
        cli
        xorw %ax, %ax
        movw %ax, %ss
        movw $0x8000, %sp
        ljmp $0xf000, $low
low:    post 0x02                       # at FF000h
        movw %cs, %ax
        movw %ax, %ds
        say "reset\n"

        post 0x03                       # writes vanish
        movb $0x5a, 0
        movw $0x1234, _start
        incw %ds:0xfff0
        movb 0, %al
        call byte
        movb 0xfff0, %al
        call byte
        say "\n"

        post 0x04                       # the same in the ROM at the top
        lgdtl gdtr
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmpl $0x08, $TOP + prot
        .code32
prot:   movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $0x8000, %esp
        movl $TOP + _start, %esi
        movl $0x400, %ecx
        xorl %ebx, %ebx
1:      movl (%esi), %eax
        notl (%esi)                     # no effect
        lock xaddl %edx, (%esi)
        xorl (%esi), %eax
        orl %eax, %ebx
        addl $4, %esi
        loop 1b
        movl $0x1000, %ecx              # nor of this
        movl $TOP, %edi
        pushl %edi
        movl $0xa5a5a5a5, %eax
        rep stosl
        popl %edi
        orl (%edi), %ebx
        movl $0xff000, %esi             # both places hold the same
        movl $TOP + _start, %edi
        movl $0x400, %ecx
        repe cmpsl
        setne %cl
        orl %ecx, %ebx
        movl %ebx, 0x500
        ljmp $0x18, $back
        .code16
back:   movl %cr0, %eax
        andb $0xfe, %al
        movl %eax, %cr0
        ljmp $0xf000, $real
real:   movw %cs, %ax
        movw %ax, %ds
        xorw %ax, %ax
        movw %ax, %es
        movb %es:0x503, %al
        call byte
        movb %es:0x502, %al
        call byte
        movb %es:0x501, %al
        call byte
        movb %es:0x500, %al
        call byte
        say "\n"
        post 0xff
        cli
1:      hlt
        jmp 1b

# sayit prints the string at DS:SI by a parallel and by the serial port; byte AL.
sayit:  cld
1:      lodsb
        testb %al, %al
        jz 2f
        call putc
        jmp 1b
2:      ret
byte:   pushw %ax
        shrb $4, %al
        call digit
        popw %ax
        andb $15, %al
digit:  cmpb $10, %al
        jb 1f
        addb $'a' - '9' - 1, %al
1:      addb $'0', %al
putc:   movw $0x378, %dx
        outb %al, %dx
        movw $0x3f8, %dx
        outb %al, %dx
        ret
        .balign 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        # 08: code
        .quad 0x00cf93000000ffff        # 10: data
        .quad 0x00009b0f0000ffff        # 18: 16-bit code at F0000h
gdtr:   .word 31
        .long TOP + gdt
        .org _start + 0xff0, 0x90
        jmp high                        # within the segment, whose base is FFFF0000h
        .org _start + 0xffe, 0x90
        .byte 0xfc, 0
