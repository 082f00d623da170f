# What kernels with a text mode of their own do, such as those of operating-system
# courses: they keep the cursor in the display controller, write the page at B8000h and
# scroll it, look for the serial port, the MP tables, the keyboard and a disk. On port E9h
# stands what they found, the page is for the test to look at.
        .include "kernel.inc"
        .macro crtc index, reg          # reads a register of the CRT controller
        movb $\index, %al
        movw $0x3d4, %dx
        outb %al, %dx
        incl %edx
        inb %dx, %al
        movzbl %al, \reg
        .endm
main:   say "cursor "
        call cursor
        call number
        movl $30, %ebp                  # lines, of which the first ones scroll away
1:      movl $text, %esi
2:      lodsb
        testb %al, %al
        jz 3f
        call putc
        jmp 2b
3:      movl $30, %eax
        subl %ebp, %eax
        xorl %edx, %edx
        movl $10, %ecx
        divl %ecx
        addb $'0', %al
        call putc
        leal '0'(%edx), %eax
        call putc
        movb $'\n', %al
        call putc
        decl %ebp
        jnz 1b
        movb $'$', %al
        call putc
        say " then "
        call cursor
        call number

        say "\nuart "
        movw $0x3fd, %dx
        inb %dx, %al
        call byte
        say ", keyboard "
        inb $0x64, %al
        andb $1, %al
        call byte
        say ", disk "
        movw $0x1f7, %dx
        inb %dx, %al
        call byte
        say "\nMP "
        movl $0xf0000, %edi
4:      movl (%rdi), %eax
        cmpl $0x5f504d5f, %eax          # "_MP_"
        je 5f
        addl $16, %edi
        cmpl $0x100000, %edi
        jne 4b
        say "none"
        jmp 7f
5:      movl 4(%rdi), %ebx
        movl (%rbx), %eax
        call number
        leal 44(%rbx), %esi             # entries: 20 bytes of a processor, 8 of others
        movzwl 34(%rbx), %ecx
6:      cmpb $2, (%rsi)
        je 8f
        cmpb $0, (%rsi)
        movl $8, %eax
        jne 9f
        movl $20, %eax
9:      addl %eax, %esi
        loop 6b
8:      say " I/O APIC "
        movzbl 1(%rsi), %eax
        call byte
        movl 4(%rsi), %ebx
        movl $0, (%rbx)
        movl 0x10(%rbx), %eax
        say " is "
        call number
        movl $1, (%rbx)
        movl 0x10(%rbx), %eax
        say " version "
        call number

7:      say "\nregisters "
        movw $0x3d4, %dx
        movw $0x200a, %ax               # hides the cursor
        outw %ax, %dx
        crtc 0x0a, %eax
        call byte
        movw $0x5500, %ax               # locked
        outw %ax, %dx
        crtc 0, %eax
        call byte
        movw $0x3da, %dx
        inb %dx, %al                    # the next write to 3C0h is an index
        movw $0x3c0, %dx
        movb $0x31, %al
        outb %al, %dx
        movb $0x3f, %al
        outb %al, %dx
        incl %edx
        inb %dx, %al
        call byte
        movw $0x3c4, %dx
        movw $0xff02, %ax
        outw %ax, %dx
        inw %dx, %ax
        call number
        movw $0x3c8, %dx                # a colour
        movb $7, %al
        outb %al, %dx
        incl %edx
        movb $0x2a, %al
        outb %al, %dx
        outb %al, %dx
        outb %al, %dx
        movw $0x3c7, %dx
        movb $7, %al
        outb %al, %dx
        addl $2, %edx
        inb %dx, %al
        call byte
        movw $0x3cc, %dx
        inb %dx, %al
        call byte
        movw $0x3b5, %dx                # monochrome is elsewhere
        inb %dx, %al
        call byte

        say "\nframe "                  # from one vertical retrace to the next
        call retrace
        rdtsc
        movl %eax, %ebx
        call retrace
        rdtsc
        subl %ebx, %eax
        shrl $20, %eax                  # of 14.27 ms at 2 GHz
        call byte
        say "\n"
        xorl %eax, %eax
        ret

retrace:
        movw $0x3da, %dx
1:      inb %dx, %al
        testb $8, %al
        jnz 1b
2:      inb %dx, %al
        testb $8, %al
        jz 2b
        ret

# cursor returns the position in EAX.
cursor: pushq %rdx
        crtc 14, %ecx
        crtc 15, %eax
        shll $8, %ecx
        orl %ecx, %eax
        popq %rdx
        cmpl $25*80, %eax
        ja 1f
        ret
1:      say "the cursor is off the page\n"
        movb $0x7e, %al
        outb %al, $0xf4

# putc writes AL at the cursor and moves it.
putc:   pushq %rdx
        pushq %rax
        call cursor
        movl %eax, %edi
        popq %rax
        cmpb $'\n', %al
        jne 1f
        movl %edi, %eax
        xorl %edx, %edx
        movl $80, %ecx
        divl %ecx
        subl %edx, %edi
        addl $80, %edi
        jmp 2f
1:      movb $7, %ah
        movw %ax, 0xb8000(,%rdi,2)
        incl %edi
2:      cmpl $24*80, %edi
        jb 3f
        pushq %rsi
        pushq %rdi
        movl $0xb8000, %edi
        movl $0xb8000+160, %esi
        movl $24*80/2, %ecx
        rep movsl
        popq %rdi
        popq %rsi
        subl $80, %edi
        pushq %rdi
        movl $24*80, %ecx
        subl %edi, %ecx
        leal 0xb8000(,%rdi,2), %edi
        movw $0x0720, %ax
        rep stosw
        popq %rdi
3:      movl %edi, %eax
        movb %al, %cl
        movw $0x3d4, %dx
        movb $14, %al
        outw %ax, %dx                   # the high byte is in AH
        movb $15, %al
        movb %cl, %ah
        outw %ax, %dx
        popq %rdx
        ret
text:   .asciz "line "
        .balign 8
end:
        .bss
bss_end:
