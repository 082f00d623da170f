package machine

import (
	"encoding/binary"
	"hash/fnv"
	"runtime"
	"testing"
	"time"

	"resvirt/hw/cpu"
	"resvirt/hw/mem"
	"resvirt/sim"
)

// Bits of the first byte of a fuzzed kernel; the rest is its code.
const (
	fuzzMode  = 3 // real, protected, 64-bit, compatibility mode
	fuzzTwo   = 1 << 2
	fuzzUser  = 1 << 3
	fuzzIF    = 1 << 4
	fuzzTrap  = 1 << 5
	fuzzCheck = 1 << 6 // alignment
)

// fuzzEnd bounds a fuzzed run in instructions and in virtual time.
var fuzzEnd = Until{Position: 4000, Time: 300 * sim.Microsecond}

// FuzzMachine starts random bytes as a kernel. The host neither panics nor
// hangs nor holds more memory than the machine has; both engines, and a machine
// restored from a snapshot on the way, come to the same end.
func FuzzMachine(f *testing.F) {
	for _, kernel := range testKernels {
		image := kernel.image()
		for at := 32; at < len(image); at += 700 {
			for mode := range byte(4) {
				f.Add(append([]byte{mode | fuzzIF | byte(at)&fuzzTwo}, image[at:min(len(image), at+1000)]...))
			}
		}
	}
	for _, code := range fuzzKinds {
		for flags := range byte(4) {
			f.Add(append([]byte{flags | fuzzIF}, code...))
			f.Add(append([]byte{flags | fuzzTrap}, code...))
		}
	}
	bases := map[int]*Snapshot{1: fuzzBase(1), 2: fuzzBase(2)}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 || len(data) > 4096 {
			return
		}
		defer time.AfterFunc(time.Minute, func() { panic("BUG: machine: a bounded run does not end") }).Stop()
		fuzzOne(t, bases, data)
	})
}

// fuzzKinds is code of kinds that random bytes seldom make.
var fuzzKinds = [][]byte{
	// wrmsr of STAR; rcx, r11 with TF; sysretq
	{0xb9, 0x81, 0, 0, 0xc0, 0x31, 0xc0, 0xba, 8, 0, 0x1b, 0, 0x0f, 0x30, 0xb9, 0x40, 0, 1, 0, 0x41, 0xbb, 2, 3, 0, 0, 0x48, 0x0f, 0x07},
	{0x68, 2, 3, 0, 0, 0x9d, 0x90, 0x9c, 0x58},                                              // flags with TF by POPF
	{0x6a, 0x10, 0x17, 0x50, 0xc8, 8, 0, 3, 0xc9, 0x66, 0xc8, 4, 0, 33, 0x66, 0xc9},         // pop ss; enter, leave
	{0x6a, 0x18, 0x68, 0x40, 0, 1, 0, 0x66, 0x48, 0xff, 0x1c, 0x24, 0x48, 0xff, 0x1c, 0x24}, // far calls behind 66 and REX.W
	// fldcw that masks nothing; a denormal; fnstenv, fxsave, fxrstor
	{0x6a, 0, 0xd9, 0x2c, 0x24, 0xc7, 0x04, 0x24, 1, 0, 0, 0, 0xd9, 0x04, 0x24, 0xd9, 0x36, 0xdd, 0x36, 0x0f, 0xae, 0x07, 0x0f, 0xae, 0x0f, 0x9b},
}

func fuzzOne(t *testing.T, bases map[int]*Snapshot, data []byte) {
	cpus := 1 + int(data[0]&fuzzTwo)/fuzzTwo
	plain, fast := NewFrom(bases[cpus]), NewFrom(bases[cpus])
	plain.spec.Engine, fast.spec.Engine = Plain{}, Fast{}
	fuzzLoad(plain, data)
	fuzzLoad(fast, data)
	h := fnv.New64a()
	h.Write(data)
	cut := h.Sum64()
	var fork *Machine
	counted := len(data)%2 == 0 // half of the time, because counting takes another path through the blocks
	if counted {
		plain.CountClasses()
		fast.CountClasses()
	}
	for u := (Until{}); ; {
		u = Until{Position: min(u.Position+1+cut%1500, fuzzEnd.Position), Time: fuzzEnd.Time}
		cut /= 7
		a, b := plain.Run(u), fast.Run(u)
		sameFuzz(t, "fast engine", plain, fast, a, b)
		if fork != nil {
			sameFuzz(t, "restored machine", plain, fork, a, fork.Run(u))
		}
		if a.Reason != ReachedPosition || plain.Position() >= fuzzEnd.Position {
			break
		}
		if fork == nil {
			fork = NewFrom(plain.Snapshot())
			fork.spec.Engine = Fast{}
		}
	}
	if a, b := plain.Classes(), fast.Classes(); a != b || counted != (a != Classes{}) {
		t.Fatalf("counted by class: %v, by blocks: %v", a, b)
	}
	if n := plain.mem.Dirty(); uint64(n) > plain.spec.MemBytes/mem.PageSize {
		t.Fatalf("%d pages of RAM are held", n)
	}
	if n := len(plain.state.Debug) + len(plain.Serial()); n > 1<<20 {
		t.Fatalf("%d bytes of output", n)
	}
	runtime.KeepAlive(fork)
}

func sameFuzz(t *testing.T, name string, a, b *Machine, stopA, stopB Stop) {
	t.Helper()
	if stopA == stopB && a.Position() == b.Position() && a.Now() == b.Now() && a.Digest() == b.Digest() {
		return
	}
	t.Errorf("%s: %v at position %d, %v; plain: %v at %d, %v", name, stopB, b.Position(), b.Now(), stopA, a.Position(), a.Now())
	for i := range a.cpus {
		x, y := a.cpus[i].State, b.cpus[i].State
		tlbs := x.TLB == y.TLB
		x.TLB, y.TLB = cpu.TLB{}, cpu.TLB{}
		if x != y || !tlbs {
			t.Errorf("CPU %d, TLBs equal: %v\n%+v\n%+v", i, tlbs, x, y)
		}
	}
	t.Fatalf("memory equal: %v", a.mem.Digest() == b.mem.Digest())
}

// Addresses in fuzzed kernels. Their page tables map all RAM and the APIC.
const (
	fuzzPML4, fuzzPDPT, fuzzPD, fuzzPD3  = 0x1000, 0x2000, 0x3000, 0x4000
	fuzzGDT, fuzzIDT32, fuzzIDT, fuzzTSS = 0x5000, 0x5800, 0x6000, 0x7000
	fuzzHandlers                         = 0x8000 // 16, 32, 64 bits: 32 bytes each
	fuzzCode, fuzzData, fuzzStack        = 0x10000, 0x20000, 0x30000
	fuzzRAM                              = 4 << 20
)

// fuzzBase is a machine with tables and handlers: an exception skips a byte.
func fuzzBase(cpus int) *Snapshot {
	spec := DefaultSpec()
	spec.CPUs, spec.MemBytes = cpus, fuzzRAM
	m, err := New(spec)
	if err != nil {
		panic(err)
	}
	r := m.mem
	r.Write64(fuzzPML4, fuzzPDPT|7)
	r.Write64(fuzzPDPT, fuzzPD|7)
	r.Write64(fuzzPDPT+3*8, fuzzPD3|7)
	r.Write64(fuzzPD3+0x1f7*8, 0xfee00000|0x93)
	for p := uint64(0); p < fuzzRAM; p += 2 << 20 {
		r.Write64(fuzzPD+p>>21*8, p|0x87)
	}
	for i, d := range []uint64{0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff, 0x00cff3000000ffff,
		0x00affb000000ffff, 0x00cffb000000ffff, 0x00008b0070000067, 0} {
		r.Write64(fuzzGDT+8*uint64(i), d)
	}
	r.Write32(fuzzTSS+4, fuzzStack+0x2000) // stacks of level 0
	r.Write32(fuzzTSS+8, 0x10)
	for v := uint64(0); v < 256; v++ {
		fuzzGate(r, v)
	}
	return m.Snapshot()
}

// fuzzGate writes a vector's handlers and how the three modes find them.
func fuzzGate(r *mem.Memory, v uint64) {
	var code [3][]byte
	if v == 8 || v >= 10 && v <= 14 || v == 17 { // an error code
		code[1], code[2] = []byte{0x83, 0xc4, 4}, []byte{0x48, 0x83, 0xc4, 8}
	}
	if v < 32 { // the next byte
		code[0] = []byte{0x55, 0x89, 0xe5, 0xff, 0x46, 2, 0x5d}
		code[1] = append(code[1], 0xff, 0x04, 0x24)
		code[2] = append(code[2], 0x48, 0xff, 0x04, 0x24)
	}
	code[0], code[1], code[2] = append(code[0], 0xcf), append(code[1], 0xcf), append(code[2], 0x48, 0xcf)
	at := fuzzHandlers + 32*v
	for k, c := range code {
		r.WriteBytes(at+uint64(k)*0x2000, c)
	}
	r.Write32(4*v, uint32(at>>4<<16))
	at += 0x2000
	r.Write64(fuzzIDT32+8*v, at&0xffff|8<<16|0xee00<<32|at>>16<<48)
	at += 0x2000
	r.Write64(fuzzIDT+16*v, at&0xffff|0x18<<16|0xee00<<32|at>>16<<48)
}

// fuzzLoad puts code into a machine and starts its processors there.
func fuzzLoad(m *Machine, data []byte) {
	m.mem.WriteBytes(fuzzCode, data[1:])
	for i, c := range m.cpus {
		c.Reset()
		c.MSR.APICBase = m.cpus[0].MSR.APICBase &^ (uint64(min(i, 1)) << 8)
		for k := range c.GPR {
			c.GPR[k] = fuzzData + uint64(k)*0x404
		}
		c.GPR[cpu.RCX], c.GPR[cpu.RBP] = 5, 0xfee00000
		c.GPR[cpu.RSP] = fuzzStack + uint64(i)*0x800
		fuzzSegments(c, data[0])
		c.Resync()
	}
	var words [0x400]byte
	for k := 0; k < len(words); k += 8 {
		binary.LittleEndian.PutUint64(words[k:], fuzzCode+uint64(k)*0x10001)
	}
	m.mem.WriteBytes(fuzzData, words[:])
}

// fuzzSegments brings a processor into the mode that flags say.
func fuzzSegments(c *cpu.CPU, flags byte) {
	c.RFLAGS = 2
	for bit, flag := range map[byte]uint64{fuzzIF: cpu.FlagIF, fuzzTrap: cpu.FlagTF, fuzzCheck: cpu.FlagAC} {
		if flags&bit != 0 {
			c.RFLAGS |= flag
		}
	}
	c.GDTR = cpu.Table{Base: fuzzGDT, Limit: 0x47}
	mode := flags & fuzzMode
	if mode == 0 {
		c.Seg[cpu.CS] = cpu.Segment{Sel: fuzzCode >> 4, Base: fuzzCode, Attr: 0x9b, Limit: 0xffff}
		c.Seg[cpu.DS] = cpu.Segment{Sel: fuzzData >> 4, Base: fuzzData, Attr: 0x93, Limit: 0xffff}
		c.RIP = 0
		c.IDTR = cpu.Table{Limit: 0x3ff}
		return
	}
	dpl := uint16(0)
	if flags&fuzzUser != 0 {
		dpl, c.CPL = 0x60, 3
	}
	for i := range c.Seg {
		c.Seg[i] = cpu.Segment{Sel: []uint16{0x10, 0x23}[dpl/0x60], Attr: 0xc93 | dpl, Limit: 0xffffffff}
	}
	code := cpu.Segment{Sel: []uint16{0x08, 0x33}[dpl/0x60], Attr: 0xc9b | dpl, Limit: 0xffffffff}
	c.TR = cpu.Segment{Sel: 0x38, Base: fuzzTSS, Attr: 0x8b, Limit: 0x67}
	c.RIP = fuzzCode
	c.CR0 = cpu.CR0PE | cpu.CR0ET | cpu.CR0NE | cpu.CR0AM
	c.IDTR = cpu.Table{Base: fuzzIDT32, Limit: 0x7ff}
	if mode >= 2 {
		c.CR0 |= cpu.CR0PG | cpu.CR0WP
		c.CR3, c.CR4 = fuzzPML4, cpu.CR4PAE|cpu.CR4PGE|cpu.CR4OSFXSR|cpu.CR4OSXMMEXCPT
		c.MSR.EFER = cpu.EFERLME | cpu.EFERLMA | cpu.EFERSCE | cpu.EFERNXE
		c.IDTR = cpu.Table{Base: fuzzIDT, Limit: 0xfff}
	}
	if mode == 2 {
		code.Sel, code.Attr = []uint16{0x18, 0x2b}[dpl/0x60], 0xa9b|dpl
	}
	c.Seg[cpu.CS] = code
}
