package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// addressIn waits for the address that a command prints.
func addressIn(t *testing.T, r io.Reader) string {
	t.Helper()
	var text []byte
	one := make([]byte, 1)
	for pattern := regexp.MustCompile(`target remote ([^'\n]+)['\n]`); ; {
		if _, err := r.Read(one); err != nil {
			t.Fatalf("%v; it printed %q", err, text)
		}
		text = append(text, one[0])
		if m := pattern.FindSubmatch(text); m != nil {
			go io.Copy(io.Discard, r)
			return string(m[1])
		}
	}
}

// gdbWith boots a kernel with --gdb, sends packets and returns all that comes back, with
// the command's exit status.
func gdbWith(t *testing.T, kernel string, send string) (got string, code int) {
	dir := t.TempDir()
	writeBootKernels(t, dir)
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	args := []string{"boot", "--gdb=0", filepath.Join(dir, kernel+".kernel")}
	e := &env{stdin: bytes.NewReader(nil), stdout: io.Discard, stderr: w, ctx: ctx, args: args}
	ended := make(chan int, 1)
	go func() {
		ended <- run(e, args)
		w.Close()
	}()
	conn, err := net.Dial("tcp", addressIn(t, r))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range strings.Fields(send) {
		sum := byte(0)
		for i := range len(p) {
			sum += p[i]
		}
		fmt.Fprintf(conn, "$%s#%02x", p, sum)
		if p == "vCont;c" { // ends with the reply that tells of a stop
			for one := make([]byte, 1); !strings.Contains(got, "$T") || !strings.Contains(got[strings.LastIndex(got, "$T"):], "#"); got += string(one) {
				if _, err := conn.Read(one); err != nil {
					t.Fatalf("%v behind %q", err, got)
				}
			}
		}
	}
	b, _ := io.ReadAll(conn)
	return got + string(b), <-ended
}

// TestBootGDB: the machine waits for gdb, runs under it, and the command ends as without
// it: where the kernel ends it, where gdb kills it, and where gdb has left it alone.
func TestBootGDB(t *testing.T) {
	_, _, want := bootWith(t, "debug", bytes.NewReader(nil))
	if want < 1 {
		t.Fatalf("without gdb the kernel ends with %d", want)
	}
	got, code := gdbWith(t, "debug", "vCont;c g c")
	if code != want || !strings.Contains(got, "$T0fthread:1;#") || !strings.Contains(got, fmt.Sprintf("$W%02x#", want)) {
		t.Errorf("status %d, want %d: %q", code, want, got)
	}
	if got, code := gdbWith(t, "debug", "D"); code != want || !strings.Contains(got, "$OK#") {
		t.Errorf("left alone: status %d, want %d: %q", code, want, got)
	}
	if _, code := gdbWith(t, "debug", "k"); code != 0 {
		t.Errorf("killed: status %d", code)
	}
}

func TestGDBMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	makeToy(t)
	busy, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, row := range []struct {
		line, want string
		code       int
	}{
		{"gdb toy.db", "gdb needs DB RUN", exitUsage},
		{"gdb toy.db full", "names no run", exitUsage},
		{"gdb toy.db full/1@", "a place is missing", exitUsage},
		{"gdb toy.db full/1@x%", "no share of a run", exitUsage},
		{"gdb nonesuch.db full/1", "nonesuch.db", exitFailed},
		{"gdb toy.db full/99", "full/99", exitFailed},
		{"gdb --listen a:b:c toy.db full/1", "say HOST:PORT", exitFailed},
		{"gdb --listen " + busy.Addr().String() + " toy.db full/1", "cannot connect at", exitFailed},
		{"gdb --listen 0 toy.db full/1", "", exitFailed}, // no machine that gdb knows
		{"boot --gdb=false x.kernel", "x.kernel", bootFailed},
	} {
		text := call(strings.Fields(row.line))
		if !strings.Contains(text, row.want) || !strings.Contains(text, fmt.Sprintf("[exit %d]", row.code)) || !strings.Contains(text, "[stderr]") {
			t.Errorf("%s: want status %d and %q:\n%s", row.line, row.code, row.want, text)
		}
	}
}
