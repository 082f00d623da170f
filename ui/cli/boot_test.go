package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resvirt/hw/machine"
	"resvirt/internal/testkernel"
	"resvirt/sim"
)

// bootKernels are what transcripts find as NAME.kernel in their directory.
var bootKernels = map[string][]byte{
	"hello":    testkernel.Multiboot(testkernel.Stack(), testkernel.Text("hello\n"), testkernel.Print(0x3f8), testkernel.Exit(0)),
	"debug":    testkernel.Multiboot(testkernel.Stack(), testkernel.Text("by the debug port\n"), testkernel.Print(0xe9), testkernel.Exit(3)),
	"cmdline":  testkernel.MultibootELF(testkernel.Stack(), testkernel.LoadESI(16), testkernel.Print(0x3f8), testkernel.Exit(0)),
	"module":   testkernel.Multiboot(testkernel.Stack(), testkernel.LoadESI(24, 0), testkernel.Print(0x3f8), testkernel.LoadESI(24, 8), testkernel.Print(0x3f8), testkernel.Exit(0)),
	"pvh":      testkernel.PVH(testkernel.Stack(), testkernel.LoadESI(24), testkernel.Print(0x3f8), testkernel.Exit(0)),
	"poweroff": testkernel.Multiboot(testkernel.PowerOff()),
	"reset":    testkernel.Multiboot(testkernel.Out(0x64, 0xfe), testkernel.Halt()),
	"triple":   testkernel.Multiboot(testkernel.Stack(), testkernel.Triple()),
	"halt":     testkernel.Multiboot(testkernel.Halt()),
	"screen":   testkernel.Multiboot(testkernel.Stack(), testkernel.Text("serial"), testkernel.Print(0x3f8), testkernel.Text("o\an\a \at\ah\ae\a \as\ac\ar\ae\ae\an\a"), testkernel.CopyTo(0xb80a0), testkernel.Exit(0)),
	"spin":     testkernel.Multiboot([]byte{0xeb, 0xfe}),
	"echo":     testkernel.Multiboot(testkernel.Echo(), testkernel.Exit(0)),
	"rom":      testkernel.ROM(128<<10, testkernel.Out16(0x378, 'o'), testkernel.Out16(0x378, 'k'), testkernel.Out16(0x190, 0xff), testkernel.Halt()),
	"odd":      make([]byte, 100000),
	"uefi":     append(make([]byte, 0x28), "_FVH and more"...),
	"bzimage":  append(make([]byte, 0x202), "HdrS and more"...),
	"none":     make([]byte, 10000),
}

func writeBootKernels(t *testing.T, dir string) {
	for name, file := range bootKernels {
		if err := os.WriteFile(filepath.Join(dir, name+".kernel"), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// bootWith boots a kernel with an input.
func bootWith(t *testing.T, kernel string, stdin io.Reader, args ...string) (stdout, stderr string, code int) {
	dir := t.TempDir()
	writeBootKernels(t, dir)
	var out, errs bytes.Buffer
	args = append(append([]string{"boot"}, args...), filepath.Join(dir, kernel+".kernel"))
	e := &env{stdin: stdin, stdout: &out, stderr: &errs, ctx: context.Background(), args: args}
	code = run(e, args)
	return out.String(), errs.String(), code
}

// TestBootInput: a file and a pipe reach the guest whole and in order.
func TestBootInput(t *testing.T) {
	text := strings.Repeat("abcdefghijklmnopqrstuvwxyz\n", 20) + "."
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(text); err != nil { // left open: nobody waits for its end
		t.Fatal(err)
	}
	defer w.Close()
	for name, in := range map[string]io.Reader{"file": strings.NewReader(text), "pipe": r} {
		out, errs, code := bootWith(t, "echo", in)
		if out != text || code != 1 {
			t.Errorf("%s: status %d, output %q, %s", name, code, out, errs)
		}
	}
}

// TestBootKeys: Ctrl-A x quits, Ctrl-A twice is one.
func TestBootKeys(t *testing.T) {
	in := &bootInput{restore: func() {}}
	in.came([]byte("a\x01\x01b\x01"), true)
	in.came([]byte("zc"), true)
	if string(in.bytes) != "a\x01bc" || in.quit {
		t.Errorf("typed %q, quit %v", in.bytes, in.quit)
	}
	if in.came([]byte("\x01x"), true); !in.quit {
		t.Error("Ctrl-A x does not quit")
	}
	more := make(chan []byte)
	close(more)
	in = &bootInput{more: more}
	if in.wait(context.Background(), forever) {
		t.Error("waits for more after the end")
	}
	in = &bootInput{more: make(chan []byte)}
	if !in.wait(context.Background(), time.Microsecond) || len(in.take()) != 0 {
		t.Error("input that is late counts as ended")
	}
}

// TestBootTrace: the trace has a line for each instruction, with what it changed.
func TestBootTrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	if _, errs, code := bootWith(t, "hello", strings.NewReader(""), "--trace", file, "--cpus", "2"); code != 1 {
		t.Fatalf("status %d, %s", code, errs)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	want := []string{
		"0 cpu0 r0 0000000000100020  bc00000800               mov esp, 0x80000                 RSP=80000",
		"1 cpu0 r0 0000000000100025  e807000000               call 0x100031                    RSP=7fffc",
		"2 cpu0 r0 0000000000100031  5e                       pop esi                          RSP=80000 RSI=10002a",
	}
	for i, l := range want {
		if lines[i] != l {
			t.Errorf("line %d\n%q, want\n%q", i, lines[i], l)
		}
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, "out 0xf4, al") || !strings.HasPrefix(last, "38 ") {
		t.Errorf("%d lines, the last is %q", len(lines), last)
	}
}

// TestBootNewlines: a terminal in raw mode gets carriage returns, once.
func TestBootNewlines(t *testing.T) {
	var out strings.Builder
	n := &newlines{w: &out}
	for _, s := range []string{"a\nb\r", "\nc\r\n"} {
		if _, err := n.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "a\r\nb\r\nc\r\n" {
		t.Errorf("%q", out.String())
	}
}

// TestBootIsInterrupted: a signal ends the command.
func TestBootIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	writeBootKernels(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := &env{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, ctx: ctx}
	if code := run(e, []string{"boot", filepath.Join(dir, "spin.kernel")}); code != exitInterrupt {
		t.Errorf("status %d", code)
	}
}

// TestBootLooksOften: a slice of time with many instructions in it does not keep the
// program from ending, and is otherwise as it was in one piece.
func TestBootLooksOften(t *testing.T) {
	spin := func() *bootRun {
		m, err := machine.New(machine.DefaultSpec())
		if err != nil {
			t.Fatal(err)
		}
		m.Firmware()
		if err := m.LoadMultiboot(bootKernels["spin"], "", nil); err != nil {
			t.Fatal(err)
		}
		return &bootRun{m: m}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := spin()
	stopped.slice(ctx, machine.Until{Time: sim.Second})
	if n := stopped.m.Position(); n != bootLook {
		t.Errorf("%d instructions after the end was asked for, want %d", n, bootLook)
	}
	for _, u := range []machine.Until{{Time: bootSlice}, {Time: bootSlice, Position: bootLook}, {Time: bootSlice, Position: bootLook + 7}} {
		one, pieces := spin(), spin()
		want, got := one.m.Run(u), pieces.slice(t.Context(), u)
		if got != want || pieces.m.Digest() != one.m.Digest() {
			t.Errorf("%+v: in pieces it ends with %+v at %d, else with %+v at %d", u, got, pieces.m.Position(), want, one.m.Position())
		}
	}
}
