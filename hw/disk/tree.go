package disk

import (
	"fmt"
	"io"
)

// find returns a chunk, nil if it was never written.
func (d *Disk) find(i uint64) *leafChunk {
	n := d.root
	for level := d.depth; level > 0 && n != nil; level-- {
		n = n.nodes[i>>(level*fanShift)&(fan-1)]
	}
	if n == nil {
		return nil
	}
	return n.chunks[i&(fan-1)]
}

// writable returns a chunk that may be changed in place.
func (d *Disk) writable(i uint64) *leafChunk {
	at := &d.root
	for level := d.depth; ; level-- {
		n := d.own(at, level)
		if level == 0 {
			return d.ownChunk(&n.chunks[i&(fan-1)], i)
		}
		at = &n.nodes[i>>(level*fanShift)&(fan-1)]
	}
}

// own makes a node one that may be changed in place.
func (d *Disk) own(at **node, level int) *node {
	switch n := *at; {
	case n == nil:
		*at = &node{owner: d.owner}
		if level == 0 {
			(*at).chunks = make([]*leafChunk, fan)
		}
	case n.owner != d.owner:
		c := &node{owner: d.owner, nodes: n.nodes}
		if level == 0 {
			c.chunks = append([]*leafChunk(nil), n.chunks...)
		}
		*at = c
	}
	return *at
}

// ownChunk makes a chunk one that may be changed in place.
func (d *Disk) ownChunk(at **leafChunk, i uint64) *leafChunk {
	switch c := *at; {
	case c == nil:
		n := &leafChunk{owner: d.owner}
		d.readBase(i*ChunkSize, n.data[:])
		*at = n
	case c.owner != d.owner:
		*at = &leafChunk{owner: d.owner, data: c.data}
	}
	return *at
}

// WriteBack stores every chunk that differs from the base, or may, and returns
// how many. With it the host keeps what a machine has written.
func (d *Disk) WriteBack(w io.WriterAt) (chunks int, err error) {
	err = d.walk(d.root, d.depth, 0, func(i uint64, c *leafChunk) error {
		off := i * ChunkSize
		n := min(ChunkSize, d.spec.Bytes-off)
		if _, err := w.WriteAt(c.data[:n], int64(off)); err != nil {
			return fmt.Errorf("disk: writing back at %d: %w", off, err)
		}
		chunks++
		return nil
	})
	return chunks, err
}

func (d *Disk) walk(n *node, level int, first uint64, f func(uint64, *leafChunk) error) error {
	if n == nil {
		return nil
	}
	for i := range uint64(fan) {
		if level > 0 {
			if err := d.walk(n.nodes[i], level-1, first|i<<(level*fanShift), f); err != nil {
				return err
			}
		} else if c := n.chunks[i]; c != nil {
			if err := f(first|i, c); err != nil {
				return err
			}
		}
	}
	return nil
}
