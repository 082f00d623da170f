package fs

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// medium is a disk with a cache: what is written is on the medium after a Flush, and
// before that perhaps.
type medium struct {
	blocks [][BlockSize]byte // with everything that was written
	safe   map[uint32][BlockSize]byte
	cached map[uint32][][BlockSize]byte // all that a crash may leave in a block's place
	left   int                          // writes until power fails, below 0: never
	errors int                          // the next so many operations fail
}

// off is what a power failure panics with.
type off struct{}

func newMedium(n int) *medium {
	return &medium{blocks: make([][BlockSize]byte, n), safe: map[uint32][BlockSize]byte{}, cached: map[uint32][][BlockSize]byte{}, left: -1}
}

func (m *medium) disk() *Disk {
	fails := func() bool {
		if m.errors > 0 {
			m.errors--
			return true
		}
		return false
	}
	return &Disk{
		Blocks: uint64(len(m.blocks)),
		Read:   func(b uint32, to *[BlockSize]byte) bool { *to = m.blocks[b]; return !fails() },
		Write: func(b uint32, from *[BlockSize]byte) bool {
			if m.left == 0 {
				panic(off{})
			}
			m.left--
			if _, ok := m.safe[b]; !ok {
				m.safe[b] = m.blocks[b]
			}
			m.cached[b] = append(m.cached[b], *from)
			m.blocks[b] = *from
			return !fails()
		},
		Flush: func() bool {
			if m.left == 0 {
				panic(off{})
			}
			m.left--
			if fails() {
				return false
			}
			clear(m.safe)
			clear(m.cached)
			return true
		},
	}
}

// crash is the medium after power failed: of each block what is safe, or any of what was
// in the cache.
func (m *medium) crash(r *rand.Rand) *medium {
	n := newMedium(len(m.blocks))
	copy(n.blocks, m.blocks)
	for b := range uint32(len(m.blocks)) {
		if old, ok := m.safe[b]; ok {
			if k := r.IntN(len(m.cached[b]) + 1); k == 0 {
				n.blocks[b] = old
			} else {
				n.blocks[b] = m.cached[b][k-1]
			}
		}
	}
	return n
}

// same compares a file system with a model.
func same(f *FS, model map[string][]byte) error {
	n := 0
	for i := range MaxFiles {
		name := f.Name(i)
		if len(name) == 0 {
			continue
		}
		n++
		want, ok := model[string(name)]
		got := make([]byte, f.Size(i)+10)
		k, e := f.Read(i, 0, got)
		if !ok || e != OK || !bytes.Equal(got[:k], want) {
			return fmt.Errorf("file %q: %d bytes (error %d), want %d, there %v", name, k, e, len(want), ok)
		}
	}
	if n != len(model) {
		return fmt.Errorf("%d files, want %d", n, len(model))
	}
	return nil
}

// step does one operation at random to both.
func step(t *testing.T, r *rand.Rand, f *FS, model map[string][]byte) {
	name := fmt.Sprint("file", r.IntN(12))
	i := f.Find([]byte(name))
	old, there := model[name]
	if (i >= 0) != there {
		t.Fatalf("%s is found at %d, want it there: %v", name, i, there)
	}
	switch {
	case !there:
		if j, e := f.Create([]byte(name)); e == OK && j >= 0 {
			model[name] = nil
		} else {
			t.Fatalf("create: error %d", e)
		}
	case r.IntN(8) == 0:
		f.Remove([]byte(name))
		delete(model, name)
	case r.IntN(8) == 0:
		to := fmt.Sprint("file", r.IntN(12))
		f.Rename([]byte(name), []byte(to))
		delete(model, name)
		model[to] = old
	case r.IntN(6) == 0:
		size := r.IntN(6 * BlockSize)
		if e := f.Truncate(i, uint64(size)); e == NoRoom {
			return
		}
		model[name] = append(bytes.Clone(old[:min(size, len(old))]), make([]byte, max(0, size-len(old)))...)
	default:
		at, b := r.IntN(4*BlockSize), make([]byte, 1+r.IntN(3*BlockSize))
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		n, _ := f.Write(i, uint64(at), b)
		if n == 0 {
			return
		}
		grown := append(bytes.Clone(old), make([]byte, max(0, at+n-len(old)))...)
		copy(grown[at:], b[:n])
		model[name] = grown
	}
}

// TestCrashes lets power fail at every point of random work: the file system then holds
// what it held at the last Sync that ended, or at the one that was under way.
func TestCrashes(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := newMedium(16 + 60 + r.IntN(100))
		f := new(FS)
		if e := f.Format(m.disk()); e != OK {
			t.Fatalf("format: error %d", e)
		}
		model := map[string][]byte{}
		last, next := maps.Clone(model), maps.Clone(model)
		m.left = r.IntN(300)
		func() {
			defer func() {
				if x := recover(); x != nil && x != (off{}) {
					panic(x)
				}
			}()
			for range 200 {
				step(t, r, f, model)
				if r.IntN(5) == 0 {
					next = maps.Clone(model)
					if e := f.Sync(); e != OK {
						t.Fatalf("sync: error %d", e)
					}
					last = next
				}
				if r.IntN(20) == 0 {
					if err := same(f, model); err != nil {
						t.Fatalf("seed %d, before the crash: %v", seed, err)
					}
				}
			}
		}()
		after := m.crash(r)
		g := new(FS)
		if e := g.Mount(after.disk()); e != OK {
			t.Fatalf("seed %d: mount: error %d", seed, e)
		}
		if old, now := same(g, last), same(g, next); old != nil && now != nil {
			t.Fatalf("seed %d: neither as at the last sync (%v) nor as at the one under way (%v)", seed, old, now)
		}
		g.Create([]byte("works"))
		if g.Sync() != OK {
			t.Fatal("it cannot be used after the crash")
		}
	}
}

// TestDiskErrors: an operation that the disk fails says so, and what was synced before
// stays, whatever follows.
func TestDiskErrors(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		m := newMedium(120)
		f := new(FS)
		f.Format(m.disk())
		model := map[string][]byte{}
		for range 30 {
			step(t, r, f, model)
		}
		f.Sync()
		synced := []map[string][]byte{maps.Clone(model)}
		for range 20 {
			name := fmt.Sprint("file", r.IntN(12))
			if i := f.Find([]byte(name)); i >= 0 {
				m.errors = r.IntN(2)
				f.Write(i, 0, []byte("other"))
			}
			m.errors = r.IntN(2) * (1 + r.IntN(3))
			now := map[string][]byte{}
			for i := range MaxFiles {
				if n := f.Name(i); len(n) > 0 {
					was := m.errors
					m.errors = 0
					b := make([]byte, f.Size(i))
					f.Read(i, 0, b)
					now[string(n)] = b
					m.errors = was
				}
			}
			e := f.Sync()
			if e == OK {
				synced = nil
			}
			synced = append(synced, now) // a Sync that failed may have reached the medium
		}
		m.errors = 0
		g := new(FS)
		if e := g.Mount(m.crash(r).disk()); e != OK {
			t.Fatalf("seed %d: mount: error %d", seed, e)
		}
		found := false
		for _, s := range synced {
			found = found || same(g, s) == nil
		}
		if !found {
			t.Fatalf("seed %d: the disk holds no state that was synced", seed)
		}
	}
}

// TestLimits: what does not fit is refused, and nothing else changes.
func TestLimits(t *testing.T) {
	m := newMedium(16 + 20)
	f := new(FS)
	f.Format(m.disk())
	for _, bad := range []string{"", "a/b", string(make([]byte, 5)), string(bytes.Repeat([]byte{'x'}, MaxName+1))} {
		if _, e := f.Create([]byte(bad)); e != BadName {
			t.Errorf("a file named %q: error %d", bad, e)
		}
	}
	i, _ := f.Create([]byte("big"))
	if _, e := f.Write(i, MaxSize-1, []byte("ab")); e != NoRoom || f.Size(i) != 0 {
		t.Errorf("beyond the longest file: error %d, size %d", e, f.Size(i))
	}
	if n, e := f.Write(i, 0, make([]byte, 30*BlockSize)); e != NoRoom || n != 20*BlockSize {
		t.Errorf("on a full disk %d bytes are written, error %d", n, e)
	}
	if f.Sync() != OK || f.Remove([]byte("big")) != OK || f.Free() != 0 {
		t.Errorf("%d blocks are free before the sync, want 0: the disk's table has them", f.Free())
	}
	if f.Sync(); f.Free() != 20 {
		t.Errorf("%d blocks are free after it, want 20", f.Free())
	}
	for k := range MaxFiles {
		f.Create(fmt.Append(nil, k))
	}
	if _, e := f.Create([]byte("one more")); e != NoRoom {
		t.Errorf("one file too many: error %d", e)
	}
	if g := new(FS); g.Mount(newMedium(50).disk()) != BadDisk {
		t.Error("a disk of zeros is mounted")
	}
}
