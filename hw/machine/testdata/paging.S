# Paging in long mode: pages of 4 KiB, 2 MiB and 1 GiB, accessed and dirty bits,
# every error code, protection bits, and a TLB that is stale until it is flushed.
        .include "kernel.inc"
        .set V4, 0x80005a0000           # a page each, in a region of the second PML4 entry
        .set V2, 0x8040a00000
        .set V1, 0x8080000000
        .set SLOT, t1+8*0x1a0           # the entry of V4
        .set GLOBAL, 0x100
        .set NX, 63
        .macro fault name, code
        expect 7f
        \code
7:      report "\name"
        .endm
        .macro entries name, list:vararg # low bits of entries
        say "\name"
        .irp e, \list
        movl \e, %eax
        call bits
        .endr
        say "\n"
        .endm
        .macro set entry, value
        movabsq $\value, %rax
        movq %rax, \entry
        .endm
        .macro user name, code
        expect 7f
        pushq $UDATA
        pushq $ustack
        pushq $0x202
        pushq $UCODE
        pushq $6f
        iretq
6:      \code
        int $0x80
7:      report "\name"
        .endm

main:   movl $0x87, pd                  # this kernel is the user's, too
        movl $pd+7, pdpt
        invlpg hdr
        movl $t3+7, pml4+8              # 80 0000 0000
        movl $t2+7, t3
        movl $t1+7, t2+8*2              # 4 KiB pages from 40 0000 on
        movq $V4, %rbx
        movq $V2, %rsi
        movq $V1, %rdi
        movq $0x111, %rax
        movq %rax, frame1
        movq $0x222, %rax
        movq %rax, frame2
        call accessed
        call errors_
        call rights
        call reserved
        call stale
        call crossing
        xorl %eax, %eax
        ret

accessed:
        set SLOT, frame1+3
        set t2+8*2, t1+7
        entries "before", pml4+8, t3, t2+8*2, SLOT
        movq (%rbx), %rax
        entries "read", pml4+8, t3, t2+8*2, SLOT
        movb $1, 8(%rbx)
        entries "written", pml4+8, t3, t2+8*2, SLOT
        movl $t2b+3, t3+8
        movl $0x600083, t2b+8*5
        movq (%rsi), %rax
        entries "2 MiB read", t3+8, t2b+8*5
        movb $1, (%rsi)
        entries "2 MiB written", t3+8, t2b+8*5
        movl $0x83, t3+16
        movq (%rdi), %rax
        entries "1 GiB read", t3+16
        movb $1, 0x800000(%rdi)
        entries "1 GiB written", t3+16
        movb 0x800000, %al
        cmpb $1, %al
        jne 1f
        movq 0x100000(%rdi), %rax       # the same memory
        cmpq hdr, %rax
        jne 1f
        say "the same memory\n"
1:      set SLOT, frame1+1              # a fault sets no bits
        invlpg (%rbx)
        fault "write to read-only", "movb $1, (%rbx)"
        entries "after it", SLOT
        set SLOT, frame1+3
        invlpg (%rbx)
        pushq 8(%rbx)                   # cmpxchg that fails writes all the same
        xorl %eax, %eax
        movl $5, %ecx
        lock cmpxchgl %ecx, 8(%rbx)
        entries "failing cmpxchg", SLOT
        popq %rax
        set SLOT, frame1+3
        invlpg (%rbx)
        prefetchnta (%rbx)
        leaq (%rbx), %rax
        entries "prefetch, lea", SLOT
        ret

errors_:
        set SLOT, 0
        invlpg (%rbx)
        fault "absent, read", "movb (%rbx), %al"
        fault "absent, write", "movb %al, (%rbx)"
        fault "absent, read and write", "incb (%rbx)"
        fault "absent, fetch", "jmpq *%rbx"
        user "absent, user reads", "movb (%rbx), %al"
        user "absent, user writes", "movb %al, (%rbx)"
        user "absent, user fetches", "jmpq *%rbx"
        movq $0xffff800000000000, %rdx
        fault "absent at the top", "movb 0x123(%rdx), %al"
        set SLOT, frame1+3
        fault "present without invlpg", "movb (%rbx), %al"
        user "supervisor's, user reads", "movb (%rbx), %al"
        user "supervisor's, user writes", "movb %al, (%rbx)"
        set SLOT, frame1+5
        invlpg (%rbx)
        user "user reads", "movb (%rbx), %al"
        user "read-only, user writes", "movb %al, (%rbx)"
        fault "read-only, write", "movb %al, (%rbx)"
        movl $t1+5, t2+8*2              # the entry above counts, too
        set SLOT, frame1+7
        invlpg (%rbx)
        user "read-only above", "movb %al, (%rbx)"
        movl $t1+3, t2+8*2
        invlpg (%rbx)
        user "supervisor's above", "movb (%rbx), %al"
        movl $t1+7, t2+8*2
        invlpg (%rbx)
        ret

rights: movq %cr0, %rax
        btrq $16, %rax
        movq %rax, %cr0
        set SLOT, frame1+1
        invlpg (%rbx)
        fault "read-only without wp", "movb %cl, (%rbx)"
        entries "after it", SLOT
        set SLOT, frame1+5
        invlpg (%rbx)
        user "user's without wp", "movb %al, (%rbx)"
        movq %cr0, %rax
        btsq $16, %rax
        movq %rax, %cr0
        set SLOT, frame1+7
        btsq $NX, SLOT
        invlpg (%rbx)
        movb $0xc3, (%rbx)
        fault "no execution", "callq *%rbx"
        user "no execution by user", "callq *%rbx"
        btrq $NX, SLOT
        invlpg (%rbx)
        fault "execution", "callq *%rbx"
        btsq $NX, t2+8*2
        invlpg (%rbx)
        fault "no execution above", "callq *%rbx"
        btrq $NX, t2+8*2
        invlpg (%rbx)
        movq %cr4, %rcx
        btsq $20, %rcx
        movl $0x83, pd                  # the kernel's own page is the supervisor's again
        invlpg hdr
        movq %rcx, %cr4
        fault "smep", "callq *%rbx"
        fault "smep, read", "movb (%rbx), %al"
        btrq $20, %rcx
        btsq $21, %rcx
        movq %rcx, %cr4
        fault "smap, read", "movb (%rbx), %al"
        fault "smap, write", "movb %al, (%rbx)"
        stac
        fault "smap with ac", "movb (%rbx), %al"
        clac
        fault "smap, fetch", "callq *%rbx"
        btrq $21, %rcx
        movq %rcx, %cr4
        movl $0x87, pd
        invlpg hdr
        ret

reserved:
        set SLOT, frame1+3+(1<<51)
        invlpg (%rbx)
        fault "reserved bit", "movb (%rbx), %al"
        user "reserved bit, user writes", "movb %al, (%rbx)"
        set SLOT, frame1+3
        movl $0x602083, t2b+8*5         # bit 13 of a 2 MiB page
        invlpg (%rsi)
        fault "reserved, 2 MiB", "movb (%rsi), %al"
        movl $0x600083, t2b+8*5
        invlpg (%rsi)
        movl $0x200083, t3+16
        invlpg (%rdi)
        fault "reserved, 1 GiB", "movb (%rdi), %al"
        movl $0x83, t3+16
        invlpg (%rdi)
        orb $0x80, pml4+8
        invlpg (%rbx)
        fault "reserved in the top table", "movb (%rbx), %al"
        andb $0x7f, pml4+8
        movl $0xc0000080, %ecx
        rdmsr
        btrl $11, %eax
        wrmsr
        btsq $NX, SLOT
        invlpg (%rbx)
        fault "nx while it is off", "movb (%rbx), %al"
        btsl $11, %eax
        wrmsr
        btrq $NX, SLOT
        invlpg (%rbx)
        fault "at last", "movb (%rbx), %al"
        ret

        .macro value name               # of the page at V4
        say "\name"
        movq (%rbx), %rax
        call bits
        say "\n"
        .endm
stale:  movq $0x111, %rax
        movq %rax, frame1
        set SLOT, frame1+3
        invlpg (%rbx)
        value "first"
        set SLOT, frame2+3
        value "stale"
        invlpg (%rbx)
        value "invlpg"
        set SLOT, frame1+3
        value "stale"
        movq %cr3, %rax
        movq %rax, %cr3
        value "cr3"
        set SLOT, frame2+3+GLOBAL
        invlpg (%rbx)
        value "global"
        set SLOT, frame1+3+GLOBAL
        movq %cr3, %rax
        movq %rax, %cr3
        value "global after cr3"
        movq %cr4, %rax
        btcq $7, %rax
        movq %rax, %cr4
        value "after cr4"
        movq %cr4, %rax
        btsq $7, %rax
        movq %rax, %cr4
        movb (%rbx), %al
        set SLOT, 0                     # an absent page stays in use
        value "removed"
        invlpg (%rbx)
        fault "removed and flushed", "movb (%rbx), %al"
        set SLOT, frame1+3              # rights, too
        movb (%rbx), %al
        set SLOT, frame1+1
        fault "stale rights, clean", "movb %al, (%rbx)"
        set SLOT, frame1+3
        invlpg (%rbx)
        movb %al, (%rbx)
        set SLOT, frame1+1
        fault "stale rights, dirty", "movb %al, (%rbx)"
        entries "no dirty bit", SLOT
        set SLOT, frame1+3
        invlpg (%rbx)
        movb %al, (%rbx)
        andb $0x9f, SLOT                # neither accessed nor dirty: the TLB knows otherwise
        movb %al, (%rbx)
        entries "stale bits", SLOT
        invlpg (%rbx)
        movb %al, (%rbx)
        entries "flushed", SLOT
        movb (%rsi), %al
        movl $0x800083, t2b+8*5
        movb $7, 0x800000
        movb $6, 0x600000
        movb (%rsi), %al
        say "2 MiB stale "
        call byte
        invlpg 0x1000(%rsi)             # any address of the page
        movb (%rsi), %al
        say " invlpg "
        call byte
        say "\n"
        ret

# A write across two pages of which the second is absent changes nothing; a
# string instruction stops where it is.
crossing:
        set SLOT, frame1+3
        set SLOT+8, 0
        invlpg (%rbx)
        invlpg 4096(%rbx)
        movl $0, 4092(%rbx)
        movq $-1, %rax
        fault "write across", "movq %rax, 4092(%rbx)"
        movl 4092(%rbx), %eax
        call number
        say "\n"
        movq %rsi, %r12
        movq %rdi, %r13
        movq $hdr, %rsi
        leaq 4096-24(%rbx), %rdi
        movl $10, %ecx
        fault "rep movsq", "rep movsq"
        movl %ecx, %eax
        call number
        say " "
        leaq 4096(%rbx), %rax
        subq %rdi, %rax
        call number
        say " "
        movq %rsi, %rax
        subq $hdr, %rax
        call number
        say "\n"
        movb $0x48, 4094(%rbx)          # an instruction across
        movb $0x89, 4095(%rbx)
        leaq 4094(%rbx), %rax
        fault "fetch across", "callq *%rax"
        movq kept, %rax
        subq %rbx, %rax
        call number
        say "\n"
        ret

bits:   pushq %rax                      # 12 bits of RAX
        say " "
        shrl $8, %eax
        andl $15, %eax
        movb hexdigits(%rax), %al
        outb %al, $0xe9
        movq (%rsp), %rax
        call byte
        popq %rax
        ret
        .balign 8
end:
        .bss
        .balign 4096
t3:     .skip 4096
t2:     .skip 4096
t2b:    .skip 4096
t1:     .skip 4096
frame1: .skip 4096
frame2: .skip 4096
        .skip 1024
ustack: .skip 16
bss_end:
