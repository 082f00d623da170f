package image

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const moduleRoot = "../.."

// Tags change the digest, their order does not, and bad ones are errors.
func TestTags(t *testing.T) {
	digest := func(tags ...string) string {
		t.Helper()
		s, err := sources(t.Context(), Spec{Root: moduleRoot, Pkg: "./vi/image/testdata/tiny", Kind: Guest, Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		return s.digest
	}
	if digest("b", "a") != digest("a", "b", "a") {
		t.Error("the order of tags matters")
	}
	if digest("a") == digest() {
		t.Error("a tag makes no difference")
	}
	for _, bad := range []string{"", "a,b", "-x", "A b"} {
		if _, err := Build(Spec{Root: moduleRoot, Pkg: "./vi/image/testdata/tiny", Kind: Guest, Tags: []string{bad}}); err == nil {
			t.Errorf("tag %q is accepted", bad)
		}
	}
}

func TestGuest(t *testing.T) {
	m, err := BuildGuest(moduleRoot, "./vi/image/testdata/tiny", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(m.File))
	if err != nil {
		t.Fatal(err)
	}
	if f.Entry != m.Entry || f.Entry < guestBase {
		t.Errorf("entry %#x, want %#x", f.Entry, m.Entry)
	}
	if name, ok := m.Func(m.Entry); !ok || name.Name != "main.entry" {
		t.Errorf("function at the entry point is %v", name)
	}
	start, ok := m.Addr("main.start")
	if !ok {
		t.Fatal("no symbol main.start")
	}
	if file, line, ok := m.Line(start); file != "vi/image/testdata/tiny/main.go" || line < 20 || !ok {
		t.Errorf("main.start is at %s:%d", file, line)
	}
	if bytes.Contains(m.File, reloadG) {
		t.Error("a reload of g through FS is left")
	}
	if bytes.Count(m.File, maskG) == 0 {
		t.Error("no reload of g was rewritten")
	}
	t.Logf("%d bytes", len(m.File))
}

// TestSameDigest builds the same sources in another directory and environment.
func TestSameDigest(t *testing.T) {
	first, err := BuildGuest(moduleRoot, "./vi/image/testdata/tiny", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	copyRoot := t.TempDir()
	for _, p := range []string{"go.mod", "go.sum", "vi/bare", "vi/image/testdata/tiny"} {
		to := filepath.Join(copyRoot, p)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-r", filepath.Join(moduleRoot, p), to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Setenv("GOAMD64", "v3")
	t.Setenv("GOFLAGS", "-race")
	t.Setenv("CGO_ENABLED", "1")
	second, err := BuildGuest(copyRoot, "./vi/image/testdata/tiny", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if first.Digest != second.Digest {
		t.Errorf("digests %s and %s", first.Digest, second.Digest)
	}
}

// TestForbidden: code that needs the runtime is refused, and the error has its
// line.
func TestForbidden(t *testing.T) {
	_, err := BuildGuest(moduleRoot, "./vi/image/testdata/heap", t.TempDir())
	if err == nil {
		t.Fatal("an image that allocates was accepted")
	}
	for _, want := range []string{"vi/image/testdata/heap/main.go:", "heap allocation"} {
		if !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
}

func TestUser(t *testing.T) {
	m, err := BuildUser(moduleRoot, "./vi/image/testdata/tiny", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(m.File))
	if err != nil {
		t.Fatal(err)
	}
	if f.Entry < 0x400000 || f.Entry > 0x500000 || f.Type != elf.ET_EXEC {
		t.Errorf("entry %#x, type %v", f.Entry, f.Type)
	}
	t.Logf("%d bytes", len(m.File))
}
