package testbed

import (
	"errors"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Registers are the values of a processor's registers, by number.
type Registers [faults.Registers]uint64

// RegistersOf are a processor's present registers.
func RegistersOf(m faults.Machine, cpu int) (r Registers) {
	for i := range r {
		r[i] = m.Register(cpu, faults.Register(i))
	}
	return r
}

// registersAt reads saved registers (cpu_user_regs) into the order
// in which processors number them.
func (a *Anatomy) registersAt(mem inspect.Memory, at uint64) (r Registers, cs uint64, ok bool) {
	var order = [...]faults.Register{15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7}
	for i, reg := range order {
		v, err := ReadWord(mem, at+uint64(8*i))
		if err != nil {
			return r, 0, false
		}
		r[reg] = v
	}
	var err [4]error
	r[faults.RIP], err[0] = ReadWord(mem, at+a.regsRIP)
	cs, err[1] = ReadWord(mem, at+a.regsCS)
	r[faults.RFLAGS], err[2] = ReadWord(mem, at+a.regsCS+8)
	r[4], err[3] = ReadWord(mem, at+a.regsCS+16)
	return r, cs & 0xffff, errors.Join(err[:]...) == nil
}

// GuestRegisters are the saved registers of the guest on a CPU, while the VMM
// runs there.
func (a *Anatomy) GuestRegisters(mem inspect.Memory, cpu int) (Registers, bool) {
	r, _, ok := a.registersAt(mem, a.blockOf(cpu)+a.blockRegs)
	return r, ok
}
