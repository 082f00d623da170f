# A kernel that goes back to real mode and uses what firmware has left there: the
# tick wakes HLT 18.2 times a second by vector 08h and counts in the BIOS data area,
# the clock interrupts by vector 70h, and services answer. GNU assembler. See kernels.sh.
        .set LOW, 0x8000                # 16-bit code is copied there
        .text
        .code32
        .globl _start
_start:
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, end, end, start32
        .align 8
gdt:    .quad 0
        .quad 0x00009b000000ffff        # 08: 16-bit code
        .quad 0x000093000000ffff        # 10: data
gdtr:   .word 23
        .long gdt
start32:
        movl $low, %esi
        movl $LOW, %edi
        movl $end - low, %ecx
        rep movsb
        lgdt gdtr
        movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        ljmp $0x08, $LOW

        .code16
low:    movl %cr0, %eax
        andb $0xfe, %al
        movl %eax, %cr0
        ljmp $0, $real - low + LOW
real:   xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movw $LOW, %sp
        lidtw ivt - low + LOW

        .macro say text:vararg
        call sayit
        .asciz \text
        .endm
        say "ticks "
        movw 0x46c, %bx
        sti
        hlt
        rdtsc
        movl %eax, %esi
        hlt
        rdtsc
        subl %esi, %eax
        movl %eax, %esi
        hlt
        cli
        movw 0x46c, %ax
        subw %bx, %ax
        call byte
        say " each "
        movl %esi, %eax
        shrl $20, %eax                  # of 54.9 ms at 2 GHz
        call byte

        say "\nclock "
        movl 4*0x70, %eax
        movl %eax, chain - low + LOW
        movl $alarm - low + LOW, 4*0x70
        movb $0x0b, %al                 # interrupts at 1024 Hz
        outb %al, $0x70
        movb $0x42, %al
        outb %al, $0x71
        movw 0x46c, %bx
        sti
1:      hlt
        cmpb $3, alarms - low + LOW
        jb 1b
        cli
        movb $0x0b, %al
        outb %al, $0x70
        movb $0x02, %al
        outb %al, $0x71
        movb alarms - low + LOW, %al
        call byte
        say " ticks meanwhile "
        movw 0x46c, %ax
        subw %bx, %ax
        call byte

        say "\nmasked "
        inb $0x21, %al
        call byte
        inb $0xa1, %al
        call byte
        say "\nlow memory "
        int $0x12
        xchgb %ah, %al
        call byte
        xchgb %ah, %al
        call byte
        say "\n"
        movw $0x0e00 | 'x', %ax
        int $0x10
        say "\n"
        xorb %al, %al
        outb %al, $0xf4
        hlt

alarm:  incb %cs:alarms - low + LOW
        ljmpw *%cs:chain - low + LOW

# say prints the text that follows; byte prints AL in hexadecimal.
sayit:  popw %di
1:      movb (%di), %al
        incw %di
        testb %al, %al
        jz 2f
        outb %al, $0xe9
        jmp 1b
2:      jmp *%di
byte:   pushw %ax
        shrb $4, %al
        call digit
        popw %ax
        pushw %ax
        andb $15, %al
        call digit
        popw %ax
        ret
digit:  cmpb $10, %al
        jb 1f
        addb $'a' - '9' - 1, %al
1:      addb $'0', %al
        outb %al, $0xe9
        ret
ivt:    .word 0x3ff
        .long 0
chain:  .long 0
alarms: .byte 0
end:
