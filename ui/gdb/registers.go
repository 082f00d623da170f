package gdb

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"resvirt/hw/cpu"
)

// register is a register as gdb numbers them, in the order of the description.
type register struct {
	name    string
	size    int // bytes
	kind    string
	feature string
	get     func(*cpu.State) []byte
	set     func(*cpu.State, []byte) // nil: it is shown and cannot be set
}

// The features to which registers belong: gdb knows the first three by name.
const (
	core     = "org.gnu.gdb.i386.core"
	sse      = "org.gnu.gdb.i386.sse"
	segments = "org.gnu.gdb.i386.segments"
	system   = "resvirt.x86.system"
)

// word is a register of up to eight bytes.
func word(name, kind, feature string, size int, at func(*cpu.State) *uint64) register {
	return register{name, size, kind, feature,
		func(s *cpu.State) []byte { return bytesOf(*at(s), size) },
		func(s *cpu.State, b []byte) { *at(s) = fromLittle(b) }}
}

// shown is a register that is computed.
func shown(name, kind, feature string, size int, value func(*cpu.State) uint64) register {
	return register{name, size, kind, feature, func(s *cpu.State) []byte { return bytesOf(value(s), size) }, nil}
}

func bytesOf(v uint64, size int) []byte {
	b, _ := fromHex(little(v, size))
	return b
}

// table lists all registers.
var table = sync.OnceValue(allRegisters)

func allRegisters() []register {
	// gdb's order of the general registers is not that of their numbers in instructions.
	general := []struct {
		name   string
		number int
	}{{"rax", cpu.RAX}, {"rbx", cpu.RBX}, {"rcx", cpu.RCX}, {"rdx", cpu.RDX}, {"rsi", cpu.RSI}, {"rdi", cpu.RDI}, {"rbp", cpu.RBP}, {"rsp", cpu.RSP},
		{"r8", 8}, {"r9", 9}, {"r10", 10}, {"r11", 11}, {"r12", 12}, {"r13", 13}, {"r14", 14}, {"r15", 15}}
	var list []register
	for _, g := range general {
		kind := "int64"
		if g.name == "rbp" || g.name == "rsp" {
			kind = "data_ptr"
		}
		list = append(list, word(g.name, kind, core, 8, func(s *cpu.State) *uint64 { return &s.GPR[g.number] }))
	}
	list = append(list, word("rip", "code_ptr", core, 8, func(s *cpu.State) *uint64 { return &s.RIP }),
		word("eflags", "i386_eflags", core, 4, func(s *cpu.State) *uint64 { return &s.RFLAGS }))
	for _, seg := range []struct {
		name   string
		number int
	}{{"cs", cpu.CS}, {"ss", cpu.SS}, {"ds", cpu.DS}, {"es", cpu.ES}, {"fs", cpu.FS}, {"gs", cpu.GS}} {
		list = append(list, shown(seg.name, "int32", core, 4, func(s *cpu.State) uint64 { return uint64(s.Seg[seg.number].Sel) }))
	}
	list = append(list, x87()...)
	list = append(list, vectors()...)
	list = append(list, word("fs_base", "int64", segments, 8, func(s *cpu.State) *uint64 { return &s.Seg[cpu.FS].Base }),
		word("gs_base", "int64", segments, 8, func(s *cpu.State) *uint64 { return &s.Seg[cpu.GS].Base }))
	return append(list, control()...)
}

// x87 lists the registers of the floating-point unit. Those of its stack are numbered from
// its top.
func x87() (list []register) {
	for i := range 8 {
		at := func(s *cpu.State) *cpu.Float80 { return &s.FPU.ST[(i+int(s.FPU.FSW>>11))&7] }
		list = append(list, register{fmt.Sprintf("st%d", i), 10, "i387_ext", core,
			func(s *cpu.State) []byte {
				return append(bytesOf(at(s).Mant, 8), bytesOf(uint64(at(s).Exp), 2)...)
			},
			func(s *cpu.State, b []byte) {
				at(s).Mant, at(s).Exp = fromLittle(b[:8]), uint16(fromLittle(b[8:]))
			}})
	}
	for _, r := range []struct {
		name  string
		value func(*cpu.FPU) uint64
	}{{"fctrl", func(f *cpu.FPU) uint64 { return uint64(f.FCW) }}, {"fstat", func(f *cpu.FPU) uint64 { return uint64(f.FSW) }},
		{"ftag", fullTags}, {"fiseg", func(f *cpu.FPU) uint64 { return uint64(f.FCS) }}, {"fioff", func(f *cpu.FPU) uint64 { return f.FIP }},
		{"foseg", func(f *cpu.FPU) uint64 { return uint64(f.FDS) }}, {"fooff", func(f *cpu.FPU) uint64 { return f.FDP }},
		{"fop", func(f *cpu.FPU) uint64 { return uint64(f.FOP) }}} {
		list = append(list, shown(r.name, "int", core, 4, func(s *cpu.State) uint64 { return r.value(&s.FPU) }))
	}
	return list
}

// fullTags are two bits for each physical register, of which only "empty" (3) is told
// apart from the others here.
func fullTags(f *cpu.FPU) (v uint64) {
	for i := range 8 {
		if f.FTW>>i&1 == 0 {
			v |= 3 << (2 * i)
		}
	}
	return v
}

func vectors() (list []register) {
	for i := range 16 {
		list = append(list, register{fmt.Sprintf("xmm%d", i), 16, "vec128", sse,
			func(s *cpu.State) []byte { return append(bytesOf(s.FPU.XMM[i][0], 8), bytesOf(s.FPU.XMM[i][1], 8)...) },
			func(s *cpu.State, b []byte) { s.FPU.XMM[i] = [2]uint64{fromLittle(b[:8]), fromLittle(b[8:])} }})
	}
	return append(list, register{"mxcsr", 4, "i386_mxcsr", sse,
		func(s *cpu.State) []byte { return bytesOf(uint64(s.FPU.MXCSR), 4) },
		func(s *cpu.State, b []byte) { s.FPU.MXCSR = uint32(fromLittle(b)) }})
}

// control lists the registers of systems. To set them here would leave out what the
// processor does when an instruction sets them.
func control() []register {
	show := func(name, kind string, value func(*cpu.State) uint64) register {
		return shown(name, kind, system, 8, value)
	}
	return []register{
		show("cr0", "cr0", func(s *cpu.State) uint64 { return s.CR0 }),
		show("cr2", "data_ptr", func(s *cpu.State) uint64 { return s.CR2 }),
		show("cr3", "int64", func(s *cpu.State) uint64 { return s.CR3 }),
		show("cr4", "cr4", func(s *cpu.State) uint64 { return s.CR4 }),
		show("efer", "efer", func(s *cpu.State) uint64 { return s.MSR.EFER }),
		show("k_gs_base", "int64", func(s *cpu.State) uint64 { return s.MSR.KernelGSBase }),
		show("gdt_base", "data_ptr", func(s *cpu.State) uint64 { return s.GDTR.Base }),
		show("idt_base", "data_ptr", func(s *cpu.State) uint64 { return s.IDTR.Base }),
		show("level", "int64", func(s *cpu.State) uint64 { return uint64(s.CPL) }),
		show("retired", "int64", func(s *cpu.State) uint64 { return s.Retired }),
	}
}

var (
	errRegister = errors.New("there is no such register")
	errShown    = errors.New("this register is only shown")
)

func (s *session) state() *cpu.State { return &s.t.Machine().CPU(s.general).State }

// registers answers g: all, one behind the other.
func (s *session) registers() string {
	var out strings.Builder
	for _, r := range table() {
		fmt.Fprintf(&out, "%x", r.get(s.state()))
	}
	return out.String()
}

// register answers p: NUMBER.
func (s *session) register(p string) string {
	list := table()
	n, ok := number(p)
	if !ok || n >= uint64(len(list)) {
		return s.fail("01", errRegister)
	}
	return fmt.Sprintf("%x", list[n].get(s.state()))
}

// setRegister answers P: NUMBER=CONTENT.
func (s *session) setRegister(p string) string {
	which, content, _ := strings.Cut(p, "=")
	list := table()
	n, ok := number(which)
	if !ok || n >= uint64(len(list)) {
		return s.fail("01", errRegister)
	}
	r := &list[n]
	b, ok := fromHex(content)
	switch err := s.t.Frozen(); {
	case !ok || len(b) != r.size:
		return s.bad()
	case err != nil:
		return refuse(err)
	case r.set == nil:
		return refuse(fmt.Errorf("%s: %w", r.name, errShown))
	}
	s.change(func(c *cpu.State) { r.set(c, b) })
	return "OK"
}

// setRegisters answers G: all registers. Those that are only shown must not differ.
func (s *session) setRegisters(p string) string {
	b, ok := fromHex(p)
	if !ok || 2*len(b) != len(s.registers()) {
		return s.bad()
	}
	if err := s.t.Frozen(); err != nil {
		return refuse(err)
	}
	now := *s.state()
	for _, r := range table() {
		piece := b[:r.size]
		b = b[r.size:]
		switch {
		case r.set != nil:
			r.set(&now, piece)
		case string(piece) != string(r.get(s.state())):
			return refuse(fmt.Errorf("%s: %w", r.name, errShown))
		}
	}
	s.change(func(c *cpu.State) { *c = now })
	return "OK"
}

// change changes a processor between two moves.
func (s *session) change(f func(*cpu.State)) {
	c := s.t.Machine().CPU(s.general)
	f(&c.State)
	c.RFLAGS |= 2 // is always one
	c.Resync()
}
