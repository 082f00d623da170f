# Single steps through instructions that delay or raise #DB themselves: where each
# #DB comes, counted from a label, and what DR6 says (AMD APM vol. 2, 13.1; vol. 3,
# MOV, STI, INT1). The handler lets execution go on.
        .include "kernel.inc"
        .macro begin
        movl $0, count
        movl $0xffff0ff0, %eax
        movq %rax, %dr6
        .endm
        .macro trap                     # TF for the instruction behind the next one
        pushfq
        orl $0x100, (%rsp)
        popfq
        .endm
        .macro ease                     # and off again
        pushfq
        andl $~0x100, (%rsp)
        popfq
        .endm
        .macro result text:vararg
        say \text
        call show
        .endm
main:   movl $debug, %eax
        movw %ax, idt+16
        movl $breakpoint, %eax
        movw %ax, idt+3*16
        movl $timer, %eax
        movw %ax, idt+0xee*16

        begin
        leaq 1f, %rbx
        trap
        nop
1:      ease
        result "plain"

        begin
        leaq 1f, %rbx
        cli
        trap
        sti
1:      ease
        cli
        result "sti"

        begin
        leaq 1f, %rbx
        movl %ss, %ecx
        trap
        movl %ecx, %ss
        nop
1:      ease
        result "mov ss"

        begin
        leaq 1f, %rbx
        movl %ss, %ecx
        trap
        movl %ecx, %ss
        .byte 0xf1
1:      .byte 0xf1
        ease
        result "mov ss, int1, int1"

        begin
        leaq 1f, %rbx
        movl %ss, %ecx
        movl $0x2400, %eax
        movq %rax, %dr7
        xorl %eax, %eax
        trap
        movl %ecx, %ss
1:      movq %rax, %dr6
        ease
        result "mov ss, general detect"

        begin
        leaq 1f, %rbx
        movl $0xee, APIC+0x320          # one shot
        movl $0xb, APIC+0x3e0
        movl $1000, APIC+0x380
        trap
        sti
1:      hlt
        ease
        cli
        result "sti, hlt"

        movq $data, %rax
        movq %rax, %dr1
        movl $DATA, data
        movl $0xf0040a, %eax            # reads and writes of 4 bytes, register 1
        movq %rax, %dr7
        begin
        leaq 1f, %rbx
        mov data, %ss
        .byte 0x2e, 0x2e, 0xf1
1:      result "watched mov ss, int1"

        begin
        leaq 1f, %rbx
        mov data, %ss
        int $1
1:      result "watched mov ss, int 1"

        begin
        leaq 1f, %rbx
        mov data, %ss
        int3
1:      result "watched mov ss, int3"

        begin
        leaq 1f, %rbx
        pushq $DATA
        popq data
        nop
1:      result "watched pop"

        movl $0x400, %eax
        movq %rax, %dr7
        begin
        leaq 1f, %rbx
        movl $3, %ecx
        movl $data, %esi
        trap
        rep lodsb
1:      ease
        result "rep lodsb"

        xorl %eax, %eax
        ret

timer:  movl $0, APIC+0xb0
        iretq

breakpoint:
        incl breakpoints
        iretq

# The place is counted from RBX; outside the kernel's code it is the handlers'.
debug:  pushq %rax
        pushq %rcx
        movl count, %ecx
        movq 16(%rsp), %rax
        subq %rbx, %rax
        movl %eax, places(,%rcx,8)
        movq %dr6, %rax
        movl %eax, places+4(,%rcx,8)
        incl count
        cmpl $9, %ecx
        jb 1f
        andl $~0x100, 32(%rsp)          # enough
        movl $0x400, %eax
        movq %rax, %dr7
1:      popq %rcx
        popq %rax
        iretq

show:   xorl %ecx, %ecx
1:      cmpl count, %ecx
        je 2f
        say " "
        movl places(,%rcx,8), %eax
        call byte
        say "/"
        movl places+4(,%rcx,8), %eax
        call number
        incl %ecx
        jmp 1b
2:      cmpl $0, breakpoints
        je 3f
        say ", #BP"
        movl $0, breakpoints
3:      say "\n"
        ret

        .balign 16
data:   .quad 0, 0
end:
        .bss
count:  .skip 4
breakpoints: .skip 4
places: .skip 100
bss_end:
