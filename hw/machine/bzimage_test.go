package machine

import (
	"encoding/binary"
	"strings"
	"testing"

	"resvirt/hw/cpu"
)

// bzImage is a kernel of the Linux boot protocol: a sector of boot code, one of
// set-up code, then code for protected mode.
func bzImage(version uint16, setup, code []byte) []byte {
	b := make([]byte, 1024)
	b[bzSetupSectors] = 1
	binary.LittleEndian.PutUint16(b[bzBootFlag:], 0xaa55)
	copy(b[0x200:], []byte{0xeb, 0x66})
	copy(b[bzMagic:], "HdrS")
	binary.LittleEndian.PutUint16(b[bzVersion:], version)
	b[bzLoadFlags] = bzLoadedHigh
	binary.LittleEndian.PutUint32(b[bzInitrdMax:], 0xbfffff)
	binary.LittleEndian.PutUint32(b[bzCmdlineSize:], 20)
	copy(b[0x268:], setup)
	return append(b, code...)
}

func bzMachine(t *testing.T) *Machine {
	t.Helper()
	spec := DefaultSpec()
	spec.CPUs, spec.MemBytes = 1, 16<<20
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// word reads 32 bits of memory.
func (m *Machine) word(pa uint64) uint32 {
	var b [4]byte
	m.mem.ReadBytes(pa, b[:])
	return binary.LittleEndian.Uint32(b[:])
}

// TestBzImage: what boot.rst and zero-page.rst promise to a kernel that is entered
// in 32-bit mode.
func TestBzImage(t *testing.T) {
	m := bzMachine(t)
	mods := []Module{{Data: []byte("abcde")}, {Data: []byte("fg")}}
	if err := m.LoadBzImage(bzImage(0x20f, nil, []byte{0xf4}), "console=ttyS0", mods); err != nil {
		t.Fatal(err)
	}
	c := m.CPU(0)
	if c.RIP != 0x100000 || c.GPR[cpu.RSI] != bzReal || c.GPR[cpu.RBP]|c.GPR[cpu.RDI]|c.GPR[cpu.RBX] != 0 ||
		c.Seg[cpu.CS].Sel != 0x10 || c.Seg[cpu.DS].Sel != 0x18 || c.Seg[cpu.SS].Sel != 0x18 || c.CR0 != 0x11 || c.RFLAGS != 2 {
		t.Errorf("the processor is in the wrong state: %+v", c.State.Seg)
	}
	if limit := c.GDTR.Limit; limit < 0x1f || m.word(c.GDTR.Base+0x14) != 0x00cf9b00 || m.word(c.GDTR.Base+0x1c) != 0x00cf9300 {
		t.Errorf("the descriptor table at %#x, limit %#x, is wrong", c.GDTR.Base, limit)
	}
	var line [14]byte
	m.mem.ReadBytes(uint64(m.word(bzReal+bzCmdline)), line[:])
	if string(line[:]) != "console=ttyS0\x00" {
		t.Errorf("command line %q", line)
	}
	at, size := m.word(bzReal+bzInitrd), m.word(bzReal+bzInitrd+4)
	var disk [10]byte
	m.mem.ReadBytes(uint64(at), disk[:])
	if string(disk[:]) != "abcde\x00\x00\x00fg" || size != 10 || at != 0xbff000 {
		t.Errorf("initial RAM disk of %d bytes at %#x: %q", size, at, disk)
	}
	if n := m.word(bzReal+zeroE820) & 0xff; n != uint32(len(m.regions())) || m.word(bzReal+zeroE820Map+8) != lowEnd || m.word(bzReal+zeroRSDP) != biosROM {
		t.Errorf("memory map of %d regions, the first of %#x bytes; RSDP %#x", n, m.word(bzReal+zeroE820Map+8), m.word(bzReal+zeroRSDP))
	}
}

// TestBzImageReal: an older protocol begins with the set-up code, in real mode.
func TestBzImageReal(t *testing.T) {
	m := bzMachine(t)
	// mov al, 'r'; out 0xe9, al; mov ax, ds; out 0xf4, eax
	setup := []byte{0xb0, 'r', 0xe6, 0xe9, 0x66, 0x31, 0xc0, 0x8c, 0xd8, 0x66, 0xe7, 0xf4}
	if err := m.LoadBzImage(bzImage(0x207, setup, nil), "", nil); err != nil {
		t.Fatal(err)
	}
	if c := m.CPU(0); c.RIP != 0 || c.Seg[cpu.CS].Sel != 0x1020 {
		t.Errorf("entered at %#x:%#x", c.Seg[cpu.CS].Sel, c.RIP)
	}
	m.CPU(0).RIP = 0x68 // where the jump at the entry leads
	if s := m.Run(limit); s.Reason != Exit || s.Code != 0x1000<<1|1 || string(m.Debug()) != "r" {
		t.Errorf("%v, code %#x, says %q", s, s.Code, m.Debug())
	}
}

func TestBzImageErrors(t *testing.T) {
	low := bzImage(0x20f, nil, nil)
	low[bzLoadFlags] = 0
	long := bzImage(0x20f, nil, nil)
	long[bzSetupSectors] = 200
	for _, c := range []struct {
		file    []byte
		cmdline string
		disk    int
		want    string
	}{
		{nil, "", 0, "no bzImage"},
		{make([]byte, 4096), "", 0, "no bzImage"},
		{bzImage(0x201, nil, nil), "", 0, "protocol 2.01"},
		{low, "", 0, "load flags 0x0"},
		{long, "", 0, "set-up code"},
		{bzImage(0x20f, nil, nil), strings.Repeat("x", 21), 0, "takes 20"},
		{bzImage(0x20f, nil, nil), "", 12 << 20, "more memory"},
		{bzImage(0x20f, nil, make([]byte, 16<<20)), "", 0, "does not fit"},
	} {
		err := bzMachine(t).LoadBzImage(c.file, c.cmdline, []Module{{Data: make([]byte, c.disk)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want one about %q", err, c.want)
		}
	}
}
