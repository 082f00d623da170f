package bzimage

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// image is a bzImage with a payload, as the boot protocol describes it.
func image(payload []byte, length uint32) []byte {
	b := make([]byte, 1024)
	b[0x1f1] = 1 // one sector of setup after the first
	copy(b[0x202:], "HdrS\x0f\x02")
	binary.LittleEndian.PutUint32(b[0x248:], 16)
	binary.LittleEndian.PutUint32(b[0x24c:], uint32(len(payload)+4))
	b = append(append(b, make([]byte, 16)...), payload...)
	return binary.LittleEndian.AppendUint32(b, length)
}

// compressed is data in one of the formats.
func compressed(t *testing.T, format string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "lz4":
		z := lz4.NewWriter(&b)
		err = z.Apply(lz4.LegacyOption(true))
		w = z
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestKernel(t *testing.T) {
	kernel := append([]byte("\x7fELF"), bytes.Repeat([]byte("some kernel "), 1<<20)...)
	for _, format := range []string{"gzip", "xz", "lz4"} {
		whole := image(compressed(t, format, kernel), uint32(len(kernel)))
		if got, err := Kernel(whole); err != nil || !bytes.Equal(got, kernel) {
			t.Errorf("%s: %d bytes, %v", format, len(got), err)
		}
		damaged := bytes.Clone(whole)
		for i := 1024 + 16 + 24; i < len(damaged)-8; i += 7 {
			damaged[i] ^= 0x55
		}
		if _, err := Kernel(damaged); err == nil {
			t.Errorf("%s: a damaged kernel passes", format)
		}
		for _, n := range []int{0, 0x24f, len(whole) - 1} {
			if _, err := Kernel(whole[:n]); err == nil || !strings.HasPrefix(err.Error(), "bzimage: ") {
				t.Errorf("%s, %d bytes of it: %v", format, n, err)
			}
		}
		if _, err := Kernel(image(compressed(t, format, kernel), 7)); err == nil {
			t.Errorf("%s: a wrong length passes", format)
		}
	}
	for _, payload := range []string{"\x28\xb5\x2f\xfdxxxx", "unknown", "\x1f\x8b"} {
		if _, err := Kernel(image([]byte(payload), 9)); err == nil {
			t.Errorf("a payload %q passes", payload)
		}
	}
}
