package machine

import (
	"encoding/binary"
	"strings"
	"testing"

	"resvirt/hw/cpu"
	"resvirt/sim"
)

// flat makes a Multiboot image at 1 MiB of 32-bit code; the code begins at 0x100020.
func flat(code ...byte) []byte {
	const base = 0x100000
	var f []byte
	for _, w := range []uint32{mbHeaderMagic, mbFlagAddr, 1<<32 - mbHeaderMagic - mbFlagAddr, base, base, 0, base + 0x2000, base + 32} {
		f = binary.LittleEndian.AppendUint32(f, w)
	}
	return append(f, code...)
}

// TestStops runs kernels of a few bytes to each way in which a machine ends.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   []byte
		reason Reason
		exit   uint32
	}{
		{"debug exit", []byte{0xb0, 21, 0xe6, 0xf4}, Exit, 43},       // mov al,21; out 0xf4,al
		{"keyboard reset", []byte{0xb0, 0xfe, 0xe6, 0x64}, Reset, 0}, // mov al,0xfe; out 0x64,al
		{"triple fault", []byte{0x0f, 0x0b}, TripleFault, 0},         // ud2 without an IDT
		{"halt for good", []byte{0xfa, 0xf4}, AllHalted, 0},          // cli; hlt
		{"halt, nobody to wake", []byte{0xfb, 0xf4}, AllHalted, 0},   // sti; hlt
		{"endless loop", []byte{0xeb, 0xfe}, ReachedPosition, 0},     // jmp $
	} {
		m := boot(t, flat(c.code...))
		s := m.Run(Until{Position: 10000})
		if s.Reason != c.reason || s.Code != c.exit {
			t.Errorf("%s: %v, want %v, code %d", c.name, s, c.reason, c.exit)
		}
	}
}

// TestDeadTimer: a processor that halted with interrupts off is not woken by a
// periodic timer, and the machine finds out.
func TestDeadTimer(t *testing.T) {
	m := boot(t, flat(
		0xbd, 0x00, 0x00, 0xe0, 0xfe, // mov ebp, 0xfee00000
		0xc7, 0x85, 0xf0, 0, 0, 0, 0xff, 1, 0, 0, // mov dword [ebp+0xf0], 0x1ff
		0xc7, 0x85, 0x20, 3, 0, 0, 0x40, 0, 2, 0, // mov dword [ebp+0x320], 0x20040
		0xc7, 0x85, 0x80, 3, 0, 0, 100, 0, 0, 0, // mov dword [ebp+0x380], 100
		0xf4)) // hlt
	if s := m.Run(Until{}); s.Reason != AllHalted {
		t.Errorf("%v", s)
	}
}

// TestTurns: two processors that only loop share time evenly.
func TestTurns(t *testing.T) {
	m := boot(t, flat(0xeb, 0xfe))
	ap := m.CPU(1)
	ap.State = m.CPU(0).State
	ap.MSR.APICBase &^= 1 << 8
	if s := m.Run(Until{Time: 100 * sim.Microsecond}); s.Reason != ReachedTime {
		t.Fatal(s)
	}
	a, b := m.CPU(0), m.CPU(1)
	if d := a.Clock - b.Clock; d > int64(m.spec.Quantum)+1000 || -d > int64(m.spec.Quantum)+1000 {
		t.Errorf("clocks are %v and %v", sim.Time(a.Clock), sim.Time(b.Clock))
	}
	if a.Retired < 190_000 || b.Retired < 190_000 {
		t.Errorf("%d and %d instructions in 100 µs", a.Retired, b.Retired)
	}
}

// TestClocksAgree: two processors compare their time-stamp counters under a
// lock, as kernels do; no reading is less than the one before.
func TestClocksAgree(t *testing.T) {
	for _, engine := range []Engine{Fast{}, Plain{}} {
		m := boot(t, flat(
			0xb8, 1, 0, 0, 0, // again: mov eax, 1
			0x87, 0x05, 0, 0x10, 0x10, 0, // xchg eax, [lock]
			0x85, 0xc0, // test eax, eax
			0x75, 0xf1, // jnz again
			0x0f, 0x31, // rdtsc
			0x3b, 0x05, 4, 0x10, 0x10, 0, // cmp eax, [last]
			0x72, 0x19, // jb wrong
			0xa3, 4, 0x10, 0x10, 0, // mov [last], eax
			0xc7, 0x05, 0, 0x10, 0x10, 0, 0, 0, 0, 0, // mov dword [lock], 0
			0x89, 0xc1, 0x83, 0xe1, 0x3f, 0x41, // mov ecx, eax; and ecx, 63; inc ecx
			0xe2, 0xfe, // loop $
			0xeb, 0xce, // jmp again
			0xb0, 1, 0xe6, 0xf4)) // wrong: mov al, 1; out 0xf4, al
		m.spec.Engine = engine
		ap := m.CPU(1)
		ap.State = m.CPU(0).State
		ap.MSR.APICBase &^= 1 << 8
		var lines uint64
		if engine.Name() == "plain" {
			m.Trace(func(TraceEntry) { lines++ })
		}
		if s := m.Run(Until{Time: sim.Millisecond}); s.Reason != ReachedTime {
			t.Errorf("%s engine: %v at %v", engine.Name(), s, m.Now())
		}
		if n := m.Position(); lines != 0 && lines-n > 2 { // of instructions that still wait
			t.Errorf("%d instructions traced, %d retired", lines, n)
		}
	}
}

func TestSpecRefuses(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"CPUs":     func(s *Spec) { s.CPUs = 0 },
		"many":     func(s *Spec) { s.CPUs = MaxCPUs + 1 },
		"RAM":      func(s *Spec) { s.MemBytes = 12345678 },
		"quantum":  func(s *Spec) { s.Quantum = 2 * sim.Microsecond },
		"latency":  func(s *Spec) { s.Models.IPILatency = s.Quantum - 1 },
		"no costs": func(s *Spec) { s.Models.Cost[0] = 0 },
	} {
		s := DefaultSpec()
		change(&s)
		if _, err := New(s); err == nil {
			t.Errorf("%s: a bad specification passes", name)
		}
	}
}

// TestMultiboot checks what a kernel finds in memory and registers.
func TestMultiboot(t *testing.T) {
	m, err := New(DefaultSpec())
	if err != nil {
		t.Fatal(err)
	}
	mods := []Module{{"first one", []byte("module 0")}, {"second", make([]byte, 5000)}}
	if err := m.LoadMultiboot(flat(0xf4), "kernel args", mods); err != nil {
		t.Fatal(err)
	}
	c := m.CPU(0)
	word := func(pa uint64) uint64 { return uint64(m.Memory().Read32(pa)) }
	text := func(pa uint64) string {
		b := make([]byte, 64)
		m.ReadPhys(pa, b)
		s, _, _ := strings.Cut(string(b), "\x00")
		return s
	}
	if c.GPR[cpu.RAX] != mbBootMagic || c.RIP != 0x100020 || c.RFLAGS&cpu.FlagIF != 0 {
		t.Errorf("EAX %#x, EIP %#x, EFLAGS %#x", c.GPR[cpu.RAX], c.RIP, c.RFLAGS)
	}
	info := c.GPR[cpu.RBX]
	if info != 0x105000 { // kernel to 102000, modules at 102000 and 103000
		t.Errorf("boot information at %#x", info)
	}
	if word(info) != 0x24d || word(info+4) != 639 || word(info+8) != 63<<10 || text(word(info+16)) != "kernel args" || text(word(info+64)) != loaderName {
		t.Errorf("flags %#x, memory %d and %d", word(info), word(info+4), word(info+8))
	}
	list := word(info + 24)
	if word(info+20) != 2 || word(list) != 0x102000 || word(list+4) != 0x102008 || text(word(list+8)) != "first one" ||
		word(list+16) != 0x103000 || word(list+20) != 0x103000+5000 || text(word(list+24)) != "second" || text(0x102000) != "module 0" {
		t.Error("module list is wrong")
	}
	var ram uint64
	for p, n := word(info+48), word(info+44); n > 0; {
		if word(p+20) == regionRAM {
			ram += word(p + 12)
		}
		step := word(p) + 4
		p, n = p+step, n-step
	}
	if ram != 64<<20-highMem+lowEnd {
		t.Errorf("%#x bytes of RAM in the memory map", ram)
	}
}

func TestMultibootRefuses(t *testing.T) {
	m, _ := New(DefaultSpec())
	unknown := flat(0xf4)
	binary.LittleEndian.PutUint32(unknown[4:], mbFlagAddr|8)
	binary.LittleEndian.PutUint32(unknown[8:], 1<<32-mbHeaderMagic-mbFlagAddr-8)
	huge := flat(0xf4)
	binary.LittleEndian.PutUint32(huge[24:], 0x7000_0000)
	elf := make([]byte, 100)
	binary.LittleEndian.PutUint32(elf, mbHeaderMagic)
	binary.LittleEndian.PutUint32(elf[8:], 1<<32-mbHeaderMagic)
	for name, file := range map[string][]byte{
		"empty": nil, "no header": make([]byte, 10000), "unknown flag": unknown, "too big": huge, "no ELF": elf, "cut off": flat()[:20],
	} {
		if err := m.LoadMultiboot(file, "", nil); err == nil || !strings.HasPrefix(err.Error(), "machine: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
