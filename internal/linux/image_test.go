package linux

import (
	"os"
	"testing"

	"resvirt/hw/machine"
	"resvirt/sim"
)

// boots starts an image of the Linux boot protocol on one processor.
func boots(t *testing.T, name string, megabytes uint64, cmdline string) *session {
	t.Helper()
	if os.Getenv("RESVIRT_SLOW") == "" {
		t.Skip("RESVIRT_SLOW is not set: this takes half a minute")
	}
	image, err := File(name)
	if err != nil {
		t.Skip(err)
	}
	spec := machine.DefaultSpec()
	spec.CPUs, spec.MemBytes = 1, megabytes<<20
	m, err := machine.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadBzImage(image, cmdline, nil); err != nil {
		t.Fatal(err)
	}
	return &session{t: t, m: m}
}

// TestMemtest: Memtest86+ finds out what the machine has and begins to test it.
func TestMemtest(t *testing.T) {
	s := boots(t, MemoryTest, 16, "console=ttyS0,115200")
	s.expect("resvirt R1")
	s.expect("Status: Testing")
	s.m.Run(machine.Until{Time: s.m.Now() + 50*sim.Millisecond})
	t.Logf("%d instructions, %v of virtual time", s.m.Position(), s.m.Now())
}

// TestImage boots Debian's compressed kernel. Unpacking itself takes it some
// thousand million instructions.
func TestImage(t *testing.T) {
	s := boots(t, ImageFile, 256, "console=ttyS0 earlyprintk=ttyS0,115200")
	s.expect("Linux version")
	s.expect("Kernel panic - not syncing: VFS")
	t.Logf("%d instructions, %v of virtual time", s.m.Position(), s.m.Now())
}
