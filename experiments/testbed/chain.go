package testbed

import (
	"encoding/binary"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// chainLimit bounds the length of a call chain: in a damaged stack it may be a
// circle.
const chainLimit = 32

// ReadWord reads 8 bytes.
func ReadWord(mem inspect.Memory, at uint64) (uint64, error) {
	var b [8]byte
	err := mem(at, b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

// StackFrame is a function that has not returned yet: where it executes, and
// its frame pointer.
type StackFrame struct {
	Place faults.Place
	BP    uint64
	Regs  *Registers // of a function that was interrupted, else nil
}

// chain follows the frame pointers from registers, innermost first, across
// interrupts and exceptions that the VMM took while it ran. mem must read what
// the processor sees.
func (a *Anatomy) chain(mem inspect.Memory, r Registers) []StackFrame {
	var list []StackFrame
	for _, f := range a.stackFrames(mem, r) {
		for _, p := range a.expand(f.Place) {
			list = append(list, StackFrame{p, f.BP, f.Regs})
		}
	}
	return list
}

// expand lists the functions that the compiler has expanded inline at a place,
// innermost first.
func (a *Anatomy) expand(p faults.Place) []faults.Place {
	var list []faults.Place
	for _, c := range a.Target.Symbols.Calls(p.PC) {
		list = append(list, faults.Place{PC: p.PC, Function: c.Function, Offset: p.Offset, File: c.File, Line: c.Line})
	}
	if len(list) == 0 {
		return []faults.Place{p}
	}
	return list
}

// Site is the place where a check failed, or which an exception interrupted, with the
// function to which its line belongs.
func (a *Anatomy) Site(d *faults.Detection) faults.Place {
	p := a.Target.Site(faults.Cause{PC: d.Place.PC, Check: ParseFound(d.What).Check()})
	p.Function, p.Inlined = p.Source(), ""
	return p
}

// stackFrames are the functions under way that have a stack frame, innermost first.
func (a *Anatomy) stackFrames(mem inspect.Memory, r Registers) []StackFrame {
	list := a.innermost(mem, r, nil)
	for len(list) < chainLimit {
		last := &list[len(list)-1]
		bp := last.BP
		if bp == 0 || bp%8 != 0 {
			break
		}
		next, err1 := ReadWord(mem, bp)
		ret, err2 := ReadWord(mem, bp+8)
		p := a.Target.Locate(ret - 1)
		if err1 != nil || err2 != nil || p.Function == "" {
			break
		}
		if strings.HasPrefix(p.Function, "main.trapEntry") {
			// The registers that the exception saved lie above the return address.
			at, err := ReadWord(mem, bp+16)
			regs, cs, ok := a.registersAt(mem, at)
			list = append(list, StackFrame{Place: p})
			if err != nil || !ok || cs&3 != 0 {
				break
			}
			list = append(list, a.innermost(mem, regs, &regs)...)
			continue
		}
		list = append(list, StackFrame{p, next, nil})
		if next != 0 && next <= bp {
			break // stacks grow down
		}
	}
	return list
}

// innermost is the function to which registers belong and, if it has no stack
// frame yet, its caller.
func (a *Anatomy) innermost(mem inspect.Memory, r Registers, regs *Registers) []StackFrame {
	p := a.Target.Locate(r[faults.RIP])
	list := []StackFrame{{p, r[5], regs}}
	frameless := p.Function == "" || p.Offset < 2 || strings.HasSuffix(p.File, ".s")
	if !frameless {
		return list
	}
	if ret, err := ReadWord(mem, r[4]); err == nil {
		if q := a.Target.Locate(ret - 1); q.Function != "" && q.Function != p.Function {
			list = append(list, StackFrame{q, r[5], nil})
		}
	}
	return list
}

// Virtual reads memory as one processor sees it, the VMM's as it is.
func (a *Anatomy) Virtual(m faults.Machine, cpu int) inspect.Memory {
	vmm := a.Memory(m)
	return func(va uint64, buf []byte) error {
		if va >= a.vmm.Base {
			return vmm(va, buf)
		}
		return m.ReadVirt(cpu, va, buf)
	}
}

// ChainOf is what a processor is doing.
func (a *Anatomy) ChainOf(m faults.Machine, cpu int) []StackFrame {
	return a.chain(a.Virtual(m, cpu), RegistersOf(m, cpu))
}
