package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"resvirt/hw/cpu"
	"resvirt/hw/machine"
)

// tracer writes a line for each instruction: position, processor, privilege
// level, address, bytes, disassembly, and the registers that it changed,
// including changes by an interrupt or exception that was delivered after it.
type tracer struct {
	m    *machine.Machine
	file *os.File
	w    *bufio.Writer

	pending string // the line of the instruction that is being executed
	cpu     int
	before  cpu.State
}

// startTrace begins a trace in a file; without a name there is none.
func startTrace(m *machine.Machine, path string) (*tracer, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	t := &tracer{m: m, file: f, w: bufio.NewWriter(f)}
	m.Trace(t.instruction)
	return t, nil
}

func (t *tracer) instruction(e machine.TraceEntry) {
	t.finish()
	c := t.m.CPU(e.CPU)
	pc := c.RIP + c.Seg[cpu.CS].Base
	code := make([]byte, cpu.MaxLen)
	for i := range code {
		if t.m.ReadVirt(c.ID, pc+uint64(i), code[i:i+1]) != nil {
			code = code[:i]
		}
		if i >= len(code) {
			break
		}
	}
	text, n := disassemble(code, codeBits(c), c.RIP)
	t.pending = fmt.Sprintf("%d cpu%d r%d %016x  %-24s %-32s", e.Position, e.CPU, e.CPL, e.PC, fmt.Sprintf("%x", code[:n]), text)
	t.cpu = e.CPU
	copyRegisters(&t.before, &c.State)
}

// copyRegisters copies the registers that changes lists; the whole State is
// large.
func copyRegisters(to, from *cpu.State) {
	to.GPR, to.RFLAGS, to.Seg, to.CPL = from.GPR, from.RFLAGS, from.Seg, from.CPL
	to.CR0, to.CR2, to.CR3, to.CR4 = from.CR0, from.CR2, from.CR3, from.CR4
	to.MSR.EFER, to.FPU.XMM = from.MSR.EFER, from.FPU.XMM
}

// finish writes the line of the instruction before, whose changes are known now.
func (t *tracer) finish() {
	if t.pending == "" {
		return
	}
	line := t.pending + changes(&t.before, &t.m.CPU(t.cpu).State)
	t.w.WriteString(strings.TrimRight(line, " ") + "\n") // an error is kept and returned by Flush
	t.pending = ""
}

// changes lists registers that differ, as " RAX=1 RFLAGS=246".
func changes(old, now *cpu.State) string {
	var s strings.Builder
	register := func(name string, a, b uint64) {
		if a != b {
			fmt.Fprintf(&s, " %s=%x", name, b)
		}
	}
	for i := range now.GPR {
		register(bootRegisters[i], old.GPR[i], now.GPR[i])
	}
	register("RFLAGS", old.RFLAGS, now.RFLAGS)
	for i := range now.Seg {
		register(bootSegments[i], uint64(old.Seg[i].Sel), uint64(now.Seg[i].Sel))
		register(bootSegments[i]+".base", old.Seg[i].Base, now.Seg[i].Base)
	}
	register("CR0", old.CR0, now.CR0)
	register("CR2", old.CR2, now.CR2)
	register("CR3", old.CR3, now.CR3)
	register("CR4", old.CR4, now.CR4)
	register("EFER", old.MSR.EFER, now.MSR.EFER)
	for i, x := range now.FPU.XMM {
		if x != old.FPU.XMM[i] {
			fmt.Fprintf(&s, " XMM%d=%016x%016x", i, x[1], x[0])
		}
	}
	return s.String()
}

// close writes what is left; a nil tracer has nothing.
func (t *tracer) close() error {
	if t == nil {
		return nil
	}
	t.finish()
	t.m.Trace(nil)
	err := t.w.Flush()
	if cerr := t.file.Close(); err == nil {
		err = cerr
	}
	return err
}
