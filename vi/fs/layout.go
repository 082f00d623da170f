package fs

import "unsafe"

// Sizes. The table is the generation, the files and a checksum of them.
const (
	BlockSize  = 4096
	MaxFiles   = 63
	MaxName    = 39
	FileBlocks = 112 // of a file, at most
	MaxSize    = FileBlocks * BlockSize

	tableBlocks = 8
	firstBlock  = 2 * tableBlocks
	maxBlocks   = 1 << 16 // of a disk that are used: 256 MiB
)

const tableMagic = 0x31736676_72736572 // "resrvfs1"

// file is an entry of the table. A name of length 0 is a free entry.
type file struct {
	name   [MaxName + 1]byte // filled up with zeros
	size   uint64
	blocks uint32 // in list
	_      uint32
	list   [FileBlocks]uint32 // 0 is a hole of zeros
	_      uint64
}

// table is what a place for the table holds.
type table struct {
	magic      uint64
	generation uint64
	blocks     uint64 // of the disk
	sum        uint64 // of all words of the table but this one
	_          [(512 - 32) / 8]uint64
	files      [MaxFiles]file
}

const (
	_ = uint(tableBlocks*BlockSize - unsafe.Sizeof(table{})) // the table fits
	_ = uint(unsafe.Sizeof(table{}) - tableBlocks*BlockSize) // and fills its place
)

// check is the checksum of a table: FNV-1a over words, the sum's own left out.
func (t *table) check() uint64 {
	h := uint64(14695981039346656037)
	for i, w := range (*[tableBlocks * BlockSize / 8]uint64)(unsafe.Pointer(t)) {
		if i == 3 {
			continue
		}
		h = (h ^ w) * 1099511628211
		h ^= h >> 29
	}
	return h
}

// valid says whether a table can be used on a disk of some blocks.
func (t *table) valid(blocks uint64) bool {
	if t.magic != tableMagic || t.blocks > blocks || t.blocks < firstBlock || t.blocks > maxBlocks || t.sum != t.check() {
		return false
	}
	for i := range t.files {
		f := &t.files[i]
		if f.blocks > FileBlocks || f.size > uint64(f.blocks)*BlockSize || f.name[MaxName] != 0 {
			return false
		}
		for _, b := range f.list[:f.blocks] {
			if b != 0 && (b < firstBlock || uint64(b) >= t.blocks) {
				return false
			}
		}
	}
	return true
}

// block is part i of the table, as it stands on the disk.
func (t *table) block(i int) *[BlockSize]byte {
	return &(*[tableBlocks][BlockSize]byte)(unsafe.Pointer(t))[i]
}
