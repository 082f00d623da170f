# The states of the local APIC (Intel SDM vol. 3, 11.4, 11.12.5; AMD APM vol. 2,
# 16.3, 16.9): which changes of APIC_BASE fault, what shows while it is disabled,
# moving it, its ID and what else is kept from mode to mode, and interrupts that come at once.
        .include "kernel.inc"
        .macro base bits, text:vararg
        say \text
        movl $0xfee00100+\bits, %eax
        call setbase
        .endm
        .macro msr number, value, text:vararg
        movl $\number, %ecx
        movl $\value, %eax
        xorl %edx, %edx
        expect 9f
        wrmsr
9:      report \text
        .endm
        .set REAL, 0xfee00000           # where it is not mapped by the kernel
main:   movl $isr, %eax
        movw %ax, idt+0xef*16
        base 0x800, "enabled "
        base 0x400, "enabled to invalid "
        base 0xc00, "enabled to x2apic "
        base 0x400, "x2apic to invalid "
        base 0x800, "x2apic to enabled "
        msr 0x802, 0x01000000, "id of x2apic written"
        msr 0x80d, 1, "logical id of x2apic written"
        msr 0x831, 1, "undefined register of x2apic"
        msr 0x80b, 1, "eoi of x2apic not 0"
        msr 0x808, 0x100, "priority of x2apic with reserved bits"
        movl $0x802, %ecx
        rdmsr
        say "id of x2apic "
        call number
        base 0, "\nx2apic to disabled "
        base 0x400, "disabled to invalid "
        base 0xc00, "disabled to x2apic "
        call feature
        movl $0xdeadbeef, APIC+0x80
        movl APIC+0x30, %eax
        say "version "
        call number
        movl $5, %eax
        movq %rax, %cr8
        movq %cr8, %rax
        say ", cr8 "
        call number
        xorl %eax, %eax
        movq %rax, %cr8
        base 0x800, "\ndisabled to enabled "
        call feature
        movl APIC+0x30, %eax
        say "version "
        call number
        movl APIC+0xf0, %eax
        say ", spurious "
        call number
        movl APIC+0x80, %eax
        say ", priority "
        call number
        base 0x801, "\nreserved low bits "
        movl $0x1b, %ecx
        movl $0xfee00900, %eax
        movl $0x100, %edx               # bit 40
        expect 1f
        wrmsr
1:      report "reserved high bits"
        movl $0xfed40900, %eax
        call write
        movl $0xfed40000, %eax
        movl 0x30(%rax), %eax
        say "moved: version "
        call number
        movl APIC+0x30, %eax
        say ", where it was "
        call number
        base 0x800, "\nback "

        movl $0x1ff, APIC+0xf0
        movl $0x0f000000, APIC+0x20
        say "id of xapic "
        movl APIC+0x20, %eax
        call number
        base 0, "\noff "
        base 0x800, "on "
        say "id of xapic "
        movl APIC+0x20, %eax            # the written one is gone
        call number
        movl $0x0f000000, APIC+0x20
        movl $0xf0000000, APIC+0xd0
        movl $0x0f000000, APIC+0x310
        movl $0x60, APIC+0x80
        base 0xc00, "\nto x2apic "
        movl $0x802, %ecx
        rdmsr
        say "id "
        call number
        movl $0x80d, %ecx
        rdmsr
        say ", logical id "
        call number
        movl $0x830, %ecx
        rdmsr
        movl %edx, %eax
        say ", destination "
        call number
        movl $0x808, %ecx
        rdmsr
        say ", priority "
        call number
        base 0, "\noff "
        base 0x800, "on "
        say "id of xapic "
        movl APIC+0x20, %eax
        call number
        movl APIC+0xd0, %eax
        say ", logical id "
        call number
        movl APIC+0x80, %eax
        say ", priority "
        call number
        movl $0x1ff, APIC+0xf0

        movl $0x400ef, APIC+0x320       # TSC deadline
        sti
        rdtsc
        movl $0x6e0, %ecx
        wrmsr
        nop
        say "\ndeadline "
        movl count, %eax
        call byte
        rdmsr
        say ", left "
        call number
        movl $0x400ef, APIC+0x300       # self, by shorthand
        nop
        say "\nself "
        movl count, %eax
        call byte
        say "\n"
        cli
        xorl %eax, %eax
        ret

setbase:
        call write
        ret
write:  movl $0x1b, %ecx
        xorl %edx, %edx
        expect 1f
        wrmsr
1:      report "write"
        ret

feature:
        movl $1, %eax
        cpuid
        say "CPUID "
        movl %edx, %eax
        shrl $9, %eax
        andl $1, %eax
        call byte
        say ", "
        ret

isr:    incl count
        movl $0, APIC+0xb0
        iretq
        .balign 8
end:
        .bss
count:  .skip 4
bss_end:
