# Task switches in 32-bit protected mode with paging (AMD APM vol. 2, 12.2, 12.4;
# Intel SDM vol. 3, 8): by far call and jump, by task gates for interrupts of every
# kind, with an error code on the new task's stack, into virtual-8086 mode and back,
# and to a conforming segment. Each task says who it is and where it came from.
        .set MAIN, 0x28
        .set OTHER, 0x30
        .set FAULT, 0x38
        .set VIRTUAL, 0x40
        .set APIC, 0xfee00000
        .text
        .code32
        .globl _start
_start:
hdr:    .long 0x1BADB002, 0x00010003, -(0x1BADB002+0x00010003)
        .long hdr, hdr, end, bss_end, start
        .macro say text:vararg
        call sayit
        .asciz \text
        .endm
        .macro tss name, selector       # its descriptor gets its base
        movl $\name, %eax
        movw %ax, gdt+\selector+2
        shrl $16, %eax
        movb %al, gdt+\selector+4
        .endm
        .macro task name, entry, stack, flags=2
        movl $\entry, \name+32
        movl $\flags, \name+36
        movl $\stack, \name+56
        movl $0x08, \name+76
        movl $0x10, \name+72
        movl $0x10, \name+80
        movl $0x10, \name+84
        movl $0x10, \name+88
        movl $0x10, \name+92
        movl $tables, \name+28
        movl $0x680000, \name+100
        .endm
        .macro gate vector, selector
        movl $\selector<<16, idt+8*\vector
        movl $0x8500, idt+8*\vector+4
        .endm
start:  movl $stack, %esp
        movl $0x87, tables              # 4 MiB pages: RAM, and the APIC
        movl $0xfec00083, tables+4*0x3fb
        lgdt gdtr
        lidt idtr
        ljmp $0x08, $1f
1:      movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movl %eax, %ss
        movl %cr4, %eax
        orl $0x10, %eax
        movl %eax, %cr4
        movl $tables, %eax
        movl %eax, %cr3
        movl %cr0, %eax
        orl $0x80010000, %eax
        movl %eax, %cr0
        tss main, MAIN
        tss other, OTHER
        tss fault, FAULT
        tss virtual, VIRTUAL
        movl $0x680000, main+100
        movl $tables, main+28
        movl $MAIN, %eax
        ltr %ax
        movl $0x1ff, APIC+0xf0
        movb $0xff, %al
        outb %al, $0x21
        outb %al, $0xa1

        say "call\n"
        task other, called, stack1
        movl $0x11111111, %ebx
        lcall $OTHER, $0xf4f4f4f4
        say "again\n"
        lcall $OTHER, $0xf4f4f4f4
        say "back, ebx "
        movl %ebx, %eax
        call number
        say "\njump\n"
        task other, jumped, stack1
        ljmp $OTHER, $0xf4f4f4f4
        say "back, busy "
        call busy
        say "\n"

        .irp vector, 0, 2, 3, 4, 0x20, 0x30
        gate \vector, OTHER
        .endr
        task other, gated, stack1
        say "int 30: "
        int $0x30
        say "int 2: "
        int $2
        say "int3: "
        int3
        say "into: "
        movb $127, %al
        addb $127, %al
        into
        say "nmi: "
        movl $0x400, APIC+0x300
        nop
        say "interrupt: "
        sti
        movl $0x40020, APIC+0x300
        nop
        cli
        movl $0, APIC+0xb0
        say "divide: "
        xorl %edx, %edx
        movl $100, %eax
        movl $0, divisor
divide: divl divisor
        say "quotient "
        call number
        gate 14, FAULT
        task fault, faulted, stack2
        say "\npage fault: "
        movl $0x12345678, 0x800000
        say "written "
        movl 0x800000, %eax
        call number

        say "\nvirtual-8086: "
        gate 6, OTHER
        task other, undefined, stack1
        task virtual, 8, 0xff0, 0x20002
        movl $0x4200, virtual+76
        movl $0x1234, virtual+84        # DS
        movl $0x4200, virtual+80
        movl $0, virtual+72
        movl $0, virtual+88
        movl $0, virtual+92
        movw $0x0b0f, 0x42008           # ud2
        lcall $VIRTUAL, $0
        say "back in main\n"

        say "conforming: "
        task other, conforming, stack1, 0x3002
        movl $0x4b, other+76            # conforming, RPL 3
        movl $0x53, other+80            # user data
        movl $0x53, other+72
        movl $0x53, other+84
        movl $0x53, other+88
        movl $0x53, other+92
        lcall $OTHER, $0
        say "back\nnot available: "
        gate 13, FAULT
        task fault, protected, stack2
        movl $2f, resume
        movb $0x8b, gdt+OTHER+5         # busy
        lcall $OTHER, $0
        say "called a busy task\n"
2:      movb $0x89, gdt+OTHER+5
        say "no such segment: "
        gate 10, FAULT
        task fault, protected, stack2
        movl $3f, resume
        task other, called, stack1
        movl $0x80, other+84            # DS beyond the table
        lcall $OTHER, $0
        say "called\n"
3:      say "done\n"
        xorl %eax, %eax
        outl %eax, $0xf4
        hlt

# The tasks.
called: say "  task called, from "
        call who
        iret
        say "  and again, from "
        call who
        movl $0x22222222, %ebx
        iret
jumped: say "  task jumped to, from "
        call who
        ljmp $MAIN, $0
gated:  say "  task of a gate, from "
        call who
        movl $7, divisor
        iret
        jmp gated
faulted:
        say "  error code "
        popl %eax
        call number
        say " at "
        movl %cr2, %eax
        call number
        movl $0x83, tables+8
        say ", from "
        call who
        iret
        jmp faulted
undefined:
        say "  task for #UD, from "
        call who
        movl virtual+36, %eax
        say "  flags "
        call number
        say " cs:ip "
        movl virtual+76, %eax
        call number
        movl virtual+32, %eax
        call number
        say " ds "
        movl virtual+84, %eax
        call number
        say "\n"
        andl $~0x4000, virtual+36
        movw $MAIN, other               # on to the first task
        movb $0x89, gdt+VIRTUAL+5
        iret
conforming:
        movw %cs, %ax
        movzwl %ax, %eax
        call number
        call who
        iret
protected:
        say "  error code "
        popl %eax
        call number
        say ", from "
        call who
        movw other, %ax                 # where that task came from, were it to return
        movl resume, %eax
        movl $stack, main+56
        movl %eax, main+32
        movb $0x8b, gdt+MAIN+5
        movw $MAIN, fault
        iret
        jmp protected

# who prints the link to the last task and NT, busy the types of the descriptors.
who:    pushl %eax
        strw %ax
        movzwl %ax, %eax
        pushl %eax
        movl gdt+2(%eax), %eax
        andl $0xffffff, %eax
        movzwl (%eax), %eax
        call number
        say " in "
        popl %eax
        call number
        say " flags "
        pushfl
        popl %eax
        andl $0xffffff00, %eax
        call number
        say " busy "
        call busy
        say "\n"
        popl %eax
        ret
busy:   pushl %eax
        xorl %eax, %eax
        .irp selector, MAIN, OTHER, FAULT, VIRTUAL
        shll $8, %eax
        movb gdt+\selector+5, %al
        .endr
        call number
        popl %eax
        ret
sayit:  xchgl (%esp), %esi
        pushl %eax
1:      lodsb
        testb %al, %al
        jz 2f
        outb %al, $0xe9
        jmp 1b
2:      popl %eax
        xchgl (%esp), %esi
        ret
number: pushl %ecx
        pushl %eax
        movl $8, %ecx
1:      roll $4, %eax
        pushl %eax
        andl $15, %eax
        movb digits(%eax), %al
        outb %al, $0xe9
        popl %eax
        loop 1b
        popl %eax
        popl %ecx
        ret
digits: .ascii "0123456789abcdef"
        .balign 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        # 08: code
        .quad 0x00cf93000000ffff        # 10: data
        .quad 0, 0
        .rept 4                         # 28, 30, 38, 40: TSSs
        .quad 0x0000890000000067
        .endr
        .quad 0x00cf9f000000ffff        # 48: conforming code
        .quad 0x00cff3000000ffff        # 50: user data
gdtr:   .word gdtr-gdt-1
        .long gdt
idtr:   .word 8*256-1
        .long idt
end:
        .bss
        .balign 4096
tables: .skip 4096
idt:    .skip 2048
        .skip 2048
stack:  .skip 1024
stack1: .skip 1024
stack2: .skip 128
main:   .skip 104
other:  .skip 104
fault:  .skip 104
virtual: .skip 104
divisor: .skip 4
resume: .skip 4
bss_end:
