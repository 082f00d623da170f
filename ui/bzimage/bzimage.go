// Package bzimage takes the kernel out of a compressed Linux image.
package bzimage

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// MaxKernel bounds a decompressed kernel, in bytes.
const MaxKernel = 1 << 30

// Is says whether a file is a bzImage.
func Is(file []byte) bool { return len(file) >= 0x250 && string(file[0x202:0x206]) == "HdrS" }

// Kernel returns the ELF file that is at the end of a bzImage. The place of its
// compressed form is in the header (Documentation/arch/x86/boot.rst:
// setup_sects, payload_offset, payload_length, since protocol 2.08). It is
// compressed by gzip, xz or LZ4; the four bytes behind it are the kernel's
// length, and do not belong to the compressed data.
func Kernel(file []byte) ([]byte, error) {
	if !Is(file) {
		return nil, errors.New("bzimage: no Linux image")
	}
	if v := binary.LittleEndian.Uint16(file[0x206:]); v < 0x208 {
		return nil, fmt.Errorf("bzimage: boot protocol %d.%02d does not tell where the kernel is: 2.08 is the oldest that does", v>>8, v&0xff)
	}
	sectors := uint64(file[0x1f1])
	if sectors == 0 {
		sectors = 4
	}
	from := (sectors+1)*512 + uint64(binary.LittleEndian.Uint32(file[0x248:]))
	size := uint64(binary.LittleEndian.Uint32(file[0x24c:]))
	if size < 8 || from+size > uint64(len(file)) {
		return nil, fmt.Errorf("bzimage: the file is cut off: its kernel ends at %d, the file at %d", from+size, len(file))
	}
	payload := file[from : from+size-4]
	r, err := reader(payload)
	if err != nil {
		return nil, err
	}
	kernel, err := io.ReadAll(io.LimitReader(r, MaxKernel+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("bzimage: the compressed kernel is damaged: %w", err)
	case len(kernel) > MaxKernel:
		return nil, fmt.Errorf("bzimage: the kernel is larger than %d bytes", MaxKernel)
	}
	if want := binary.LittleEndian.Uint32(file[from+size-4:]); uint32(len(kernel)) != want {
		return nil, fmt.Errorf("bzimage: the kernel has %d bytes, the image says %d", len(kernel), want)
	}
	return kernel, nil
}

// reader decompresses a payload; its first bytes tell the format.
func reader(payload []byte) (io.Reader, error) {
	in := bytes.NewReader(payload)
	switch {
	case bytes.HasPrefix(payload, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("bzimage: %w", err)
		}
		z.Multistream(false)
		return z, nil
	case bytes.HasPrefix(payload, []byte("\xfd7zXZ\x00")):
		z, err := xz.ReaderConfig{SingleStream: true}.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("bzimage: %w", err)
		}
		return z, nil
	case bytes.HasPrefix(payload, []byte("\x02\x21\x4c\x18")):
		return lz4.NewReader(in), nil // LZ4's legacy format
	case bytes.HasPrefix(payload, []byte("\x28\xb5\x2f\xfd")):
		return nil, errors.New("bzimage: the kernel is compressed by zstd: extract its vmlinux with Linux's scripts/extract-vmlinux")
	}
	return nil, fmt.Errorf("bzimage: the kernel is compressed in an unknown way (% x): gzip, xz and LZ4 are known", payload[:4])
}
