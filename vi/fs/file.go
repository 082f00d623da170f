package fs

// Find is the number of a file, or below 0.
func (f *FS) Find(name []byte) int {
	var key [MaxName + 1]byte
	if !goodName(name) {
		return -1
	}
	copy(key[:], name)
	for i := range f.table.files {
		if f.table.files[i].name == key {
			return i
		}
	}
	return -1
}

func goodName(name []byte) bool {
	for _, c := range name {
		if c == 0 || c == '/' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= MaxName
}

// Create makes an empty file and gives its number.
func (f *FS) Create(name []byte) (int, Error) {
	switch {
	case !goodName(name):
		return -1, BadName
	case f.Find(name) >= 0:
		return -1, Exists
	}
	for i := range f.table.files {
		if e := &f.table.files[i]; e.name[0] == 0 {
			*e = file{}
			copy(e.name[:], name)
			f.dirty = true
			return i, OK
		}
	}
	return -1, NoRoom
}

// Remove takes a file away.
func (f *FS) Remove(name []byte) Error {
	i := f.Find(name)
	if i < 0 {
		return NoFile
	}
	f.Truncate(i, 0)
	f.table.files[i] = file{}
	f.dirty = true
	return OK
}

// Rename gives a file another name; a file that had that name is gone at the same moment.
func (f *FS) Rename(from, to []byte) Error {
	i := f.Find(from)
	switch {
	case i < 0:
		return NoFile
	case !goodName(to):
		return BadName
	}
	if j := f.Find(to); j == i {
		return OK
	} else if j >= 0 {
		f.Remove(to)
	}
	e := &f.table.files[i]
	e.name = [MaxName + 1]byte{}
	copy(e.name[:], to)
	f.dirty = true
	return OK
}

// Name is the name of file i, empty where there is none; i goes from 0 to MaxFiles-1.
func (f *FS) Name(i int) []byte {
	e := &f.table.files[i]
	n := 0
	for n < len(e.name) && e.name[n] != 0 {
		n++
	}
	return e.name[:n]
}

// Size is a file's length in bytes.
func (f *FS) Size(i int) uint64 { return f.table.files[i].size }

// Read reads a file from an offset on, up to its end. It returns how many bytes it read.
func (f *FS) Read(i int, off uint64, to []byte) (int, Error) {
	e := &f.table.files[i]
	if off >= e.size {
		return 0, OK
	}
	to = to[:min(uint64(len(to)), e.size-off)]
	done := 0
	for done < len(to) {
		at := int(off % BlockSize)
		n := min(len(to)-done, BlockSize-at)
		if b := e.list[off/BlockSize]; b == 0 {
			clear(to[done:][:n])
		} else if !f.disk.Read(b, &f.buffer) {
			return done, DiskError
		} else {
			copy(to[done:][:n], f.buffer[at:])
		}
		done += n
		off += uint64(n)
	}
	return done, OK
}

// Write writes into a file, which grows where it must; a hole before reads as zeros. It
// returns how many bytes it wrote.
func (f *FS) Write(i int, off uint64, from []byte) (int, Error) {
	if off > MaxSize || uint64(len(from)) > MaxSize-off {
		return 0, NoRoom
	}
	e := &f.table.files[i]
	done := 0
	for done < len(from) {
		k, at := uint32(off/BlockSize), int(off%BlockSize)
		n := min(len(from)-done, BlockSize-at)
		if err := f.writeBlock(e, k, at, from[done:][:n]); err != OK {
			return done, err
		}
		done += n
		off += uint64(n)
		e.size = max(e.size, off)
	}
	return done, OK
}

// writeBlock writes a part of block k of a file: into a new block where the disk's table
// has the old one.
func (f *FS) writeBlock(e *file, k uint32, at int, from []byte) Error {
	old := uint32(0)
	if k < e.blocks {
		old = e.list[k]
	}
	if len(from) < BlockSize {
		if old == 0 {
			clear(f.buffer[:])
		} else if !f.disk.Read(old, &f.buffer) {
			return DiskError
		}
	}
	copy(f.buffer[at:], from)
	to := old
	if old == 0 || f.kept[old/64]>>(old%64)&1 != 0 {
		if to = f.take(); to == 0 {
			return NoRoom
		}
	}
	if !f.disk.Write(to, &f.buffer) {
		if to != old {
			f.drop(to)
		}
		return DiskError
	}
	f.dirty = true
	for e.blocks <= k {
		e.list[e.blocks] = 0
		e.blocks++
	}
	if e.list[k] = to; to != old {
		f.drop(old)
	}
	return OK
}

// Truncate makes a file as long as size says; what is added reads as zeros.
func (f *FS) Truncate(i int, size uint64) Error {
	if size > MaxSize {
		return NoRoom
	}
	e := &f.table.files[i]
	keep := uint32((size + BlockSize - 1) / BlockSize)
	if size < e.size && size%BlockSize != 0 && e.list[size/BlockSize] != 0 {
		// What is behind the new end must read as zeros if the file grows again.
		at := int(size % BlockSize)
		if err := f.writeBlock(e, uint32(size/BlockSize), at, f.zeros[at:]); err != OK {
			return err
		}
	}
	for e.blocks > keep {
		e.blocks--
		f.drop(e.list[e.blocks])
		e.list[e.blocks] = 0
	}
	for e.blocks < keep {
		e.list[e.blocks] = 0
		e.blocks++
	}
	f.dirty = f.dirty || e.size != size
	e.size = size
	return OK
}
