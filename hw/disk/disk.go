// Package disk is the content of a disk: an immutable base, a host's file or
// zeros, under a layer of what was written since.
//
// The layer is a tree of chunks. A node that belongs to a snapshot is not
// changed any more: writers copy it. So Save costs nothing, and snapshots share
// all equal parts.
package disk

import (
	"errors"
	"fmt"
	"io"

	"resvirt/sim"
)

// Sizes. A chunk is the unit that is copied at the first write.
const (
	SectorSize = 512
	ChunkSize  = 4096

	fanShift = 6
	fan      = 1 << fanShift

	// MaxBytes bounds the depth of the tree.
	MaxBytes = 1 << 42
)

// Spec describes a disk. It is immutable.
type Spec struct {
	Bytes uint64      // a multiple of SectorSize
	Base  io.ReaderAt // nil for zeros; must not change, and be safe for concurrent use
}

// Validate reports an impossible setting.
func (s *Spec) Validate() error {
	if s.Bytes == 0 || s.Bytes%SectorSize != 0 || s.Bytes > MaxBytes {
		return fmt.Errorf("disk: %d bytes: choose a multiple of %d up to %d", s.Bytes, SectorSize, uint64(MaxBytes))
	}
	return nil
}

type chunk = [ChunkSize]byte

// node is a node of the tree: a lowest one has chunks, others have nodes.
type node struct {
	owner  *owner
	nodes  [fan]*node
	chunks []*leafChunk // of a lowest node, fan of them
}

// leafChunk is the content of a chunk, with its owner.
type leafChunk struct {
	owner *owner
	data  chunk
}

// owner identifies the disk, between two snapshots, that may change a node in
// place.
type owner struct{ _ byte }

// Disk is a disk's content. It belongs to one goroutine; states that Save
// returned may be shared.
type Disk struct {
	spec  Spec
	depth int
	root  *node
	sum   sim.Digest // sum over chunks: of the present content less that of the base
	owner *owner
	err   error
}

// State is the content at one moment. It is immutable.
type State struct {
	root *node
	sum  sim.Digest
}

// New returns a disk with the content of its base.
func New(spec Spec) (*Disk, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	d := &Disk{spec: spec, owner: &owner{}}
	for span := uint64(ChunkSize * fan); span < spec.Bytes; span <<= fanShift {
		d.depth++
	}
	return d, nil
}

// Size is the number of bytes.
func (d *Disk) Size() uint64 { return d.spec.Bytes }

// Err is the host's first error in reading the base. The machine then read
// zeros instead, so that nothing after it can be trusted.
func (d *Disk) Err() error { return d.err }

// Read fills b from offset off on, which must lie within the disk.
func (d *Disk) Read(off uint64, b []byte) {
	d.check(off, len(b))
	for len(b) > 0 {
		at := off % ChunkSize
		n := min(len(b), int(ChunkSize-at))
		if c := d.find(off / ChunkSize); c != nil {
			copy(b[:n], c.data[at:])
		} else {
			d.readBase(off, b[:n])
		}
		b, off = b[n:], off+uint64(n)
	}
}

// Write stores b from offset off on, which must lie within the disk.
func (d *Disk) Write(off uint64, b []byte) {
	d.check(off, len(b))
	for len(b) > 0 {
		at := off % ChunkSize
		n := min(len(b), int(ChunkSize-at))
		c := d.writable(off / ChunkSize)
		d.sum = d.sum.Sub(place(&c.data, off/ChunkSize))
		copy(c.data[at:], b[:n])
		d.sum = d.sum.Add(place(&c.data, off/ChunkSize))
		b, off = b[n:], off+uint64(n)
	}
}

func (d *Disk) check(off uint64, n int) {
	if off > d.spec.Bytes || uint64(n) > d.spec.Bytes-off {
		panic("BUG: disk: access beyond the end")
	}
}

func (d *Disk) readBase(off uint64, b []byte) {
	clear(b)
	if d.spec.Base == nil {
		return
	}
	if _, err := d.spec.Base.ReadAt(b, int64(off)); err != nil && !errors.Is(err, io.EOF) && d.err == nil {
		d.err = fmt.Errorf("disk: reading the image at %d: %w", off, err)
	}
}

// place is the part of the digest that belongs to a chunk with this content.
func place(c *chunk, i uint64) sim.Digest {
	var h sim.Hasher
	h.Uint64(i)
	h.Bytes(c[:])
	return h.Sum()
}

// Save returns the content.
func (d *Disk) Save() State {
	d.owner = &owner{}
	return State{d.root, d.sum}
}

// Load goes back to a content that Save of a disk of the same Spec returned.
func (d *Disk) Load(s State) {
	d.owner = &owner{}
	d.root, d.sum = s.root, s.sum
}

// Digest identifies the content among disks of one base.
func (d *Disk) Digest() sim.Digest { return d.sum }
