package xenstore

import (
	"testing"
	"unsafe"
)

// TestLayout: records fit their cells, what the log covers is whole granules, and the
// store is no larger than its reader was told.
func TestLayout(t *testing.T) {
	var s Store
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"cell", unsafe.Sizeof(cell{}), granule},
		{"node", unsafe.Sizeof(node{}), granule},
		{"head", unsafe.Sizeof(head{}), 2 * granule},
		{"domain", unsafe.Sizeof(domain{}), 2 * granule},
		{"conn", unsafe.Sizeof(conn{}), 2 * granule},
		{"state's end", unsafe.Sizeof(state{}) % granule, 0},
		{"state's begin", unsafe.Offsetof(s.state) % granule, 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	if unsafe.Sizeof(transaction{}) > granule || unsafe.Sizeof(watch{}) > granule {
		t.Error("a record is larger than a cell")
	}
	if size := unsafe.Sizeof(s); size > 4<<20 {
		t.Errorf("a store has %d bytes", size)
	}
}
