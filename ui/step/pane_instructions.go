package step

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/faults"
)

// instructions shows the code around the instruction that is about to be executed.
func instructions() *pane {
	return facts(pane{name: "Instructions", key: "2", slot: leftSlot, about: "the machine's code there, as it is fetched"}, gatherInstructions, drawInstructions)
}

// code is disassembled code, as the processor fetches it.
type code struct {
	cpu  int
	list []instruction
	at   int    // of the one that is about to be executed
	why  string // nothing is listed
}

type instruction struct {
	pc   uint64
	in   string // offset in its function; "" = that is not known
	text string
	line int // of the source, 0 if it is that of the one before
}

func (c *code) title(*State) string { return fmt.Sprintf("Instructions  CPU%d", c.cpu) }

// instructionsShown is how many are listed on each side of the present one at most.
const instructionsShown = 40

func gatherInstructions(_ context.Context, d *desk) *code {
	c := &code{cpu: d.cpu}
	pc := d.machine().Register(d.cpu, faults.RIP)
	from := pc
	symbols := d.rec.Lab.System.Target().Symbols
	if _, start, ok := symbols.Func(pc); ok && pc-start < 1<<14 {
		from = start
	}
	lines := d.lines()
	var last fileLine
	for at := from; len(c.list) < c.at+instructionsShown; {
		i := instruction{pc: at}
		if from != pc {
			i.in = fmt.Sprintf("+%#x", at-from)
		}
		n := 1
		i.text, n = disassemble(d.fetch(at), at, symbols)
		if n == 0 {
			break
		}
		if l := lines(at); l != last {
			i.line, last = l.line, l
		}
		if at == pc {
			c.at = len(c.list)
		}
		c.list = append(c.list, i)
		if at += uint64(n); at > pc && c.list[c.at].pc != pc { // the way from the function's start leads past it
			at, c.list = pc, c.list[:0]
		}
		if len(c.list) > 2*instructionsShown && c.list[c.at].pc != pc {
			c.list = c.list[instructionsShown:]
		}
	}
	if len(c.list) == 0 {
		c.why = fmt.Sprintf("No code can be fetched at %#x.", pc)
	}
	return c
}

// fetch reads up to 15 bytes of code as the processor that is shown fetches them.
func (d *desk) fetch(at uint64) []byte {
	buf := make([]byte, 15)
	if d.machine().ReadCode(d.cpu, at, buf) == nil {
		return buf
	}
	buf = buf[:min(15, 4096-at%4096)]
	if d.machine().ReadCode(d.cpu, at, buf) == nil {
		return buf
	}
	return nil
}

// disassemble is the text of the instruction at the start of code, and its length.
func disassemble(code []byte, pc uint64, symbols faults.Symbols) (string, int) {
	if len(code) == 0 {
		return "", 0
	}
	i, err := x86asm.Decode(code, 64)
	if err != nil || i.Op == 0 || i.Len == 0 {
		return fmt.Sprintf("(%02x)", code[0]), 1
	}
	text := x86asm.IntelSyntax(i, pc, func(a uint64) (string, uint64) {
		name, start, ok := symbols.Func(a)
		if !ok {
			return "", 0
		}
		return name, start
	})
	return strings.TrimSpace(text), i.Len
}

func drawInstructions(b box, _ *State, now, _ *code) {
	if now.why != "" {
		missing(b, now.why)
		return
	}
	top := max(min(now.at-b.h/2, len(now.list)-b.h), 0)
	for y := 0; y < b.h && top+y < len(now.list); y++ {
		i := now.list[top+y]
		s, glyph := style{}, " "
		if top+y == now.at {
			s, glyph = style{bold: true}, "▶"
		}
		x := b.text(0, y, glyph, s)
		if i.line > 0 {
			b.right(x+5, y, fmt.Sprint(i.line), style{dim: true})
		}
		at := fmt.Sprintf("%x", i.pc)
		if b.w < 70 && i.in != "" {
			at = fmt.Sprintf("%6s", i.in)
		}
		x = b.text(x+6, y, at+"  ", style{dim: true})
		b.fit(x, y, b.w-x, i.text, s)
	}
}
