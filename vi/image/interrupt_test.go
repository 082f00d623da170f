package image

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A build that is cancelled ends, together with its toolchain, and leaves nothing
// behind. The compiler of this test never ends by itself.
func TestBuildEndsWithItsContext(t *testing.T) {
	bin, cache := t.TempDir(), t.TempDir()
	begun := filepath.Join(bin, "begun")
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ $1 = build ] || exec " + tool + " \"$@\"\ntrap 'exit 1' INT\ntouch " + begun + "\nwhile :; do sleep 0.01; done\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := BuildContext(ctx, Spec{Root: moduleRoot, Pkg: "./vi/image/testdata/tiny", Kind: Guest, Cache: cache})
		ended <- err
	}()
	for {
		if _, err := os.Stat(begun); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the build ended without its toolchain: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the build ended with %v", err)
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) != 0 {
		t.Errorf("%v is left in the cache: %v", left, err)
	}
}
