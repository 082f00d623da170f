package cli

import (
	"fmt"
	"io"
	"os"
)

// largestFile bounds the files that machines are started with.
const largestFile = 1 << 30

// readFile reads a file of at most so many bytes. A device without an end is refused
// like a file that is too large, before it fills the host's memory.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, fmt.Errorf("%s: more than %d bytes, at most so many can be read", path, most)
	}
	return b, err
}
