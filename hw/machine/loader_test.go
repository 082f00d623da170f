package machine

import (
	"encoding/binary"
	"strings"
	"testing"

	"resvirt/hw/cpu"
	"resvirt/internal/testkernel"
)

func loaderMachine(t testing.TB) *Machine {
	s := DefaultSpec()
	s.MemBytes = 8 << 20
	m, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// textAt is the string at a physical address.
func textAt(m *Machine, pa uint64) string {
	b := make([]byte, 64)
	m.ReadPhys(pa, b)
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// TestMultibootELF: a kernel linked to virtual addresses begins at the physical
// address of its entry, and its memory behind the file's bytes is zero.
func TestMultibootELF(t *testing.T) {
	m := loaderMachine(t)
	code := testkernel.Exit(5)
	const behind = testkernel.Entry + 0x100
	m.Memory().Write32(behind, 0xdead)
	if err := m.LoadMultiboot(testkernel.MultibootELF(code), "", nil); err != nil {
		t.Fatal(err)
	}
	if got := m.CPU(0).RIP; got != testkernel.Entry {
		t.Errorf("entry %#x", got)
	}
	if got := m.Memory().Read32(behind); got != 0 {
		t.Errorf("beyond the file there is %#x", got)
	}
	if s := m.Run(limit); s.Reason != Exit || s.Code != 11 {
		t.Errorf("the kernel ended with %v", s)
	}
}

// TestPVH checks what a kernel finds in memory and registers (Xen, start_info.h).
func TestPVH(t *testing.T) {
	m := loaderMachine(t)
	mods := []Module{{"initrd args", make([]byte, 5000)}, {"second", []byte("module 1")}}
	kernel := testkernel.PVH(testkernel.Exit(1))
	if !HasPVHEntry(kernel) || HasMultibootHeader(kernel) {
		t.Fatal("the kernel is taken for another kind")
	}
	if err := m.LoadPVH(kernel, "console=ttyS0", mods); err != nil {
		t.Fatal(err)
	}
	c := m.CPU(0)
	if c.RIP != testkernel.Entry || c.CR0 != cpu.CR0PE|cpu.CR0ET || c.CR4 != 0 || c.RFLAGS != 2 || c.TR.Limit != 0x67 || c.Seg[cpu.CS].Limit != 1<<32-1 {
		t.Errorf("RIP %#x, CR0 %#x, CR4 %#x, RFLAGS %#x, TR %+v", c.RIP, c.CR0, c.CR4, c.RFLAGS, c.TR)
	}
	quad := func(pa uint64) uint64 { return m.Memory().Read64(pa) }
	info := c.GPR[cpu.RBX]
	if info != 0x103000 || quad(info) != pvhVersion<<32|pvhMagic || quad(info+8) != 2<<32 {
		t.Errorf("start information at %#x: %#x, flags and modules %#x", info, quad(info), quad(info+8))
	}
	if got := textAt(m, quad(info+24)); got != "console=ttyS0" {
		t.Errorf("command line %q", got)
	}
	if got := textAt(m, quad(info+32)); !strings.HasPrefix(got, "RSD PTR ") {
		t.Errorf("root pointer %q", got)
	}
	list := quad(info + 16)
	if quad(list) != 0x104000 || quad(list+8) != 5000 || textAt(m, quad(list+16)) != "initrd args" ||
		quad(list+pvhModSize) != 0x106000 || textAt(m, quad(list+pvhModSize)) != "module 1" {
		t.Error("module list is wrong")
	}
	var ram uint64
	for i := range quad(info+48) & 0xffffffff {
		if e := quad(info+40) + i*pvhMapSize; quad(e+16) == regionRAM {
			ram += quad(e + 8)
		}
	}
	if ram != 8<<20-highMem+lowEnd {
		t.Errorf("%#x bytes of RAM in the memory map", ram)
	}
	if s := m.Run(limit); s.Reason != Exit || s.Code != 3 {
		t.Errorf("the kernel ended with %v", s)
	}
}

// TestHighRAM: RAM above 4 GiB is in the memory map, at its end.
func TestHighRAM(t *testing.T) {
	s := DefaultSpec()
	s.MemBytes = 8 << 30
	m, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	r := m.regions()
	if got := r[len(r)-1]; got != (region{4 << 30, 9 << 30, regionRAM}) || m.lowRAM() != 3<<30 {
		t.Errorf("the last region is %+v, RAM below ends at %#x", got, m.lowRAM())
	}
}

// TestLoadersRefuse: each mistake in a file is reported in one line.
func TestLoadersRefuse(t *testing.T) {
	with := func(file []byte, off int, bytes ...byte) []byte {
		file = append([]byte(nil), file...)
		copy(file[off:], bytes)
		return file
	}
	pvh, mb := testkernel.PVH(nil), testkernel.MultibootELF(nil)
	const program = 64 // offset of the first program header
	for _, row := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "no ELF", nil},
		{"class", "class 3", with(pvh, 4, 3)},
		{"byte order", "byte order 2", with(pvh, 5, 2)},
		{"machine", "machine 183", with(pvh, 18, 183)},
		{"header cut off", "cut off", pvh[:40]},
		{"program headers cut off", "beyond the end of the file", pvh[:100]},
		{"data cut off", "beyond the end of the file", pvh[:4100]},
		{"offset", "beyond the end of the file", with(pvh, program+8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		{"memory size", "smaller in memory", with(pvh, program+40, 1, 0)},
		{"huge", "does not fit", with(pvh, program+40, 0, 0, 0, 0, 0, 0, 0, 0xff)},
		{"address", "does not fit", with(pvh, program+24, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		{"no note", "no PVH entry note", with(pvh, len(pvh)-16-4, 'Y')},
		{"Multiboot machine", "machine 183", with(mb, 18, 183)},
	} {
		m := loaderMachine(t)
		err := m.LoadPVH(row.file, "", nil)
		if HasMultibootHeader(row.file) {
			err = m.LoadMultiboot(row.file, "", nil)
		}
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
	if err := loaderMachine(t).LoadPVH(pvh, "", []Module{{"big", make([]byte, 8<<20)}}); err == nil {
		t.Error("a module larger than RAM passes")
	}
}

// FuzzLoaders: no file makes a loader panic or take more memory than the machine has.
func FuzzLoaders(f *testing.F) {
	f.Add(testkernel.PVH(testkernel.Halt()))
	f.Add(testkernel.MultibootELF(testkernel.Halt()))
	f.Add(testkernel.Multiboot(testkernel.Halt()))
	f.Add(bzImage(0x20f, nil, []byte{0xf4}))
	f.Add(bzImage(0x207, nil, nil))
	short := testkernel.PVH(nil)
	binary.LittleEndian.PutUint64(short[64+2*56+32:], 13) // a note that is cut off
	f.Add(short)
	f.Fuzz(func(t *testing.T, file []byte) {
		m := loaderMachine(t)
		if HasMultibootHeader(file) {
			m.LoadMultiboot(file, "line", []Module{{"m", []byte("module")}})
		}
		m.LoadBzImage(file, "line", []Module{{"m", []byte("module")}})
		HasPVHEntry(file)
		m.LoadPVH(file, "line", []Module{{"m", []byte("module")}})
		if n := m.Memory().Dirty(); n > 8<<20>>12 {
			t.Errorf("%d pages", n)
		}
	})
}
