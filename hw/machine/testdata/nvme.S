# The NVMe controller (NVM Express 1.4) with DMA: identification by MSI, then by
# MSI-X a pair of I/O queues, blocks written and read back, an error, a masked vector.
        .include "kernel.inc"
        .set SQ, 0x200000               # queue n at SQ + n * 4096, likewise its completions
        .set CQ, 0x202000
        .set WHO, 0x204000
        .set HERE, 0x205000
        .set THERE, 0x207000

main:   movq $on_admin, %rax
        movw %ax, idt+16*0x41
        movq $on_io, %rax
        movw %ax, idt+16*0x42
        movl $0x010802, %eax            # NVM Express
        call find_class
        xorl %eax, %eax
        call read_config
        say "device "
        call number
        movl $8, %eax
        call read_config
        shrl $8, %eax
        say " class "
        call number
        say "\n"
        movl $4, %eax
        movl $0x406, %ecx               # memory, bus master, no pin
        call write_config
        movl $0x10, %eax
        call read_config
        andl $-16, %eax
        movl %eax, %ebx                 # RBX: the controller's registers
        movl $0xfee00000, 0x2000(%rbx)  # the vectors: 41 for administration, 42 for I/O
        movl $0, 0x2004(%rbx)
        movl $0x41, 0x2008(%rbx)
        movl $0, 0x200c(%rbx)
        movl $0xfee00000, 0x2010(%rbx)
        movl $0, 0x2014(%rbx)
        movl $0x42, 0x2018(%rbx)
        movl $0, 0x201c(%rbx)

        movl 8(%rbx), %eax
        say "version "
        call number
        movl $0, 0x14(%rbx)             # CC: off
1:      testl $1, 0x1c(%rbx)
        jnz 1b
        movl $0x000f000f, 0x24(%rbx)    # AQA: 16 entries
        movl $SQ, 0x28(%rbx)
        movl $0, 0x2c(%rbx)
        movl $CQ, 0x30(%rbx)
        movl $0, 0x34(%rbx)
        movl $0x00460001, 0x14(%rbx)    # entries of 64 and 16 bytes, on
2:      pause
        testl $1, 0x1c(%rbx)
        jz 2b
        movl 0x1c(%rbx), %eax
        say " status "
        call number
        say "\n"

        movl $0x50, %eax
        call read_config
        movl %eax, %ebp
        say "msi "
        call byte                       # capability 5
        movl $0x70, %eax
        call read_config
        say " msi-x "
        call byte                       # capability 11
        say "\n"
        movl $0x54, %eax                # MSI: vector 41
        movl $0xfee00000, %ecx
        call write_config
        movl $0x58, %eax
        xorl %ecx, %ecx
        call write_config
        movl $0x5c, %eax
        movl $0x41, %ecx
        call write_config
        movl $0x50, %eax
        leal 0x10000(%rbp), %ecx        # on
        call write_config
        xorl %r8d, %r8d                 # R8: the queue
        movl $6, command                # identify the controller
        movq $WHO, command+24
        movl $1, command+40
        call do
        say "identify "
        call tell
        movl $0x50, %eax                # MSI off, MSI-X on
        movl %ebp, %ecx
        call write_config
        movl $0x70, %eax
        call read_config
        orl $0x80000000, %eax
        movl %eax, %ecx
        movl $0x70, %eax
        call write_config
        call do
        say "by msi-x "
        call tell
        movb $0, WHO+24+14              # of the model's 40 characters
        movl $WHO+24, %esi
        call text
        movl $5, command                # completion queue 1, vector 1
        movq $CQ+0x1000, command+24
        movl $0x000f0001, command+40
        movl $0x00010003, command+44
        call do
        say "completion queue "
        call tell
        movl $1, command                # submission queue 1
        movq $SQ+0x1000, command+24
        movl $0x00010001, command+44
        call do
        say "submission queue "
        call tell
        call do
        say "twice "
        call tell

        movl $1, %r8d
        movl $HERE, %edi                # 16 blocks of numbers
        movl $2048, %ecx
        movl $12345, %eax
3:      imull $1103515245, %eax, %eax
        addl $12345, %eax
        stosl
        loop 3b
        movl $1, command                # write them from block 3 on
        movl $1, command+4
        movq $HERE, command+24
        movq $HERE+0x1000, command+32
        movl $3, command+40
        movl $0, command+44
        movl $15, command+48
        call do
        say "write "
        call tell
        movl $2, command                # read them elsewhere
        movq $THERE, command+24
        movq $THERE+0x1000, command+32
        call do
        say "read "
        call tell
        movl $HERE, %esi
        movl $THERE, %edi
        movl $1024, %ecx
        repe cmpsq
        jne bad
        say "equal\n"
        movl $0xfffff, command+40       # past the end
        call do
        say "read past the end "
        call tell

        movl $3, command+40             # around the queues, twice and more
        movl $40, %r9d
6:      call do
        testl %edx, %edx
        jnz bad
        decl %r9d
        jnz 6b
        say "forty more "
        call tell
        xorl %r8d, %r8d
        movl $6, command
        movl $0, command+4
        movq $WHO, command+24
        movl $1, command+40
        movl $20, %r9d
7:      call do
        testl %edx, %edx
        jnz bad
        decl %r9d
        jnz 7b
        say "and twenty "
        call tell
        movl $1, %r8d
        movl $2, command
        movl $1, command+4
        movq $THERE, command+24

        movl $1, 0x201c(%rbx)           # a masked vector: the message waits
        movl $3, command+40
        call submit
4:      pause
        movl heads+4, %eax
        shll $4, %eax
        movb CQ+0x1000+14(%rax), %al
        xorb phases+4, %al
        testb $1, %al                   # the phase of new completions?
        jnz 4b
        sti
        movl $2000, %ecx
5:      loop 5b
        cli
        say "masked: pending "
        movl 0x3000(%rbx), %eax
        call byte
        say ", "
        call tell
        movl $0, 0x201c(%rbx)
        call await
        say "unmasked: pending "
        movl 0x3000(%rbx), %eax
        call byte
        say ", "
        call tell
        xorl %eax, %eax
        ret

bad:    say "wrong\n"
        movl $1, %eax
        ret

        .include "pci.inc"

text:   lodsb
        testb %al, %al
        jz 1f
        outb %al, $0xe9
        jmp text
1:      say "\n"
        ret

# do gives the command to queue R8 and waits for its interrupt; the status, with
# its type, is in EDX then. submit and await are its halves.
do:     call submit
await:  cli
        movl irqs(,%r8,4), %eax
        cmpl seen(,%r8,4), %eax
        jne 1f
        sti
        hlt
        jmp await
1:      movl %eax, seen(,%r8,4)
        movl heads(,%r8,4), %eax
        movl %r8d, %ecx
        shll $12, %ecx
        shll $4, %eax
        movzwl CQ+14(%rcx,%rax), %edx
        movl %edx, %eax
        xorl phases(,%r8,4), %eax
        testl $1, %eax
        jnz bad
        shrl $1, %edx
        movl heads(,%r8,4), %eax
        incl %eax
        andl $15, %eax
        jnz 2f
        xorl $1, phases(,%r8,4)
2:      movl %eax, heads(,%r8,4)
        movl %eax, 0x1004(%rbx,%r8,8)
        ret
submit: movl tails(,%r8,4), %edi
        shll $6, %edi
        movl %r8d, %eax
        shll $12, %eax
        leal SQ(%rdi,%rax), %edi
        movl $command, %esi
        movl $8, %ecx
        rep movsq
        movl tails(,%r8,4), %eax
        incl %eax
        andl $15, %eax
        movl %eax, tails(,%r8,4)
        movl %eax, 0x1000(%rbx,%r8,8)
        ret

# tell prints the status in EDX and how many interrupts of each kind there were.
tell:   movl %edx, %eax
        call number
        say ", interrupts "
        movl irqs, %eax
        call byte
        say " "
        movl irqs+4, %eax
        call byte
        say "\n"
        ret

on_admin:
        incl irqs
        movl $0, APIC+0xb0
        iretq
on_io:  incl irqs+4
        movl $0, APIC+0xb0
        iretq

phases: .long 1, 1                      # of each queue's next completion
end:
        .bss
        .balign 8
command: .skip 64
irqs:   .skip 8
seen:   .skip 8
tails:  .skip 8
heads:  .skip 8
bss_end:
