package fs

// Error is why an operation did nothing, or not all.
type Error uint8

// Errors.
const (
	OK        Error = iota
	NoFile          // there is no file of that name
	Exists          // there is one
	NoRoom          // no block, no entry, or the file would become too long
	BadName         // empty, too long, or with a slash
	DiskError       // the disk did not do what it was asked for
	BadDisk         // no table on the disk can be used
)

// Disk is what the file system is on. Blocks have BlockSize bytes.
type Disk struct {
	Blocks uint64
	Read   func(block uint32, to *[BlockSize]byte) bool
	Write  func(block uint32, from *[BlockSize]byte) bool
	Flush  func() bool // what was written before is on the medium after it
}

// FS is a mounted file system. One that a disk error hit in Sync goes on with what it
// knows; the next Sync tries again.
type FS struct {
	disk  *Disk
	table table
	place int  // of the table on the disk that is older, and the next to be written
	dirty bool // something has changed since the last Sync

	used    [maxBlocks / 64]uint64 // by the table in memory
	kept    [maxBlocks / 64]uint64 // by the table on the disk
	next    uint32                 // where to look for a free block
	buffer  [BlockSize]byte
	zeros   [BlockSize]byte
	scratch table
}

// Format makes an empty file system on a disk.
func (f *FS) Format(d *Disk) Error {
	f.disk = d
	if d.Blocks < firstBlock+1 {
		return NoRoom
	}
	f.table = table{magic: tableMagic, blocks: min(d.Blocks, maxBlocks)}
	clear(f.used[:])
	f.next = firstBlock
	for place := range 2 { // also over what an older file system left
		f.place, f.dirty = place, true
		if e := f.Sync(); e != OK {
			return e
		}
	}
	return OK
}

// Mount takes up the file system on a disk as the last Sync left it.
func (f *FS) Mount(d *Disk) Error {
	f.disk = d
	found := false
	for place := range 2 {
		if f.readTable(place) && (!found || f.scratch.generation > f.table.generation) {
			f.table, f.place, found = f.scratch, 1-place, true
		}
	}
	if !found {
		return BadDisk
	}
	f.dirty, f.next = false, firstBlock
	clear(f.used[:])
	for i := range f.table.files {
		e := &f.table.files[i]
		for _, b := range e.list[:e.blocks] {
			if b != 0 {
				f.used[b/64] |= 1 << (b % 64)
			}
		}
	}
	f.kept = f.used
	return OK
}

// readTable reads a place for the table into f.scratch, and says whether it can be used.
func (f *FS) readTable(place int) bool {
	for i := range tableBlocks {
		if !f.disk.Read(uint32(place*tableBlocks+i), f.scratch.block(i)) {
			return false
		}
	}
	return f.scratch.valid(f.disk.Blocks)
}

// Sync makes everything so far outlive a crash.
func (f *FS) Sync() Error {
	if !f.dirty {
		return OK
	}
	if !f.disk.Flush() { // data before the table that refers to it
		return DiskError
	}
	t := &f.table
	t.generation++
	t.sum = t.check()
	for i := range tableBlocks {
		if !f.disk.Write(uint32(f.place*tableBlocks+i), t.block(i)) {
			return f.unsure()
		}
	}
	if !f.disk.Flush() {
		return f.unsure()
	}
	f.place, f.dirty, f.kept = 1-f.place, false, f.used
	return OK
}

// unsure is the end of a Sync that failed with part of the table written: the disk may
// have either table, so that no block of either may be written.
func (f *FS) unsure() Error {
	for i := range f.kept {
		f.kept[i] |= f.used[i]
	}
	return DiskError
}

// Generation counts the Syncs of this disk that changed something.
func (f *FS) Generation() uint64 { return f.table.generation }

// Free is the number of blocks that can be written before the next Sync.
func (f *FS) Free() (n int) {
	for b := uint64(firstBlock); b < f.table.blocks; b++ {
		if (f.used[b/64]|f.kept[b/64])>>(b%64)&1 == 0 {
			n++
		}
	}
	return n
}

// take finds a block that neither table uses; 0 where there is none.
func (f *FS) take() uint32 {
	n := uint32(f.table.blocks)
	for range n - firstBlock {
		b := f.next
		if f.next++; f.next >= n {
			f.next = firstBlock
		}
		if (f.used[b/64]|f.kept[b/64])>>(b%64)&1 == 0 {
			f.used[b/64] |= 1 << (b % 64)
			return b
		}
	}
	return 0
}

// drop gives a block back; one that the disk's table has is free after the next Sync.
func (f *FS) drop(b uint32) {
	if b != 0 {
		f.used[b/64] &^= 1 << (b % 64)
	}
}
