package cli

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/hw/cpu"
	"resvirt/hw/machine"
)

var (
	bootRegisters = [...]string{"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}
	bootSegments  = [...]string{"ES", "CS", "SS", "DS", "FS", "GS"}
	bootFlagBits  = [...]struct {
		bit  uint
		name string
	}{{0, "CF"}, {2, "PF"}, {4, "AF"}, {6, "ZF"}, {7, "SF"}, {8, "TF"}, {9, "IF"}, {10, "DF"}, {11, "OF"}, {14, "NT"}, {16, "RF"}, {17, "VM"}, {18, "AC"}}
	bootActivities = [...]string{"running", "halted", "waiting for a start-up IPI", "shut down"}
)

// printCPU shows a processor's state for people.
func printCPU(w io.Writer, m *machine.Machine, id int) {
	c := m.CPU(id)
	fmt.Fprintf(w, "CPU %d: %s, %d-bit code, level %d, after %d instructions\n", id, bootActivities[c.Activity], codeBits(c), c.CPL, c.Retired)
	if c.Activity == cpu.WaitSIPI {
		return // as it was after reset
	}
	for i, v := range c.GPR {
		fmt.Fprintf(w, "%-3s=%016x%s", bootRegisters[i], v, separator(i, 4))
	}
	fmt.Fprintf(w, "RIP=%016x RFLAGS=%08x%s\n", c.RIP, c.RFLAGS, flagNames(c.RFLAGS))
	segment := func(name string, s cpu.Segment) {
		fmt.Fprintf(w, "%-3s=%04x base %016x limit %08x attributes %04x\n", name, s.Sel, s.Base, s.Limit, s.Attr)
	}
	for i, s := range c.Seg {
		segment(bootSegments[i], s)
	}
	segment("LDT", c.LDTR)
	segment("TR", c.TR)
	fmt.Fprintf(w, "GDT=     base %016x limit %04x\nIDT=     base %016x limit %04x\n", c.GDTR.Base, c.GDTR.Limit, c.IDTR.Base, c.IDTR.Limit)
	fmt.Fprintf(w, "CR0=%08x CR2=%016x CR3=%016x CR4=%08x EFER=%04x\n", c.CR0, c.CR2, c.CR3, c.CR4, c.MSR.EFER)
	if code, at := codeAround(m, c); code != nil {
		fmt.Fprintf(w, "code: % x <% x>\n", code[:at], code[at:])
		text, _ := disassemble(code[at:], codeBits(c), c.RIP)
		fmt.Fprintf(w, "at RIP: %s\n", text)
	} else {
		fmt.Fprintln(w, "code: the address is not mapped")
	}
}

func separator(i, perLine int) string {
	if i%perLine == perLine-1 {
		return "\n"
	}
	return " "
}

func flagNames(flags uint64) string {
	var s strings.Builder
	for _, f := range bootFlagBits {
		if flags>>f.bit&1 != 0 {
			s.WriteString(" " + f.name)
		}
	}
	return s.String()
}

// codeBits is 16, 32 or 64: how the processor decodes what it executes.
func codeBits(c *cpu.CPU) int {
	const long, big = 1 << 9, 1 << 10
	switch attr := c.Seg[cpu.CS].Attr; {
	case c.MSR.EFER&cpu.EFERLMA != 0 && attr&long != 0:
		return 64
	case attr&big != 0:
		return 32
	}
	return 16
}

// codeAround returns the bytes around RIP, as far as they are mapped, and where RIP is in them.
func codeAround(m *machine.Machine, c *cpu.CPU) (code []byte, at int) {
	const before, after = 32, 16
	pc := c.RIP + c.Seg[cpu.CS].Base
	var b [1]byte
	for i := pc; i < pc+after && m.ReadVirt(c.ID, i, b[:]) == nil; i++ {
		code = append(code, b[0])
	}
	if code == nil {
		return nil, 0
	}
	for at < before && m.ReadVirt(c.ID, pc-uint64(at)-1, b[:]) == nil {
		code = append(b[:1:1], code...)
		at++
	}
	return code, at
}

// disassemble returns an instruction in Intel's syntax and its length.
func disassemble(code []byte, bits int, pc uint64) (text string, length int) {
	mode := map[int]cpu.Mode{16: cpu.Mode16, 32: cpu.Mode32, 64: cpu.Mode64}[bits]
	i, status := cpu.Decode(code, mode)
	if status != cpu.DecodeOK {
		return "(no instruction)", len(code)
	}
	inst, err := x86asm.Decode(code, bits)
	if err != nil || inst.Len != int(i.Len) { // the disassembler knows fewer instructions than the machine
		return strings.ToLower(i.Op.String()), int(i.Len)
	}
	return x86asm.IntelSyntax(inst, pc, nil), inst.Len
}
