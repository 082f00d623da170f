package retrace

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Text writes a trace beside the source lines that it comes from.
func (t *Trace) Text(w io.Writer, r *Replay) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\naround the fault, CPU %d:\n", r.Row.Strike.CPU)
	listing(&b, r, t.Fault, t.Struck, &t.Sound, "fault: "+StrikeText(r.Row.Strike))
	if t.Note != "" {
		fmt.Fprintf(&b, "%s\n", t.Note)
	}
	if len(t.Detection) > 0 {
		fmt.Fprintf(&b, "\naround the detection, CPU %d:\n", r.Row.Detections[0].CPU)
		listing(&b, r, t.Detection, t.Entry, nil, "detection: "+r.Row.Detections[0].What)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// listing writes instructions; before number marked it writes what happened
// there, and what the registers were before that, if sound is given.
func listing(b *strings.Builder, r *Replay, list []recording.Traced, marked int, sound *testbed.Registers, what string) {
	fmt.Fprintf(b, "%12s  %s  %-16s  %-44s %s\n", "position", "L", "address", "instruction (L: privilege level)", "registers it changed")
	lastLine := ""
	for i, t := range list {
		p := r.Target.Locate(t.PC)
		if at := fmt.Sprintf("%s %s:%d", p.Source(), p.File, p.Line); p.File != "" && at != lastLine {
			fmt.Fprintf(b, "    ; %s:%d %s  %s\n", p.File, p.Line, p.Source(), r.Sources.Line(p.File, p.Line))
			lastLine = at
		}
		if i == marked {
			fmt.Fprintf(b, " >> %s\n", what)
		}
		var changed string
		switch {
		case i+1 == marked && sound != nil:
			changed = changes(t.Regs, *sound)
		case i+1 < len(list):
			changed = changes(t.Regs, list[i+1].Regs)
		}
		fmt.Fprintf(b, "%12d  %d  %016x  %-44s %s\n", t.Position, t.CPL, t.PC, Disassemble(t, r.Target.Symbols), changed)
	}
}

// changes names the registers that an instruction changed, RIP apart.
func changes(before, after testbed.Registers) string {
	var list []string
	for i := range before {
		if reg := faults.Register(i); reg != faults.RIP && before[i] != after[i] {
			list = append(list, fmt.Sprintf("%s=%x", reg, after[i]))
		}
	}
	return strings.Join(list, " ")
}

// Disassemble is an instruction as text.
func Disassemble(t recording.Traced, symbols faults.Symbols) string {
	if t.Code == nil {
		return "(no code is mapped here)"
	}
	inst, err := x86asm.Decode(t.Code, 64)
	if err != nil {
		return fmt.Sprintf("(undecodable: % x)", t.Code)
	}
	return x86asm.GoSyntax(inst, t.PC, func(addr uint64) (string, uint64) {
		name, start, ok := symbols.Func(addr)
		if !ok {
			return "", 0
		}
		return name, start
	})
}
