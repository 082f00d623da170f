package linux

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Directory is where Fetch puts its files and Files looks for them: that of the
// environment variable RESVIRT_LINUX, or one in the user's cache directory.
func Directory() (string, error) {
	if dir := os.Getenv("RESVIRT_LINUX"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "resvirt", "linux"), nil
}

// Names of the files in Directory.
const (
	KernelFile = "vmlinux"
	InitrdFile = "initrd"
	ImageFile  = "vmlinuz" // the kernel as Debian has it, compressed
	MemoryTest = "memtest" // Memtest86+
)

// File reads one of the files. Where it is missing, the error says how to make it.
func File(name string) ([]byte, error) {
	dir, err := Directory()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		err = checkSum(dir, name, b)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; `go run ./internal/linux/fetch` makes it from Debian's packages", err)
	}
	return b, nil
}

// SumsFile lists the digests of the others as sha256sum does. A directory of
// somebody's own files need not have one.
const SumsFile = "SHA256SUMS"

func sumLine(name string, b []byte) string { return fmt.Sprintf("%x  %s\n", sha256.Sum256(b), name) }

// checkSum compares the content of a file with its digest.
func checkSum(dir, name string, b []byte) error {
	sums, err := os.ReadFile(filepath.Join(dir, SumsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !strings.Contains(string(sums), sumLine(name, b)) {
		return fmt.Errorf("linux: %s is damaged: it has another digest than %s says", filepath.Join(dir, name), SumsFile)
	}
	return nil
}

// Files reads kernel and initial RAM disk.
func Files() (kernel, initrd []byte, err error) {
	if kernel, err = File(KernelFile); err == nil {
		initrd, err = File(InitrdFile)
	}
	return kernel, initrd, err
}

// Fetch downloads the packages with apt-get, as any user may, and makes the
// files from them. It needs a Debian with package lists, dpkg-deb and xz.
func Fetch(say func(string)) error {
	dir, err := Directory()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "linux")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	kernelPackage, err := dependency("linux-image-amd64")
	if err != nil {
		return err
	}
	say("downloading " + kernelPackage + ", busybox-static and memtest86+")
	if _, err := output(work, "apt-get", "download", kernelPackage, "busybox-static", "memtest86+"); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range debs {
		if _, err := output(work, "dpkg-deb", "-x", deb, "tree"); err != nil {
			return err
		}
	}
	say("unpacking")
	return build(filepath.Join(work, "tree"), dir)
}

// build makes the files in dir from the tree of the unpacked packages.
func build(tree, dir string) error {
	images, err := filepath.Glob(filepath.Join(tree, "boot", "vmlinuz-*"))
	if err != nil || len(images) == 0 {
		return errors.Join(err, errors.New("linux: the package has no boot/vmlinuz"))
	}
	image, err := os.ReadFile(images[0])
	if err != nil {
		return err
	}
	kernel, err := extract(image)
	if err != nil {
		return err
	}
	busybox, err := os.ReadFile(filepath.Join(tree, "bin", "busybox"))
	if err != nil {
		return err
	}
	disk, err := initrd(busybox, filepath.Join(tree, "lib", "modules"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	memtest, err := os.ReadFile(filepath.Join(tree, "boot", "memtest86+x64.bin"))
	if err != nil {
		return err
	}
	sums := ""
	for _, f := range []struct {
		name string
		data []byte
	}{{KernelFile, kernel}, {InitrdFile, disk}, {ImageFile, image}, {MemoryTest, memtest}} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return err
		}
		sums += sumLine(f.name, f.data)
	}
	return os.WriteFile(filepath.Join(dir, SumsFile), []byte(sums), 0o644)
}

// dependency is the package that a meta package stands for.
func dependency(name string) (string, error) {
	out, err := output("", "apt-cache", "depends", name)
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(out), "\n") {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: "); ok {
			return p, nil
		}
	}
	return "", fmt.Errorf("linux: %s depends on nothing: `apt-get update` gets the lists of packages", name)
}

func output(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("linux: %s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
