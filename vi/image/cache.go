package image

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// Finished images are kept in files that are named by the digest of their
// sources.

// cachePath is where the linker's output of a source digest lies.
func cachePath(s Spec, digest string) (string, error) {
	dir := s.Cache
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no directory for finished images: %w (set HOME or XDG_CACHE_HOME)", err)
		}
		dir = filepath.Join(base, "resvirt")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%s.elf", s.Kind, digest[:32])), nil
}

// recall reads the linker's output from the cache. Behind the content a file has a
// digest of it. If the file is missing or the digest is wrong, the image is built
// anew: with a flipped bit in it, it would be another hypervisor.
func recall(path string) ([]byte, bool) {
	b, err := os.ReadFile(path)
	n := len(b) - sha256.Size
	if err != nil || n < 0 || sha256.Sum256(b[:n]) != [sha256.Size]byte(b[n:]) {
		return nil, false
	}
	return b[:n], true
}

// store writes a file and its digest so that readers see all of it or nothing.
func store(path string, b []byte) error {
	sum := sha256.Sum256(b)
	f, err := os.CreateTemp(filepath.Dir(path), "store-")
	if err != nil {
		return err
	}
	_, err = f.Write(append(bytes.Clone(b), sum[:]...))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
