package linux

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/hw/wire"
	"resvirt/sim"
)

const prompt = "/ # "

// session is a booted Linux and a person at its console.
type session struct {
	t    *testing.T
	m    *machine.Machine
	read int // how much of the console was looked at
}

// expect runs until the console shows a text and returns what precedes it.
func (s *session) expect(text string) string {
	s.t.Helper()
	for end := s.m.Now() + 60*sim.Second; s.m.Now() < end; {
		new := s.m.Serial()[s.read:]
		if i := bytes.Index(new, []byte(text)); i >= 0 {
			s.read += i + len(text)
			return string(new[:i])
		}
		if stop := s.m.Run(machine.Until{Time: s.m.Now() + sim.Millisecond}); stop.Reason.Final() {
			s.t.Fatalf("%v instead of %q after\n%s", stop, text, s.m.Serial())
		}
	}
	s.t.Fatalf("no %q in\n%s", text, s.m.Serial())
	return ""
}

// command types a command and returns its output.
func (s *session) command(line string) string {
	s.t.Helper()
	s.m.Input([]byte(line + "\n"))
	out := s.expect(prompt)
	_, out, _ = strings.Cut(out, "\n") // the echo
	return out
}

// files returns kernel and initial RAM disk or skips the test.
func files(t *testing.T) (kernel, initrd []byte) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: Linux takes a while to boot")
	}
	kernel, initrd, err := Files()
	if err != nil {
		t.Skip(err)
	}
	return kernel, initrd
}

func start(t *testing.T, cpus int, iommu bool, image []byte) *session {
	kernel, initrd := files(t)
	spec := machine.DefaultSpec()
	spec.CPUs, spec.MemBytes = cpus, 512<<20
	spec.Disks = []disk.Spec{{Bytes: uint64(len(image)), Base: bytes.NewReader(image)}}
	spec.NICs = []machine.NIC{{MAC: [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56}}}
	spec.Peers = []wire.Peer{wire.DefaultRemote()}
	spec.IOMMU = iommu
	m, err := machine.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadPVH(kernel, "console=ttyS0 quiet", []machine.Module{{Cmdline: "initrd", Data: initrd}}); err != nil {
		t.Fatal(err)
	}
	return &session{t: t, m: m}
}

// ext4 makes an image of a file system that holds one file.
func ext4(t *testing.T, name, content string) []byte {
	t.Helper()
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil {
		t.Skip("no mkfs.ext4 (package e2fsprogs)")
	}
	dir := t.TempDir()
	tree, image := filepath.Join(dir, "tree"), filepath.Join(dir, "image")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkfs, "-q", "-d", tree, image, "16M").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLinux boots Debian's kernel to a shell, mounts a file system of its disk,
// pings the modelled host and switches the machine off; with one processor it does so
// through an IOMMU, which it must have found.
func TestLinux(t *testing.T) {
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d CPUs", cpus), func(t *testing.T) {
			files(t)
			iommu := cpus == 1
			s := start(t, cpus, iommu, ext4(t, "greeting", "hello from the disk\n"))
			s.expect(prompt)
			if out := s.command("nproc"); strings.TrimSpace(out) != fmt.Sprint(cpus) {
				t.Errorf("nproc: %q", out)
			}
			if out := s.command("dmesg | grep AMD-Vi"); strings.Contains(out, "Found IOMMU cap 0x40") != iommu {
				t.Errorf("with an IOMMU: %v, Linux says %q", iommu, out)
			}
			if out := s.command("mount -t ext4 /dev/nvme0n1 /mnt && cat /mnt/greeting"); !strings.Contains(out, "hello from the disk") {
				t.Errorf("mount: %q", out)
			}
			s.command("md5sum /bin/busybox > /mnt/sum; umount /mnt; mount -t ext4 /dev/nvme0n1 /mnt")
			if out := s.command("md5sum -c /mnt/sum"); !strings.Contains(out, "OK") {
				t.Errorf("what was written: %q", out)
			}
			if out := s.command("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; sleep 1; ping -c 2 10.0.2.2"); !strings.Contains(out, "2 packets received") {
				t.Errorf("ping: %q", out)
			}
			s.m.Input([]byte("umount /mnt; exit\n"))
			if stop := s.m.Run(machine.Until{Time: s.m.Now() + 10*sim.Second}); stop.Reason != machine.PowerOff {
				t.Errorf("%v instead of a power-off", stop)
			}
			t.Logf("%d instructions, %v of virtual time", s.m.Position(), s.m.Now())
			for _, bad := range []string{"WARNING:", "BUG:", "Oops", "Call Trace", "unchecked MSR", "Event logged"} {
				if strings.Contains(string(s.m.Serial()), bad) {
					t.Errorf("Linux complains: %s in\n%s", bad, s.m.Serial())
				}
			}
		})
	}
}

// TestArchive checks a header of the RAM disk against the format's description.
func TestArchive(t *testing.T) {
	a := &archive{}
	a.add("f", modeFile|0o644, []byte("hello"))
	b := a.end()
	want := "070701" + "00000001" + "000081a4" + strings.Repeat("00000000", 2) + "00000001" + "00000000" + "00000005" +
		strings.Repeat("00000000", 4) + "00000002" + "00000000" + "f\x00hello\x00\x00\x00"
	if got := string(b[:len(want)]); got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
	if len(b)%4 != 0 || !bytes.Contains(b, []byte("TRAILER!!!\x00")) {
		t.Errorf("the end is %q", b[len(want):])
	}
}

// A damaged file is refused. In a user's own directory files need no digests.
func TestSums(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("RESVIRT_LINUX", dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(KernelFile, "a kernel")
	if _, err := File(KernelFile); err != nil {
		t.Error(err)
	}
	write(SumsFile, sumLine(InitrdFile, []byte("x"))+sumLine(KernelFile, []byte("a kernel")))
	if b, err := File(KernelFile); err != nil || string(b) != "a kernel" {
		t.Errorf("%q, %v", b, err)
	}
	write(KernelFile, "a kernem")
	if _, err := File(KernelFile); err == nil || !strings.Contains(err.Error(), KernelFile+" is damaged") {
		t.Errorf("%v", err)
	}
}

// TestExtract finds the kernel in an image as the boot protocol describes it.
func TestExtract(t *testing.T) {
	if _, err := exec.LookPath("gzip"); err != nil {
		t.Skip("no gzip")
	}
	cmd := exec.Command("gzip", "-c")
	cmd.Stdin = strings.NewReader("\x7fELF and so on")
	payload, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	image := make([]byte, 1024+16)
	image[0x1f1] = 1 // one sector of setup after the first
	copy(image[0x202:], "HdrS")
	image[0x248], image[0x24c] = 16, byte(len(payload)+4)
	image = append(append(image, payload...), 14, 0, 0, 0)
	got, err := extract(image)
	if err != nil || string(got) != "\x7fELF and so on" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, image[:0x300], image[:len(image)-1]} {
		if _, err := extract(bad); err == nil {
			t.Errorf("an image of %d bytes passes", len(bad))
		}
	}
}
