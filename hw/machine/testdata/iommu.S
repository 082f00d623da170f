# AMD's IOMMU (48882) between a disk with two NVMe controllers and memory: each controller
# works by addresses of its own, writes by the one are read by the other, what is not
# mapped is refused and logged with an interrupt by MSI, a page that is taken away works until it
# is invalidated, and a function level reset of one controller leaves the other alone.
        .include "kernel.inc"
        .set DEVTAB, 0x200000           # 128 entries
        .set COMMANDS, 0x202000
        .set EVENTS, 0x203000
        .set TABLES, 0x204000           # a page table for each controller
        .set FRAMES, 0x210000           # controller n has 8 frames from FRAMES + n * 10000h on
        .set DONE, 0x206000
        # Addresses by which both controllers know their pages.
        .set ASQ, 0
        .set ACQ, 0x1000
        .set BUFFER, 0x2000
        .set IOSQ, 0x3000
        .set IOCQ, 0x4000
        .set NOWHERE, 0x5000

main:   movq $on_event, %rax
        movw %ax, idt+16*0x44
        movl $0x080600, %eax            # an IOMMU
        call find_class
        xorl %eax, %eax
        call read_config
        say "device "
        call number
        movl $0x40, %eax
        call read_config
        say " capability "
        call number
        movl $0x44, %eax
        call read_config
        andl $-2, %eax
        movl %eax, %ebp                 # RBP: its registers
        say " at "
        call number
        movl 0x30(%rbp), %eax
        say " features "
        call number
        say "\n"
        movl $0x5c, %eax                # MSI: vector 44
        movl $0xfee00000, %ecx
        call write_config
        movl $0x64, %eax
        movl $0x44, %ecx
        call write_config
        movl $0x58, %eax
        call read_config
        orl $0x10000, %eax
        movl %eax, %ecx
        movl $0x58, %eax
        call write_config

        xorl %r13d, %r13d               # domains, page tables of one level
        movl $4<<8, %edi
        call give
        movl $1, %r13d
        movl $13<<8, %edi
        call give
        movl $DEVTAB, (%rbp)
        movl $0, 4(%rbp)
        movl $COMMANDS, 8(%rbp)
        movl $0x08000000, 12(%rbp)      # 256 entries
        movl $EVENTS, 0x10(%rbp)
        movl $0x08000000, 0x14(%rbp)
        movl $0x100d, 0x18(%rbp)        # on, with commands, log and its interrupt
        movl $0x80000000, %eax          # invalidate all
        shlq $32, %rax
        xorl %edx, %edx
        call command
        say "on, status "
        movl 0x2020(%rbp), %eax
        call number
        say "\n"

        movl $0x80002000, device        # PCI device 4
        xorl %r13d, %r13d
        call begin
        movl $0x80006800, device        # PCI device 13
        movl $1, %r13d
        call begin

        xorl %r13d, %r13d               # the first writes
        movl $FRAMES+BUFFER, %edi
        movl $128, %ecx
        movl $12345, %eax
1:      imull $1103515245, %eax, %eax
        addl $12345, %eax
        stosl
        loop 1b
        movl $1, %eax
        movl $BUFFER, %edx
        call move
        say "write "
        call number
        movl $1, %r13d                  # the second reads
        movl $2, %eax
        movl $BUFFER, %edx
        call move
        say ", read "
        call number
        movl $FRAMES+BUFFER, %esi
        movl $FRAMES+0x10000+BUFFER, %edi
        movl $64, %ecx
        repe cmpsq
        jne bad
        say ", equal\n"

        xorl %r13d, %r13d
        movl $2, %eax
        movl $NOWHERE, %edx
        call move
        say "not mapped "
        call number
        call events
        movq $0, TABLES+8*2             # take the buffer away
        movl $2, %eax
        movl $BUFFER, %edx
        call move
        say "not invalidated "
        call number
        call events
        movl $0x30000001, %eax          # pages of domain 1
        shlq $32, %rax
        movl $BUFFER, %edx
        call command
        movl $2, %eax
        movl $BUFFER, %edx
        call move
        say "invalidated "
        call number
        call events

        movl $0x80002000, device        # reset the first
        movl $0x88, %eax
        movl $0x8000, %ecx
        call write_config
        movl $0x10, %eax
        call read_config
        say "reset: address "
        call number
        movl $4, %eax
        call read_config
        andl $7, %eax
        say ", command "
        call number
        movl $1, %r13d
        movl $2, %eax
        movl $BUFFER, %edx
        call move
        say ", the other reads "
        call number
        say "\n"
        movl $0x10, %eax
        movl registers, %ecx
        call write_config
        movq $FRAMES+BUFFER+1, TABLES+8*2
        movl $0x60000000, TABLES+8*2+4
        xorl %r13d, %r13d
        movl $FRAMES, %edi
        xorl %eax, %eax
        movl $0x5000/4, %ecx
        rep stosl
        movl $0, counts
        movl $0, counts+8
        movl $0, phases
        movl $0, phases+8
        call begin
        movl $2, %eax
        movl $BUFFER, %edx
        call move
        say "again: read "
        call number
        movl $FRAMES+BUFFER, %esi
        movl $FRAMES+0x10000+BUFFER, %edi
        movl $64, %ecx
        repe cmpsq
        jne bad
        say ", equal\n"
        xorl %eax, %eax
        ret
bad:    say "wrong\n"
        movl $1, %eax
        ret

# give maps the frames of controller R13, whose device table entry is at offset EDI.
give:   movl %r13d, %eax
        shll $12, %eax
        leal TABLES+0x203(%rax), %ecx   # valid, one level
        movl %ecx, DEVTAB(%rdi)
        movl $0x60000000, DEVTAB+4(%rdi) # may read and write
        leal 1(%r13), %ecx
        movl %ecx, DEVTAB+8(%rdi)       # domain 1 or 2
        leal TABLES(%rax), %edi
        shll $4, %eax
        addl $FRAMES+1, %eax
        movl $5, %ecx
1:      movl %eax, (%rdi)
        movl $0x60000000, 4(%rdi)
        addl $0x1000, %eax
        addl $8, %edi
        loop 1b
        ret

# command gives the IOMMU the command RAX, RDX, and waits until it is done.
command:
        movl 0x2008(%rbp), %edi
        movq %rax, COMMANDS(%rdi)
        movq %rdx, COMMANDS+8(%rdi)
        addl $16, %edi
        movq $DONE+1, COMMANDS(%rdi)    # completion wait, which stores
        orl $0x10000000, COMMANDS+4(%rdi)
        movq $1, COMMANDS+8(%rdi)
        movq $0, DONE
        addl $16, %edi
        movl %edi, 0x2008(%rbp)
1:      pause
        cmpq $0, DONE
        je 1b
        ret

# begin starts controller R13, which is `device`, with an I/O queue.
begin:  movl $4, %eax
        movl $0x406, %ecx               # memory, bus master, no pin
        call write_config
        movl $0x10, %eax
        call read_config
        andl $-16, %eax
        movl %eax, registers(,%r13,4)
        movl %eax, %ebx
        movl $0x000f000f, 0x24(%rbx)
        movl $ASQ, 0x28(%rbx)
        movl $0, 0x2c(%rbx)
        movl $ACQ, 0x30(%rbx)
        movl $0, 0x34(%rbx)
        movl $0x00460001, 0x14(%rbx)
1:      pause
        testl $1, 0x1c(%rbx)
        jz 1b
        call clear
        movl $6, entry                  # identify the controller
        movl $BUFFER, entry+24
        movl $1, entry+40
        xorl %r8d, %r8d
        call do
        say "controller "
        movl %r13d, %eax
        shll $16, %eax
        movzwl FRAMES+BUFFER+78(%rax), %eax
        call number
        say " status "
        movl %edx, %eax
        call number
        call clear
        movl $5, entry                  # completion queue 1, without interrupts
        movl $IOCQ, entry+24
        movl $0x000f0001, entry+40
        movl $1, entry+44
        call do
        movl %edx, %eax
        say " "
        call number
        call clear
        movl $1, entry                  # submission queue 1
        movl $IOSQ, entry+24
        movl $0x000f0001, entry+40
        movl $0x00010001, entry+44
        call do
        movl %edx, %eax
        say " "
        call number
        say "\n"
        ret

clear:  movl $entry, %edi
        xorl %eax, %eax
        movl $16, %ecx
        rep stosl
        ret

# move has controller R13 read (2) or write (1) block 3 at address EDX; the status is in EAX.
move:   pushq %rax
        call clear
        popq %rax
        movl %eax, entry
        movl $1, entry+4
        movl %edx, entry+24
        movl $3, entry+40
        movl $1, %r8d
        call do
        movl %edx, %eax
        ret

# do gives `entry` to queue R8 of controller R13 and waits; the status, with its type, is in EDX.
do:     movl registers(,%r13,4), %ebx
        leal (%r13,%r13), %r9d
        addl %r8d, %r9d                 # which queue of all
        shll $3, %r9d
        movl counts(%r9), %r10d         # commands so far, modulo 16
        movl %r13d, %edi
        shll $16, %edi
        movl %r8d, %eax
        imull $IOSQ, %eax, %eax
        addl %eax, %edi                 # its frames
        movl %edi, %r11d
        movl %r10d, %eax
        shll $6, %eax
        leal FRAMES(%rdi,%rax), %edi
        movl $entry, %esi
        movl $8, %ecx
        rep movsq
        movl %r10d, %ecx
        shll $4, %ecx
        leal FRAMES+ACQ(%r11,%rcx), %esi # its completion
        incl %r10d
        andl $15, %r10d
        movl %r10d, counts(%r9)
        movl %r10d, 0x1000(%rbx,%r8,8)
1:      pause
        movzwl 14(%rsi), %edx
        movl %edx, %eax
        xorl phases(%r9), %eax
        testl $1, %eax
        jz 1b
        testl %r10d, %r10d
        jnz 2f
        xorl $1, phases(%r9)
2:      movl %r10d, 0x1004(%rbx,%r8,8)
        shrl $1, %edx
        ret

# events prints what the log has, and how many interrupts there were.
events: sti
        movl $2000, %ecx
1:      loop 1b
        cli
        say ", interrupts "
        movl interrupts, %eax
        call number
2:      movl 0x2010(%rbp), %eax
        cmpl 0x2018(%rbp), %eax
        je 3f
        say ", event "
        movl %eax, %ecx
        movq EVENTS(%rcx), %rax
        call number64
        say " "
        movq EVENTS+8(%rcx), %rax
        call number64
        addl $16, %ecx
        movl %ecx, 0x2010(%rbp)
        jmp 2b
3:      say "\n"
        ret

        .include "pci.inc"

on_event:
        incl interrupts
        movl $2, 0x2020(%rbp)
        movl $0, APIC+0xb0
        iretq
end:
        .bss
        .balign 8
entry:  .skip 64
counts: .skip 32                        # of queue 0 and 1 of each controller, 8 bytes each
phases: .skip 32
registers: .skip 8
interrupts: .skip 8
bss_end:
