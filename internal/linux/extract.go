package linux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
)

// extract returns the kernel from a bzImage, which ends with the compressed ELF
// file. Its place is in the header (Documentation/arch/x86/boot.rst: setup_sects,
// payload_offset, payload_length).
func extract(image []byte) ([]byte, error) {
	if len(image) < 0x250 || string(image[0x202:0x206]) != "HdrS" {
		return nil, errors.New("linux: no bzImage")
	}
	setup := (int(image[0x1f1]) + 1) * 512
	from := setup + int(binary.LittleEndian.Uint32(image[0x248:]))
	size := int(binary.LittleEndian.Uint32(image[0x24c:]))
	if from < 0 || size < 0 || from+size > len(image) {
		return nil, errors.New("linux: the bzImage is cut off")
	}
	payload := image[from : from+size]
	for _, c := range [...]struct{ magic, command string }{
		{"\xfd7zXZ\x00", "xz"}, {"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x02\x21\x4c\x18", "lz4"},
	} {
		if bytes.HasPrefix(payload, []byte(c.magic)) {
			return decompress(c.command, payload)
		}
	}
	return nil, fmt.Errorf("linux: the kernel is compressed in an unknown way (% x)", payload[:4])
}

// decompress lets a program decompress. The payload is followed by its size,
// about which programs complain at their end.
func decompress(command string, b []byte) ([]byte, error) {
	cmd := exec.Command(command, "-dc")
	cmd.Stdin = bytes.NewReader(b)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); out.Len() == 0 {
		return nil, fmt.Errorf("linux: %s: %w", command, err)
	}
	return out.Bytes(), nil
}
