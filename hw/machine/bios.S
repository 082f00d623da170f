# Services of a PC's BIOS, as far as this machine has something to serve, for what
# starts in real mode. Teletype output goes to the debug port 0xe9, since there is
# no screen; there are no drives and no keyboard. GNU assembler; bios.sh builds it.
# The file begins with a table of offsets, which bios.go reads.
        .code16
        .text
        .globl _start
_start: .word refuse, dismiss, dismiss2, tick, key, alarm, return, video, equipment, memsize, system, keyboard, clock

# What a service does not know it refuses: carry, and AH as INT 15h has it.
refuse: movb $0x86, %ah
fail:   pushw %bp
        movw %sp, %bp
        orb $1, 6(%bp)                  # CF of the caller's flags
        popw %bp
        iret
done:   pushw %bp
        movw %sp, %bp
        andb $0xfe, 6(%bp)
        popw %bp
        iret

# Interrupt requests.
key:    pushw %ax
        inb $0x60, %al                  # or no other key comes
        jmp 1f
tick:   pushw %ds
        pushw %ax
        movw $0x40, %ax
        movw %ax, %ds
        incl 0x6c                       # 18.2 times a second
        int $0x1c
        popw %ax
        popw %ds
dismiss:
        pushw %ax
1:      movb $0x20, %al
        outb %al, $0x20
        popw %ax
        iret
alarm:  pushw %ax
        movb $0x0c, %al                 # the causes, or no other interrupt comes
        outb %al, $0x70
        inb $0x71, %al
        jmp 1f
dismiss2:
        pushw %ax
1:      movb $0x20, %al
        outb %al, $0xa0
        outb %al, $0x20
        popw %ax
        iret

# INT 10h: characters; text mode 3 with 80 columns is set.
video:  cmpb $0x0e, %ah
        je 2f
        cmpb $0x0f, %ah
        je 3f
        cmpb $0x03, %ah
        je 4f
        cmpb $0x09, %ah
        je 1f
        cmpb $0x0a, %ah
        jne 5f
1:      pushw %cx                       # CX times
        jcxz 7f
6:      outb %al, $0xe9
        loop 6b
7:      popw %cx
        iret
2:      outb %al, $0xe9
        iret
3:      movw $0x5003, %ax
        xorb %bh, %bh
        iret
4:      movw $0x0607, %cx
        xorw %dx, %dx
5:
return: iret

# INT 11h: a coprocessor, 80 columns, one serial port. INT 12h: kilobytes below the EBDA.
equipment:
        movw $0x0222, %ax
        iret
memsize:
        movw $639, %ax
        iret

# INT 15h.
system: cmpw $0xe820, %ax
        je map
        cmpw $0xe801, %ax
        je 2f
        cmpb $0x88, %ah
        je 1f
        cmpb $0x86, %ah
        je wait
        cmpb $0x24, %ah
        jne refuse
        xorb %ah, %ah                   # address line 20: is on, and can be switched by port 92h
        cmpb $0x03, %al
        jne 3f
        movw $2, %bx
3:      cmpb $0x02, %al
        jne done
        movb $1, %al
        jmp done
1:      movb $0x30, %al                 # kilobytes above 1 MiB
        call cmos
        jmp done
2:      movb $0x30, %al
        call cmos
        cmpw $0x3c00, %ax
        jbe 4f
        movw $0x3c00, %ax
4:      movw %ax, %cx                   # the same, up to 16 MiB
        movb $0x34, %al
        call cmos
        movw %ax, %bx                   # then in units of 64 KiB
        movw %ax, %dx
        movw %cx, %ax
        jmp done
cmos:   movb %al, %ah                   # two bytes from AL on into AX
        incb %al
        outb %al, $0x70
        inb $0x71, %al
        xchgb %al, %ah
        outb %al, $0x70
        inb $0x71, %al
        ret

# The memory map comes from the configuration device: entries of 20 bytes.
map:    cmpl $0x534d4150, %edx
        jne refuse
        pushw %dx
        pushw %di
        movw $0x510, %dx
        movw $0x8003, %ax
        outw %ax, %dx
        incw %dx
        cld
        imull $20, %ebx, %ecx
        jecxz 2f
1:      inb %dx, %al
        loop 1b
2:      movw $20, %cx
        rep insb
        incl %ebx
        xorb %ah, %ah
        movw $16, %cx
3:      inb %dx, %al                    # base and length of another one?
        orb %al, %ah
        loop 3b
        testb %ah, %ah
        jnz 4f
        xorl %ebx, %ebx
4:      movl $0x534d4150, %eax
        movl $20, %ecx
        popw %di
        popw %dx
        jmp done

# Waits CX:DX microseconds: the refresh bit toggles every 15.
wait:   pushl %eax
        pushl %ecx
        pushl %edx
        shll $16, %ecx
        movw %dx, %cx
        movl %ecx, %eax
        xorl %edx, %edx
        movl $15, %ecx
        divl %ecx
        leal 1(%eax), %ecx
1:      inb $0x61, %al
        movb %al, %ah
2:      inb $0x61, %al
        xorb %ah, %al
        testb $0x10, %al
        jz 2b
        decl %ecx
        jnz 1b
        popl %edx
        popl %ecx
        popl %eax
        jmp done

# INT 16h: nobody presses a key.
keyboard:
        testb $0xef, %ah
        jz 1f
        cmpb $0x02, %ah
        je 2f
        cmpb $0x12, %ah
        je 2f
        pushw %bp
        movw %sp, %bp
        orb $0x40, 6(%bp)               # ZF
        popw %bp
        iret
1:      sti
        hlt
        jmp 1b
2:      xorb %al, %al
        iret

# INT 1Ah: ticks since midnight, and the PCI BIOS (PCI BIOS Specification 2.1).
clock:  testb %ah, %ah
        jz 1f
        cmpb $0xb1, %ah
        je pci
        cmpb $0x02, %ah
        jb done
        jmp fail
1:      pushw %ds
        movw $0x40, %cx
        movw %cx, %ds
        movw 0x6c, %dx
        movw 0x6e, %cx
        popw %ds
        xorw %ax, %ax
        jmp done

pci:    cmpb $0x01, %al
        jne 1f
        movw $0x0001, %ax               # mechanism 1
        movw $0x0210, %bx
        movl $0x20494350, %edx
        xorb %cl, %cl                   # bus 0 is the last
        jmp done
1:      cmpb $0x08, %al
        jb 9f
        cmpb $0x0d, %al
        ja 9f
        pushl %eax
        pushw %dx
        movb %al, %ah
        pushw %ax
        movzwl %bx, %eax                # bus, device and function
        shll $8, %eax
        movw %di, %dx
        andb $0xfc, %dl
        movb %dl, %al
        orl $0x80000000, %eax
        movw $0xcf8, %dx
        outl %eax, %dx
        popw %ax
        movw %di, %dx
        andw $3, %dx
        addw $0xcfc, %dx
        cmpb $0x09, %ah
        jb 2f
        je 3f
        cmpb $0x0b, %ah
        jb 4f
        je 5f
        cmpb $0x0c, %ah
        je 6f
        movl %ecx, %eax
        outl %eax, %dx
        jmp 8f
2:      inb %dx, %al
        movb %al, %cl
        jmp 8f
3:      inw %dx, %ax
        movw %ax, %cx
        jmp 8f
4:      inl %dx, %eax
        movl %eax, %ecx
        jmp 8f
5:      movb %cl, %al
        outb %al, %dx
        jmp 8f
6:      movw %cx, %ax
        outw %ax, %dx
8:      popw %dx
        popl %eax
        xorb %ah, %ah                   # successful
        jmp done
9:      movb $0x81, %ah                 # not supported
        jmp fail
