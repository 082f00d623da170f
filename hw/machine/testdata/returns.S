# Returns that fail or change more than they return to (AMD APM vol. 3, IRET, SYSRET,
# vol. 2, 8.9; Intel SDM vol. 3, 6.14): addresses that are not canonical, NT, null and
# wrong stack segments, data segments of the kernel in ring 3, RF in frames.
        .include "kernel.inc"
        .macro frame ss, rsp, flags, cs, rip
        movq $\ss, %rax
        pushq %rax
        movq $\rsp, %rax
        pushq %rax
        pushq $\flags
        pushq $\cs
        movq $\rip, %rax
        pushq %rax
        .endm
        .macro return text:vararg       # by the frame that was pushed
        expect 9f
8:      iretq
9:      report \text
        .endm
        .macro place label              # where, and with which stack and flags
        movq kept, %rax
        subq $\label, %rax
        say "   "
        call number64
        say " cs "
        movl kept+8, %eax
        call byte
        movl kept+16, %eax
        say " flags "
        call number
        movl kept+32, %eax
        say " ss "
        call byte
        say "\n"
        .endm
        .set BAD, 0x0000800000000000
        .set low, stack-512
main:   movq %rsp, saved
        orl $4, pd                      # the kernel's memory is ring 3's as well
        orl $4, pdpt
        movq %cr3, %rax
        movq %rax, %cr3
        frame DATA, low, 2, CODE, BAD
        return "iretq to a place that is not canonical"
        place 8b
        frame UDATA, low, 2, UCODE, BAD
        return "the same in ring 3"
        place 8b
        frame UDATA, BAD, 2, UCODE, user
        return "iretq to a stack that is not canonical"
        place user
        frame DATA, low, 0x4002, CODE, 1f
        return "iretq to NT"
1:      pushfq
        popq %rax
        say "   flags "
        call number
        say "\n"
        frame DATA, low, 2, CODE, 1f
        return "iretq with NT"
        place 8b
1:      pushq $2
        popfq
        frame 0, low, 2, CODE, 1f
        return "iretq to a null stack segment"
1:      movl %ss, %eax
        say "   ss "
        call byte
        say "\n"
        frame 3, low, 2, UCODE, user
        return "the same in ring 3"
        place user
        movl $DATA, %eax
        movl %eax, %ss
        frame UDATA, low, 2, CODE, user
        return "iretq with a stack segment of ring 3 for ring 0"
        frame DATA, low, 2, UCODE, user
        return "and of ring 0 for ring 3"
        frame UDATA, low, 2, 0x53, user
        return "iretq to code that is not present"
        frame UDATA, low, 2, 0, user
        return "iretq to null"

        movl $0xc0000101, %ecx          # GS.base
        movl $data, %eax
        xorl %edx, %edx
        movl $DATA, %ebx
        movl %ebx, %gs
        wrmsr
        frame UDATA, low, 2, UCODE, readgs
        expect 1f
        iretq
readgs: movl %gs, %ebx
        movq %gs:0, %rsi
        int $0x80
1:      report "data segments of ring 0 in ring 3"
        say "   gs "
        movl %ebx, %eax
        call byte
        say " reads "
        movq %rsi, %rax
        call number64
        say "\n"

        expect 1f
        ud2
1:      report "ud2"
        call flags
        expect 1f
        movl $-1, %eax
        movq %rax, %cr4
1:      report "reserved bits of cr4"
        call flags
        expect 1f
        movl 0x40000000, %eax
        movq BAD, %rax
1:      report "not canonical"
        call flags
        expect 1f
        int3
1:      report "int3"
        call flags
        expect 1f
        movq $BAD, %rax
        jmpq *%rax
1:      report "jump to a place that is not canonical"
        call flags
        movq $BAD, %rax
        pushq %rax
        expect 1f
        ret
1:      report "ret to one"
        call flags

        movl $0xc0000080, %ecx
        rdmsr
        orl $1, %eax
        wrmsr
        movl $0xc0000081, %ecx
        xorl %eax, %eax
        movl $0x001b0018, %edx          # SYSRET to 2b and 23, SYSCALL to 18 and 20
        wrmsr
        expect 1f
        movq $BAD, %rcx
        movl $2, %r11d
        sysretq
1:      report "sysret to a place that is not canonical"
        movl kept+8, %eax
        say "   cs "
        call byte
        say "\n"
        movq saved, %rsp
        xorl %eax, %eax
        ret

flags:  movl kept+16, %eax
        andl $0x10000, %eax
        say "   RF "
        call number
        say "\n"
        ret

user:   int $0x80
        .balign 8
data:   .quad 0xdeadbeefdeadbeef
end:
        .bss
saved:  .skip 8
bss_end:
