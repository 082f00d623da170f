package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments/testbed"
)

// Runs kernels of one page under the hypervisor, laid out as by the linkers of
// other systems: they print a line and switch themselves off.

// xenNote is one of Xen's ELF notes (elfnote.h).
func xenNote(kind uint32, value []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = binary.LittleEndian.AppendUint32(b, kind)
	return append(append(append(b, "Xen\x00"...), value...), make([]byte, -len(value)&3)...)
}

// xenNotes are those that every kernel needs: guest system, loader, interface.
func xenNotes() []byte {
	return bytes.Join([][]byte{xenNote(6, []byte("test\x00")), xenNote(8, []byte("generic\x00")), xenNote(5, []byte("xen-3.0\x00"))}, nil)
}

// Code of kernels: hypercalls as 64-bit guests make them (xen-x86_64.h). RBP has
// what RSI has at entry, the start of day page; the console ring lies two pages on.
var begin = []byte{0x48, 0x89, 0xf5} // mov rbp, rsi

// printed prints text by console_io (18).
func printed(text string) []byte {
	return append([]byte{
		0xb8, 18, 0, 0, 0, // mov eax, 18
		0x31, 0xff, // xor edi, edi
		0xbe, byte(len(text)), 0, 0, 0, // mov esi, length
		0x48, 0x8d, 0x15, 4, 0, 0, 0, // lea rdx, [rip+4]
		0x0f, 0x05, // syscall
		0xeb, byte(len(text)), // jmp behind the text
	}, text...)
}

// rung puts two bytes into the console ring, behind the at bytes that are there,
// and sends its event (event_channel_op 32, EVTCHNOP_send).
func rung(text string, at uint32) []byte {
	const ring, out, outProd, port = 0x2000, 1024, 3084, 80
	le := binary.LittleEndian
	b := le.AppendUint32([]byte{0x66, 0xc7, 0x85}, ring+out+at) // mov word [rbp+...], text
	b = append(b, text...)
	b = le.AppendUint32(append(b, 0xc7, 0x85), ring+outProd) // mov dword [rbp+...], at+2
	b = le.AppendUint32(b, at+2)
	return append(b, 0xb8, 32, 0, 0, 0, 0xbf, 4, 0, 0, 0, 0x48, 0x8d, 0x75, port, 0x0f, 0x05)
}

// ended is sched_op (29), SCHEDOP_shutdown, with a reason.
func ended(reason byte) []byte {
	return []byte{
		0xb8, 29, 0, 0, 0, // mov eax, 29
		0xbf, 2, 0, 0, 0, // mov edi, SCHEDOP_shutdown
		0x48, 0x8d, 0x35, 4, 0, 0, 0, // lea rsi, [rip+4]
		0x0f, 0x05, // syscall
		0xeb, 0xfe, // jmp to itself
		reason, 0, 0, 0,
	}
}

func greeting(text string, reason byte) []byte { return append(printed(text), ended(reason)...) }

// testKernel is an ELF file of one segment at 1 MiB, with the code behind the
// headers, and notes in a segment that takes no memory (as GRUB's), or in a section.
func testKernel(code, segment, section []byte) []byte {
	const headers = 64 + 2*56
	le := binary.LittleEndian
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, headers-7)...)
	at := uint64(headers + len(code))
	for _, w := range []struct {
		at, size int
		v        uint64
	}{
		{16, 2, 2}, {18, 2, 62}, {20, 4, 1}, {24, 8, 1<<20 + headers}, {32, 8, 64}, {40, 8, at + uint64(len(segment)+len(section))},
		{52, 2, 64}, {54, 2, 56}, {56, 2, 2}, {58, 2, 64}, {60, 2, 2},
		{64, 4, 1}, {68, 4, 7}, {80, 8, 1 << 20}, {88, 8, 1 << 20}, {96, 8, at}, {104, 8, 0x4000}, // LOAD
		{120, 4, 4}, {128, 8, at}, {152, 8, uint64(len(segment))}, // NOTE
	} {
		var v [8]byte
		le.PutUint64(v[:], w.v)
		copy(b[w.at:], v[:w.size])
	}
	if segment == nil {
		b[120] = 6 // PHDR, which is ignored
	}
	b = bytes.Join([][]byte{b, code, segment, section, make([]byte, 2*64)}, nil)
	s := b[len(b)-64:] // the second section header
	le.PutUint32(s[4:], 7)
	le.PutUint64(s[24:], at+uint64(len(segment)))
	le.PutUint64(s[32:], uint64(len(section)))
	return b
}

// TestGuestKernels: kernels that the hypervisor accepts run. For those that it
// refuses the command ends with status 1 and exactly one line with the reason.
func TestGuestKernels(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the hypervisor")
	}
	t.Parallel()
	vmm, err := testbed.BuildVMM()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kernel")
	le := binary.LittleEndian
	hello := greeting("hello\n", 0)
	for _, row := range []struct {
		name     string
		kernel   []byte
		out, err string
		code     int
	}{
		{"as GRUB's image", testKernel(hello, xenNotes(), nil), "(d1) hello\n", "", 0},
		{"as mini-os", testKernel(hello, nil, xenNotes()), "(d1) hello\n", "", 0},
		{"a line without an end", testKernel(greeting("hello", 0), xenNotes(), nil), "(d1) hello\n", "", 0},
		{"lines by the ring and by console_io", testKernel(bytes.Join([][]byte{begin, rung("$ ", 0), printed("one"), printed(" line\n"),
			rung("l\n", 2), printed("un"), rung("x\n", 4), printed("broken\n"), ended(0)}, nil), xenNotes(), nil),
			"$ \n(d1) one line\nl\nx\n(d1) unbroken\n", "", 0},
		{"one that crashes", testKernel(greeting("hello\n", 3), xenNotes(), nil), "(d1) hello\n", "", 3},
		{"no notes", testKernel(hello, nil, nil), "", "neither Xen's notes", exitFailed},
		{"PVH", testKernel(hello, xenNote(18, le.AppendUint32(nil, 1<<20)), nil), "", "PVH alone", exitFailed},
		{"no version", testKernel(hello, xenNote(8, []byte("generic\x00")), nil), "", "xen-3.0", exitFailed},
		{"cut off", testKernel(hello, xenNotes(), nil)[:150], "", "damaged or cut off", exitFailed},
		{"a base among the hypervisor's", testKernel(hello, append(xenNotes(), xenNote(3, le.AppendUint64(nil, 0xffff800000000000))...), nil), "", "no page of a guest's", exitFailed},
		{"a base without room", testKernel(hello, append(xenNotes(), bytes.Join([][]byte{xenNote(3, le.AppendUint64(nil, 1<<47-2<<20)),
			xenNote(1, le.AppendUint64(nil, 1<<47-1<<20+176))}, nil)...), nil), "", "no room", exitFailed},
	} {
		if err := os.WriteFile(path, row.kernel, 0o644); err != nil {
			t.Fatal(err)
		}
		var out, log bytes.Buffer
		e := &env{stdin: strings.NewReader(""), stdout: &out, stderr: &log, ctx: context.Background(), vmm: func() ([]byte, error) { return vmm, nil }}
		code := run(e, []string{"guest", "--mem", "16", path})
		lines := strings.Count(log.String(), "\n")
		if code != row.code || out.String() != row.out || !strings.Contains(log.String(), row.err) || (row.err != "") != (lines == 1) {
			t.Errorf("%s: exit %d, printed %q, said %q", row.name, code, out.String(), log.String())
		}
	}
}
