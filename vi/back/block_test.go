package back

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"resvirt/vi/front"
	"resvirt/vi/pvio"
)

// TestBlocksAsModel writes, reads, flushes and discards at random, through rings of both
// kinds of grants, while the disk does commands in any order and the back end dies and is
// put in place again; what is read must be what a plain copy of the disk holds, and at
// the end the volume is that copy, and no byte outside it has changed.
func TestBlocksAsModel(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, 1024)
		for i := range w.disk {
			w.disk[i] = byte(i * 7)
		}
		const first, sectors = 100, 800
		model := bytes.Clone(w.disk)
		f, b := connect(w, first, sectors)
		b.Persistent = seed%2 == 1
		type pending struct {
			op     uint8
			sector uint64
			n      int
		}
		var asked [front.BlockPages]*pending
		busy := func(sector uint64, n int) bool { // requests on their way have no order
			for _, p := range asked {
				if p != nil && sector < p.sector+uint64(p.n) && p.sector < sector+uint64(n) {
					return true
				}
			}
			return false
		}
		take := func() {
			f.Poll()
			if f.Broken {
				t.Fatalf("seed %d: the front end gives up: %s", seed, f.Why)
			}
			for i, p := range asked {
				state, status := f.Outcome(i)
				if p == nil || state != front.Ended {
					continue
				}
				if status != pvio.BlkOkay {
					t.Fatalf("seed %d: request %+v ends with %d", seed, p, status)
				}
				at := (first + p.sector) * pvio.BlkSector
				switch bytes := f.Buffers[i].Data[:p.n*pvio.BlkSector]; p.op {
				case pvio.BlkRead:
					if string(bytes) != string(model[at:][:len(bytes)]) {
						t.Fatalf("seed %d: wrong bytes read at sector %d", seed, p.sector)
					}
				}
				f.Release(i)
				asked[i] = nil
			}
		}
		for step := 0; step < 3000; step++ {
			switch k := r.IntN(10); {
			case k < 4:
				i, n := f.Reserve(), 1+r.IntN(8)
				sector := r.Uint64N(sectors - 8)
				if i < 0 || busy(sector, n) {
					break
				}
				p := &pending{op: []uint8{pvio.BlkRead, pvio.BlkWrite, pvio.BlkWrite, pvio.BlkFlush, pvio.BlkDiscard}[r.IntN(5)], sector: sector, n: n}
				asked[i] = p
				at := (first + sector) * pvio.BlkSector
				switch p.op {
				case pvio.BlkDiscard:
					clear(model[at:][:n*pvio.BlkSector])
					f.Forget(i, sector, uint64(n))
				case pvio.BlkWrite:
					for j := range n * pvio.BlkSector / 8 {
						binary.LittleEndian.PutUint64(f.Buffers[i].Data[j*8:], r.Uint64())
					}
					copy(model[at:], f.Buffers[i].Data[:n*pvio.BlkSector])
					f.Ask(i, p.op, sector, n)
				default:
					f.Ask(i, p.op, sector, n)
				}
			case k < 6:
				b.Serve()
			case k < 8:
				w.step(r, b)
			case k < 9 || step%50 != 0:
				take()
			default: // the back end's domain dies: its disk is reset, its mappings go
				w.queue, w.handle = nil, map[uint32]uint32{}
				old := b
				b = &Block{Domain: 1, Volume: old.Volume, Grants: old.Grants, Disk: old.Disk, Tag: 7, Persistent: old.Persistent}
				if !b.Attach(f.Ring.Ring) {
					t.Fatal("a ring in use is refused")
				}
			}
		}
		for !f.Idle() {
			b.Serve()
			w.step(r, b)
			take()
		}
		if !bytes.Equal(w.disk, model) {
			t.Fatalf("seed %d: the disk differs from its copy", seed)
		}
		b.Detach()
		if len(w.handle) != 0 {
			t.Fatalf("seed %d: %d mappings are left", seed, len(w.handle))
		}
	}
}
