# A triple fault ends the machine. By way of it: what a processor does that
# finds no gate for a double fault.
        .include "kernel.inc"
main:   say "without an idt\n"
        movw $0x7f, idtr                # gates of 0 to 7
        lidt idtr
        expect 1f
        int3
1:      report "int3"
        expect 1f
        movq $1<<47, %rax
        movb (%rax), %al                # #GP, #GP, #DF
1:      report "after the end"
        ret
end:
        .bss
bss_end:
