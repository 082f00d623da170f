package image

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// An image comes from the cache unchanged or is made again: a file that was
// damaged or cut off is not used.
func TestDamagedCache(t *testing.T) {
	dir := t.TempDir()
	build := func() *Image {
		t.Helper()
		m, err := BuildGuest(moduleRoot, "./vi/image/testdata/tiny", dir)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := build()
	files, err := filepath.Glob(filepath.Join(dir, "*.elf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q in the cache: %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(files[0], b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		bad := bytes.Clone(whole)
		at := r.IntN(len(bad))
		bad[at] ^= 1 << r.IntN(8)
		put(bad)
		if _, ok := recall(files[0]); ok {
			t.Errorf("a flipped bit in byte %d of %d is not seen", at, len(bad))
		}
	}
	for _, b := range [][]byte{nil, whole[:10], whole[:len(whole)/2], whole[:len(whole)-1]} {
		put(b)
		if _, ok := recall(files[0]); ok {
			t.Errorf("%d of %d bytes are taken", len(b), len(whole))
		}
	}
	if again := build(); again.Digest != first.Digest || !bytes.Equal(again.ELF, first.ELF) {
		t.Error("the image that was made again is another one")
	}
	if now, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(now, whole) {
		t.Errorf("the cache was not mended: %v", err)
	}
	if kept := build(); !bytes.Equal(kept.ELF, first.ELF) {
		t.Error("the cache gives another image")
	}
}
