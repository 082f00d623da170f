package experiments

import (
	"encoding/binary"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// chainLimit bounds a call chain: a damaged stack may be a circle.
const chainLimit = 32

// readWord reads 8 bytes.
func readWord(mem inspect.Memory, at uint64) (uint64, error) {
	var b [8]byte
	err := mem(at, b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

// frame is a function under way: where it is, and its frame pointer.
type frame struct {
	place faults.Place
	bp    uint64
	regs  *Registers // of a function that was interrupted, else nil
}

// chain follows the frame pointers from registers, innermost first, across
// interrupts and exceptions that the VMM took while it ran. mem must read what
// the processor sees.
func (a *anatomy) chain(mem inspect.Memory, r Registers) []frame {
	var list []frame
	for _, f := range a.frames(mem, r) {
		for _, p := range a.expand(f.place) {
			list = append(list, frame{p, f.bp, f.regs})
		}
	}
	return list
}

// expand lists the functions that the compiler put into each other at a place,
// innermost first.
func (a *anatomy) expand(p faults.Place) []faults.Place {
	calls := a.view.Calls(p.PC)
	if len(calls) == 0 {
		return []faults.Place{p}
	}
	var list []faults.Place
	for _, c := range calls {
		list = append(list, faults.Place{PC: p.PC, Function: c.Function, Offset: p.Offset, File: c.File, Line: c.Line})
	}
	return list
}

// site is where a check failed, or what an exception interrupted: the first
// function that is not the check itself. Checks tell their return address.
func (a *anatomy) site(d *faults.Detection) faults.Place {
	p := d.Place
	if checked(d.What) && p.PC != 0 {
		p = a.target.Locate(p.PC - 1)
	}
	list := a.expand(p)
	for _, p := range list {
		if p.Function != "main.assert" {
			return p
		}
	}
	return list[0]
}

// frames are the functions that exist, as the stack has them.
func (a *anatomy) frames(mem inspect.Memory, r Registers) []frame {
	list := a.innermost(mem, r, nil)
	for len(list) < chainLimit {
		last := &list[len(list)-1]
		bp := last.bp
		if bp == 0 || bp%8 != 0 {
			break
		}
		next, err1 := readWord(mem, bp)
		ret, err2 := readWord(mem, bp+8)
		p := a.target.Locate(ret - 1)
		if err1 != nil || err2 != nil || p.Function == "" {
			break
		}
		if strings.HasPrefix(p.Function, "main.trapEntry") {
			// The frame of the exception lies above the return address.
			at, err := readWord(mem, bp+16)
			regs, cs, ok := a.registersAt(mem, at)
			list = append(list, frame{place: p})
			if err != nil || !ok || cs&3 != 0 {
				break
			}
			list = append(list, a.innermost(mem, regs, &regs)...)
			continue
		}
		list = append(list, frame{p, next, nil})
		if next != 0 && next <= bp {
			break // stacks grow down
		}
	}
	return list
}

// innermost is the function that registers belong to and, if it has no frame
// of its own yet, its caller.
func (a *anatomy) innermost(mem inspect.Memory, r Registers, regs *Registers) []frame {
	p := a.target.Locate(r[faults.RIP])
	list := []frame{{p, r[5], regs}}
	frameless := p.Function == "" || p.Offset < 2 || strings.HasSuffix(p.File, ".s")
	if !frameless {
		return list
	}
	if ret, err := readWord(mem, r[4]); err == nil {
		if q := a.target.Locate(ret - 1); q.Function != "" && q.Function != p.Function {
			list = append(list, frame{q, r[5], nil})
		}
	}
	return list
}

// virtual reads memory as one processor sees it, the VMM's as it is.
func (a *anatomy) virtual(m faults.Machine, cpu int) inspect.Memory {
	vmm := a.memory(m)
	return func(va uint64, buf []byte) error {
		if va >= a.vmm.Base {
			return vmm(va, buf)
		}
		return m.ReadVirt(cpu, va, buf)
	}
}

// chainOf is what a processor is doing.
func (a *anatomy) chainOf(m faults.Machine, cpu int) []frame {
	return a.chain(a.virtual(m, cpu), registers(m, cpu))
}
