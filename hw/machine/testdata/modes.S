# A kernel for the tests of this package that goes through the modes of the
# processor, and says after each step, by a letter on COM1, that it found what
# the manuals promise: P protected, S segment limit, G 32-bit paging, U user
# level, C call gate, T task gate, V virtual-8086, R real mode, A PAE, D debug,
# L long, K compatibility. An exclamation mark and exit with 1 are a failure.
# GNU assembler. See kernels.sh.
        .set LOW, 0x8000                # 16-bit code is copied there
        .text
        .code32
        .globl _start
_start:
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, end, bss_end, start32
        .align 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        # 08: code
        .quad 0x00cf93000000ffff        # 10: data
        .quad 0x00cffb000000ffff        # 18: user code
        .quad 0x00cff3000000ffff        # 20: user data
        .quad 0x00af9b000000ffff        # 28: 64-bit code
        .quad 0x0040930000000fff        # 30: data of 4 KiB
        .quad 0x00009b000000ffff        # 38: 16-bit code, 64 KiB
        .quad 0x000093000000ffff        # 40: 16-bit data, 64 KiB
tssd:   .quad 0x0000890000000067        # 48: TSS, base to be filled in
tss2d:  .quad 0x0000890000000067        # 50: TSS of the second task
gated:  .quad 0x0000ec0100080000        # 58: call gate for users, one parameter
        .quad 0                         # 60: 64-bit TSS would be here
gdtr:   .word gdtr-gdt-1
        .long gdt, 0

        .macro say c
        movb $\c, %al
        movw $0x3f8, %dx
        outb %al, %dx
        .endm
        .macro want value, place        # of 32 bits
        cmpl $\value, \place
        jne fail
        .endm
        .macro fault at                 # where the next fault goes on
        movl $\at, resume
        movl $-1, vector
        .endm

start32:
        lgdt gdtr
        ljmp $8, $1f
1:      movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $stack, %esp
        movl $tss, %eax
        movw %ax, tssd+2
        shrl $16, %eax
        movb %al, tssd+4
        movl $tss2, %eax
        movw %ax, tss2d+2
        shrl $16, %eax
        movb %al, tss2d+4
        movl $gate, %eax
        movw %ax, gated
        shrl $16, %eax
        movw %ax, gated+6
        movl $kstack, tss+4
        movl $0x10, tss+8
        movw $0x48, %ax
        ltr %ax
        # IDT: 16 bytes a stub; vector 0x40 for users, 0x41 a task gate
        movl $stubs, %eax
        movl $idt, %edi
        movl $0x41, %ecx
2:      movl %eax, %edx
        movw %dx, (%edi)
        movw $8, 2(%edi)
        movw $0x8e00, 4(%edi)
        shrl $16, %edx
        movw %dx, 6(%edi)
        addl $16, %eax
        addl $8, %edi
        loop 2b
        movb $0xee, idt+0x40*8+5
        movl $0x00500000, idt+0x41*8
        movl $0x0000e500, idt+0x41*8+4
        lidt idtr
        movl $low, %esi
        movl $LOW, %edi
        movl $lowend-low, %ecx
        rep movsb
        say 'P'

        # segment limit
        movw $0x30, %ax
        movw %ax, %fs
        fault 3f
        movl %fs:0xffd, %eax
        jmp fail
3:      want 13, vector
        want 0, code
        say 'S'

        # 32-bit paging: 16 MiB by 4 MiB pages, for users too
        movl $0x87, %eax
        movl $pd, %edi
4:      movl %eax, (%edi)
        addl $4, %edi
        addl $0x400000, %eax
        cmpl $0x1000087, %eax
        jne 4b
        movl $pd, %eax
        movl %eax, %cr3
        movl $0x10, %eax                # PSE
        movl %eax, %cr4
        movl %cr0, %eax
        orl $0x80010000, %eax
        movl %eax, %cr0
        fault 5f
        movl %eax, 0x40000123
        jmp fail
5:      want 14, vector
        want 2, code
        movl %cr2, %eax
        cmpl $0x40000123, %eax
        jne fail
        testl $0x20, pd                 # accessed
        jz fail
        say 'G'

        # user level: CLI faults, INT 0x40 comes back
        fault 6f
        movw $0x23, %ax                 # what the user may keep
        movw %ax, %ds
        movw %ax, %es
        pushl $0x23
        pushl $ustack
        pushl $2
        pushl $0x1b
        pushl $user
        iret
user:   cli
        jmp fail
6:      int $0x40
after_user:
        want 13, uvector
        movw %cs, %ax
        cmpw $8, %ax
        jne fail
        say 'U'

        # call gate: the user passes one parameter
        pushl $0x23
        pushl $ustack
        pushl $2
        pushl $0x1b
        pushl $caller
        iret
caller: pushl $0x1234567
        lcall $0x5b, $0
        cmpl $ustack, %esp              # the gate took the parameter away
        jne fail
        movl $after_gate, back
        int $0x40
after_gate:
        want 0x1234567, param
        say 'C'

        # task gate
        movl $task2, tss2+0x20
        movl $2, tss2+0x24
        movl $stack2, tss2+0x38
        movl $0x10, tss2+0x48
        movl $0x08, tss2+0x4c
        movl $0x10, tss2+0x50
        movl $0x10, tss2+0x54
        movl %cr3, %eax
        movl %eax, tss2+0x1c
        movl %eax, tss+0x1c
        movl $0x55, %ebx
        int $0x41
        int $0x41
        want 2, tasks
        want 0x55, %ebx
        str %ax
        cmpw $0x48, %ax
        jne fail
        clts
        say 'T'

        # virtual-8086 mode at IOPL 0: INT faults into the kernel
        movl $after_v86, vback
        pushl $0                        # GS FS DS ES SS ESP EFLAGS CS EIP
        pushl $0
        pushl $LOW>>4
        pushl $0
        pushl $LOW>>4
        pushl $0xf00
        pushl $0x20002
        pushl $LOW>>4
        pushl $v86-low
        iret
after_v86:
        want 13, vector
        want 0, code
        want LOW>>4, LOW+(seen-low)
        say 'V'

        # real mode and back
        movl %cr0, %eax
        andl $0x7fffffff, %eax
        movl %eax, %cr0
        movl $(LOW>>4)<<16|(real21-low), 0x21*4
        movl %esp, saved
        ljmp $0x38, $LOW+(to_real-low)
from_real:
        movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl saved, %esp
        lidt idtr
        want 0x2121, LOW+(seen-low)
        say 'R'

        # PAE paging: 16 MiB by 2 MiB pages, the last not executable
        movl $pdpt, %ebx
        movl $pd+1, (%ebx)
        movl $0, 4(%ebx)
        movl $0x83, %eax
        movl $pd, %edi
7:      movl %eax, (%edi)
        movl $0, 4(%edi)
        addl $8, %edi
        addl $0x200000, %eax
        cmpl $0x1000083, %eax
        jne 7b
        movl $0x80000000, -4(%edi)
        movl $0xc0000080, %ecx
        movl $0x800, %eax               # NXE
        xorl %edx, %edx
        wrmsr
        movl %ebx, %cr3
        movl $0x20, %eax
        movl %eax, %cr4
        movl %cr0, %eax
        orl $0x80000000, %eax
        movl %eax, %cr0
        fault 8f
        movl $0xe00000, %eax
        movl %esp, saved
        jmp *%eax
8:      want 14, vector
        want 0x11, code
        say 'A'

        # debug: a write breakpoint traps behind its instruction
        movl $word, %eax
        movl %eax, %dr0
        movl $0x000d0402, %eax          # 4 bytes, write
        movl %eax, %dr7
        xorl %eax, %eax
        movl %eax, %dr6
        fault 9f
        movl word, %eax
        movl %eax, word
        jmp fail
9:      want 1, vector
        movl %dr6, %eax
        cmpl $0xffff0ff1, %eax
        jne fail
        movl $0x400, %eax
        movl %eax, %dr7
        say 'D'

        # long mode
        movl %cr0, %eax
        andl $0x7fffffff, %eax
        movl %eax, %cr0
        movl $pdpt+7, pml4
        movl $pd+7, pdpt
        movl $pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        movl $0x900, %eax
        xorl %edx, %edx
        wrmsr
        movl %cr0, %eax
        orl $0x80000000, %eax
        movl %eax, %cr0
        ljmp $0x28, $start64

fail:   say '!'
        movl $1, %eax
        outl %eax, $0xf4
        hlt

gate:   movl 8(%esp), %eax              # EIP CS parameter ESP SS
        movl %eax, %ss:param
        lret $4

task2:  incl tasks
        iret
        jmp task2

# Faults and traps: note vector and error code, go on at resume. Vector 0x40
# comes from the user and goes on in the kernel.
        .align 16
stubs:  .set n, 0
        .rept 0x40
        .if n == 8 || (n >= 10 && n <= 14) || n == 17
        .else
        pushl $0
        .endif
        pushl $n
        jmp common
        .align 16
        .set n, n+1
        .endr
        movl back, %eax                 # vector 0x40
        movl $stack, %esp
        jmp *%eax
        .align 16
common: popl %ss:vector                 # DS may be null
        popl %ss:code
        testl $0x20000, 8(%esp)
        jnz 1f
        pushl %ss:vector
        popl %ss:uvector
        pushl %ss:resume
        popl (%esp)                     # the address counts after the pop
        iret
1:      movw $0x10, %ax                 # out of virtual-8086 mode
        movw %ax, %ds
        movw %ax, %es
        movl $stack, %esp
        jmp *vback

# Code below 1 MiB.
        .code16
low:
v86:    movw %cs, %ax
        movw %ax, seen-low
        int $0x21
        hlt
to_real:
        movw $0x40, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl %cr0, %eax
        andb $0xfe, %al
        movl %eax, %cr0
        ljmp $LOW>>4, $1f-low
1:      movw $LOW>>4, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0xf00, %sp
        lidt ivt-low
        int $0x21
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmpl $8, $from_real
real21: movw $0x2121, seen-low
        iret
seen:   .long 0
ivt:    .word 0x3ff
        .long 0
lowend:

        .code64
start64:
        xorl %eax, %eax
        movl %eax, %ss
        movl $stack, %esp
        movl $int64, %eax
        movw %ax, idt+0x40*16
        movw $0x28, idt+0x40*16+2
        movw $0xee00, idt+0x40*16+4
        shrl $16, %eax
        movw %ax, idt+0x40*16+6
        movl $0, idt+0x40*16+8
        movl $0, idt+0x40*16+12
        lidt idtr64
        say 'L'
        # compatibility mode: 32-bit code that interrupts into 64-bit code
        pushq $8
        pushq $compat
        lretq
        .code32
compat: movw $0x10, %ax
        movw %ax, %ss
        movl $0xffffffff, %eax
        incl %eax
        jnz fail
        int $0x40
        jmp fail
        .code64
int64:  cmpq $8, 8(%rsp)
        jne 1f
        movq $-1, %rax                  # 64 bits
        incl %eax
        testq %rax, %rax
        jnz 1f
        say 'K'
        movb $10, %al
        outb %al, %dx
        xorl %eax, %eax
1:      outl %eax, $0xf4
        hlt

        .align 8
idtr:   .word 0x42*8-1
        .long idt
idtr64: .word 0x41*16-1
        .quad idt
back:   .long after_user
vback:  .long 0
resume: .long 0
vector: .long 0
uvector: .long 0
code:   .long 0
param:  .long 0
tasks:  .long 0
saved:  .long 0
word:   .long 0
end:
        .bss
        .align 4096
pd:     .skip 4096
pdpt:   .skip 4096
pml4:   .skip 4096
idt:    .skip 0x41*16
tss:    .skip 0x68
tss2:   .skip 0x68
        .skip 4096
stack:  .skip 4096
kstack: .skip 4096
stack2: .skip 4096
ustack:
bss_end:
