# Brings a benchmark kernel into long mode, everything mapped one to one and
# open to user mode, with SSE, SYSCALL and an IDT; calls kernel() and ends the
# machine with its result, 0 for right. See build.sh.
        .set APIC, 0xfee00000
        .section .boot, "ax"
        .code32
        .globl hdr
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, _edata, _end, start32
        .align 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff        # 08: code, level 0
        .quad 0x00cf93000000ffff        # 10: data
        .quad 0
        .quad 0x00cff3000000ffff        # 20: data, level 3
        .quad 0x00affb000000ffff        # 28: code, level 3
tssd:   .quad 0, 0                      # 30
gdtr:   .word . - gdt - 1
        .long gdt, 0

start32:
        movl $stack, %esp
        movl $pd, %edi                  # 4 GiB by 2 MiB pages
        movl $0x87, %eax
1:      movl %eax, (%edi)
        addl $8, %edi
        addl $0x200000, %eax
        jnc 1b
        movl $pd+7, pdpt
        movl $pd+0x1007, pdpt+8
        movl $pd+0x2007, pdpt+16
        movl $pd+0x3007, pdpt+24
        movl $pdpt+7, pml4
        lgdt gdtr
        movl $0x620, %eax               # PAE, OSFXSR, OSXMMEXCPT
        movl %eax, %cr4
        movl $pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        rdmsr
        orl $0x101, %eax                # LME, SCE
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
        movl $tss, %eax                 # a TSS for the stack of interrupts from level 3
        movq $istack, tss+4
        movw $103, tssd
        movw %ax, tssd+2
        shrl $16, %eax
        movb %al, tssd+4
        movb $0x89, tssd+5
        movb %ah, tssd+7
        movl $0x30, %eax
        ltr %ax
        movl $pagefault, %eax
        movl $14*16, %edi
        call gate
        movl $interrupt, %eax
        movl $0x40*16, %edi
        call gate
        lidt idtr
        movl $0xc0000081, %ecx          # STAR
        xorl %eax, %eax
        movl $0x00180008, %edx
        wrmsr
        incl %ecx                       # LSTAR
        movl $service, %eax
        xorl %edx, %edx
        wrmsr
        movl $0xc0000084, %ecx          # FMASK
        movl $0x600, %eax
        wrmsr
        movl $APIC, %eax
        movl $0x1ff, 0xf0(%rax)
        call kernel
        outl %eax, $0xf4
        hlt

gate:   movw %ax, idt(%edi)             # eax = handler, edi = 16 * vector
        movw $0x08, idt+2(%edi)
        movw $0x8e00, idt+4(%edi)
        shrl $16, %eax
        movw %ax, idt+6(%edi)
        ret

# A system call that returns its argument plus one, of a kernel that changes stacks.
service:
        movq %rsp, saved
        movl $istack, %esp
        pushq %rcx
        pushq %r11
        leaq 1(%rdi), %rax
        popq %r11
        popq %rcx
        movq saved, %rsp
        sysretq

# A page fault: the handler makes the page present that CR2 names.
pagefault:
        pushq %rax
        pushq %rdx
        movq %cr2, %rax
        movq %rax, %rdx
        shrq $12, %rdx
        andl $511, %edx
        orl $1, table(,%rdx,8)
        incq faults
        popq %rdx
        popq %rax
        addq $8, %rsp
        iretq

interrupt:
        pushq %rax
        incq interrupts
        movl $APIC, %eax
        movl $0, 0xb0(%rax)             # EOI
        popq %rax
        iretq

# user(f): runs f at privilege level 3; it comes back with int $0x41.
        .globl user
user:   pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, back
        pushq %rdi
        movl $fromuser, %eax
        movl $0x41*16, %edi
        call gate
        movb $0xee, idt+0x41*16+5
        popq %rdi
        movq %rsp, %rax
        pushq $0x23
        pushq $ustack
        pushq $0x202
        pushq $0x2b
        pushq %rdi
        iretq
fromuser:
        movq back, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

idtr:   .word 0x1000-1
        .quad idt

        .bss
        .align 4096
        .globl pd
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4*4096
        .globl table
table:  .skip 4096
idt:    .skip 4096
tss:    .skip 112
        .skip 16384
stack:  .skip 8192
istack: .skip 8192
ustack:
        .globl saved, back, faults, interrupts
saved:  .quad 0
back:   .quad 0
faults: .quad 0
interrupts: .quad 0
