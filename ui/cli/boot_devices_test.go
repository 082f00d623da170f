package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// bootMachineKernel boots a test kernel of the machine with its devices.
func bootMachineKernel(t *testing.T, kernel string, flags ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	file := filepath.Join("..", "..", "hw", "machine", "testdata", kernel+".bin")
	args := append(append([]string{"boot"}, flags...), file)
	e := &env{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, ctx: context.Background(), args: args}
	if code := run(e, args); code != 1 { // the exit device makes 1 of 0
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	return out.String()
}

// TestBootDisk: what the guest writes is in the file when the run has ended.
func TestBootDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	says := bootMachineKernel(t, "nvme", "--disk", file)
	want, err := os.ReadFile(filepath.Join("..", "..", "hw", "machine", "testdata", "nvme.txt"))
	if err != nil || says != string(want) {
		t.Errorf("the kernel says:\n%swant:\n%s (%v)", says, want, err)
	}
	disk, err := os.ReadFile(file)
	if err != nil || len(disk) != 1<<20 {
		t.Fatalf("%d bytes, %v", len(disk), err)
	}
	v := uint32(12345) // the numbers of nvme.S, in 16 blocks from block 3 on
	for at := range disk {
		if at%4 != 0 {
			continue
		}
		w := uint32(0)
		if at >= 3*512 && at < 19*512 {
			v = v*1103515245 + 12345
			w = v
		}
		if got := binary.LittleEndian.Uint32(disk[at:]); got != w {
			t.Fatalf("at %#x is %#x, want %#x", at, got, w)
		}
	}
}

// TestBootIOMMU: with the flags a kernel finds the IOMMU, and two controllers to one disk.
func TestBootIOMMU(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	says := bootMachineKernel(t, "iommu", "--iommu", "--disk", file, "--disk-ports", "2")
	want, err := os.ReadFile(filepath.Join("..", "..", "hw", "machine", "testdata", "iommu.txt"))
	if err != nil || says != string(want) {
		t.Errorf("the kernel says:\n%swant:\n%s (%v)", says, want, err)
	}
}

// TestBootPcap: twenty questions and answers are in the record, in libpcap's format.
func TestBootPcap(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pcap")
	bootMachineKernel(t, "nic", "--pcap", file)
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xa1b23c4d {
		t.Fatalf("% x, %v", b, err)
	}
	var operations []byte // of the ARP frames
	for b = b[24:]; len(b) >= 16; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		frame := b[16 : 16+n]
		if n < 60 || frame[12] != 8 || frame[13] != 6 {
			t.Errorf("frame % x", frame)
		}
		operations = append(operations, frame[21])
		b = b[16+n:]
	}
	if len(b) != 0 || !bytes.Equal(operations, bytes.Repeat([]byte{1, 2}, 20)) {
		t.Errorf("ARP operations %v, %d bytes left", operations, len(b))
	}
}
