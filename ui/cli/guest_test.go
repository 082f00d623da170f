package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGuestMistakes: every mistake is reported before anything is built.
func TestGuestMistakes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	elf := file("elf", "\x7fELF\x02"+strings.Repeat("\x00", 64))
	huge := file("huge", "")
	if err := os.Truncate(huge, 5<<30); err != nil {
		t.Skip(err)
	}
	bz := file("bz", strings.Repeat("\x00", 0x202)+"HdrS"+strings.Repeat("\x00", 0x100))
	for _, row := range []struct {
		args []string
		want string
		code int
	}{
		{nil, "guest needs KERNEL", exitUsage},
		{[]string{"--mem", "1", elf}, "--mem 1: it must be 16 to 2048", exitUsage},
		{[]string{"--vcpus", "5", elf}, "--vcpus 5: it must be 1 to 4", exitUsage},
		{[]string{"--append", strings.Repeat("x", 901), elf}, "901 bytes, at most 900", exitUsage},
		{[]string{filepath.Join(dir, "none")}, "no such file", exitFailed},
		{[]string{file("text", "hello")}, "neither a 64-bit ELF file nor a Linux bzImage", exitFailed},
		{[]string{file("elf32", "\x7fELF\x01"+strings.Repeat("\x00", 64))}, "an ELF file of 32 bits", exitFailed},
		{[]string{file("short", "\x7fELF\x02")}, "neither a 64-bit ELF file", exitFailed},
		{[]string{file("gz", "\x1f\x8b\x08"+strings.Repeat("\x00", 99))}, "neither a 64-bit ELF file nor a Linux bzImage", exitFailed},
		{[]string{file("empty", "")}, "the file is empty", exitFailed},
		{[]string{dir}, "a directory", exitFailed},
		{[]string{huge}, "no kernel is larger than", exitFailed},
		{[]string{bz}, bz + ": boot protocol 0.00 does not tell where the kernel is", exitFailed},
		{[]string{"--ramdisk", filepath.Join(dir, "none"), elf}, "no such file", exitFailed},
	} {
		var out, log bytes.Buffer
		e := &env{stdin: strings.NewReader(""), stdout: &out, stderr: &log, ctx: context.Background(),
			vmm: func() ([]byte, error) { return nil, errors.New("built") }}
		if code := run(e, append([]string{"guest"}, row.args...)); code != row.code || !strings.Contains(log.String(), row.want) || strings.Count(log.String(), "\n") > 3 {
			t.Errorf("%q: exit %d, %s", row.args, code, log.Bytes())
		}
	}
}
