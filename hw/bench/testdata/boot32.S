# Brings a benchmark kernel of 32-bit code into protected mode with flat
# segments, everything mapped one to one by pages of 4 MiB; calls kernel() and
# ends the machine with its result, 0 for right. See build.sh.
        .section .boot, "ax"
        .code32
        .globl hdr
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, _edata, _end, start
        .align 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        # 08: code
        .quad 0x00cf93000000ffff        # 10: data
gdtr:   .word . - gdt - 1
        .long gdt

start:  movl $stack, %esp
        movl $pd, %edi
        movl $0x83, %eax
1:      movl %eax, (%edi)
        addl $4, %edi
        addl $0x400000, %eax
        jnc 1b
        lgdt gdtr
        movl $0x10, %eax                # PSE
        movl %eax, %cr4
        movl %eax, %ds                  # and the data segment
        movl %eax, %es
        movl %eax, %ss
        movl $pd, %eax
        movl %eax, %cr3
        movl $0x80010001, %eax
        movl %eax, %cr0
        ljmp $0x08, $2f
2:      call kernel
        outl %eax, $0xf4
        hlt

        .bss
        .align 4096
pd:     .skip 4096
        .skip 16384
stack:
