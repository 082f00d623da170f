# Brings the program into long mode, everything below 4 GiB mapped one to one, with an entry for
# each exception; calls kernel() and ends the machine with its result. See build.sh.
        .section .boot, "ax"
        .code32
        .globl hdr
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, _edata, _end, start32
        .align 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff        # 08: code
        .quad 0x00cf93000000ffff        # 10: data
gdtr:   .word . - gdt - 1
        .long gdt, 0

start32:
        movl $stack, %esp
        movl $pd, %edi                  # 4 GiB by 2 MiB pages
        movl $0x83, %eax
1:      movl %eax, (%edi)
        addl $8, %edi
        addl $0x200000, %eax
        jnc 1b
        movl $pd+3, pdpt
        movl $pd+0x1003, pdpt+8
        movl $pd+0x2003, pdpt+16
        movl $pd+0x3003, pdpt+24
        movl $pdpt+3, pml4
        lgdt gdtr
        movl $0x620, %eax               # PAE, OSFXSR, OSXMMEXCPT
        movl %eax, %cr4
        movl $pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        rdmsr
        orl $0x100, %eax                # LME
        wrmsr
        movl $0x80010003, %eax
        movl %eax, %cr0
        ljmp $0x08, $start64

        .code64
start64:
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movl $stack, %esp
        movl $entries, %eax             # 32 gates
        xorl %edi, %edi
2:      movw %ax, idt(%rdi)
        movw $0x08, idt+2(%rdi)
        movw $0x8e00, idt+4(%rdi)
        movl %eax, %edx
        shrl $16, %edx
        movw %dx, idt+6(%rdi)
        addl $16, %eax
        addl $16, %edi
        cmpl $32*16, %edi
        jne 2b
        lidt idtr
        call kernel
end:    outl %eax, $0xf4
        hlt

# An entry of 16 bytes for each vector. Those without an error code push a zero.
        .align 16
entries:
        .set vector, 0
        .rept 32
        .align 16
        .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
        pushq $0
        .endif
        pushq $vector
        jmp raised
        .set vector, vector + 1
        .endr

raised: movq (%rsp), %rdi
        movq 16(%rsp), %rsi             # RIP
        movl $stack, %esp               # what was there is lost
        call exception
        movl $2, %eax
        jmp end

idtr:   .word 32*16-1
        .quad idt

        .bss
        .align 4096
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4*4096
idt:    .skip 4096
        .skip 16384
stack:
