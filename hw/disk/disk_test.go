package disk

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// file is a base or a target of WriteBack.
type file []byte

func (f file) ReadAt(b []byte, off int64) (int, error) {
	if off >= int64(len(f)) {
		return 0, io.EOF
	}
	n := copy(b, f[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f file) WriteAt(b []byte, off int64) (int, error) { return copy(f[off:], b), nil }

const testBytes = 1<<20 + 512 // two levels, last chunk cut

func newDisk(t *testing.T, base io.ReaderAt) *Disk {
	t.Helper()
	d, err := New(Spec{Bytes: testBytes, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOracle runs random writes, saves, loads and forks against flat copies.
func TestOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	base := make(file, testBytes-9000) // shorter than the disk
	for i := range base {
		base[i] = byte(r.Uint32())
	}
	type saved struct {
		s    State
		flat []byte
	}
	d, flat := newDisk(t, base), make([]byte, testBytes)
	copy(flat, base)
	var saves []saved
	for step := range 200 {
		b := make([]byte, r.IntN(10000))
		off := r.IntN(testBytes - len(b) + 1)
		for i := range b {
			b[i] = byte(step)
		}
		d.Write(uint64(off), b)
		copy(flat[off:], b)
		switch k := r.IntN(6); {
		case k == 0:
			saves = append(saves, saved{d.Save(), bytes.Clone(flat)})
		case k == 1 && len(saves) > 0:
			s := saves[r.IntN(len(saves))]
			if r.IntN(2) == 0 {
				d = newDisk(t, base)
			}
			d.Load(s.s)
			copy(flat, s.flat)
		}
		if step%50 == 0 {
			got := make([]byte, testBytes)
			if d.Read(0, got); !bytes.Equal(got, flat) {
				t.Fatalf("step %d: content differs", step)
			}
			fresh := newDisk(t, base)
			if fresh.Write(0, flat); fresh.Digest() != d.Digest() {
				t.Fatalf("step %d: the digest depends on history", step)
			}
		}
	}
	for i, s := range saves {
		d.Load(s.s)
		got := bytes.Clone(base)
		got = append(got, make([]byte, testBytes-len(got))...)
		if _, err := d.WriteBack(file(got)); err != nil || !bytes.Equal(got, s.flat) {
			t.Fatalf("state %d written back differs (%v)", i, err)
		}
	}
}

func TestWrittenBackToWhatItWas(t *testing.T) {
	d := newDisk(t, nil)
	was := d.Digest()
	d.Write(70000, []byte{1})
	if d.Digest() == was {
		t.Error("the digest does not see a write")
	}
	if d.Write(70000, []byte{0}); d.Digest() != was {
		t.Error("the digest remembers what is gone")
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no medium") }

func TestErrors(t *testing.T) {
	for _, n := range []uint64{0, 511, MaxBytes + 512} {
		if _, err := New(Spec{Bytes: n}); err == nil {
			t.Errorf("a disk of %d bytes", n)
		}
	}
	d := newDisk(t, broken{})
	if d.Read(0, make([]byte, 4)); d.Err() == nil {
		t.Error("an error of the host is lost")
	}
}
