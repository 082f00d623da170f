package back

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/pvio"
)

// FuzzHostileBlocks lets a front end write what it likes into its ring, at any time. The
// back end must not fall, must keep to the volume and to what is granted (the world
// checks each command), and in the end holds no mapping.
func FuzzHostileBlocks(f *testing.F) {
	f.Add(uint64(1), []byte{1, 0, 1, 2, 3})
	f.Add(uint64(2), make([]byte, 300))
	f.Fuzz(func(t *testing.T, seed uint64, script []byte) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t, 256)
		_, b := connect(w, 64, 128)
		b.Persistent = seed&1 != 0
		b.Volume.ReadOnly = seed&2 != 0
		s := b.Ring.Ring
		before := string(w.disk)
		for at := 0; at < len(script); at++ {
			switch c := script[at]; c % 8 {
			case 0, 1, 2: // a request, near to a sensible one
				q := (*pvio.BlkRequest)(b.Ring.RequestAt(s.ReqProd))
				*q = hostileRequest(r, script[at:])
				s.ReqProd++
			case 3: // bytes of the script anywhere in the ring's page
				page := (*pageOf)(unsafe.Pointer(s))
				copy(page[r.IntN(len(page)):], script[at:])
			case 4:
				b.Serve()
			case 5:
				w.step(r, b)
			case 6: // a grant is taken back, or a disk fails
				w.bad[uint32(r.IntN(8))] = c&8 != 0
				w.wrong = c&16 != 0
			case 7:
				s.ReqProd += uint32(int32(int8(c)) >> 3)
			}
		}
		for b.Serve(); w.step(r, b); {
		}
		if b.Busy() {
			t.Fatal("a command of the disk has ended and is not known to have")
		}
		b.Detach()
		if len(w.handle) != 0 {
			t.Fatalf("%d mappings are left", len(w.handle))
		}
		if string(w.disk[:64*pvio.BlkSector]) != before[:64*pvio.BlkSector] || string(w.disk[192*pvio.BlkSector:]) != before[192*pvio.BlkSector:] {
			t.Fatal("the disk has changed outside the volume")
		}
		if b.Volume.ReadOnly && string(w.disk) != before {
			t.Fatal("a volume that is read only has changed")
		}
	})
}

// hostileRequest is a request most of whose fields can be.
func hostileRequest(r *rand.Rand, script []byte) (q pvio.BlkRequest) {
	q = pvio.BlkRequest{Op: uint8(r.IntN(8)), Segments: uint8(r.IntN(13)), ID: r.Uint64(), Sector: r.Uint64N(130)}
	for i := range q.Segment {
		q.Segment[i] = pvio.BlkSegment{Grant: uint32(r.IntN(40)), First: uint8(r.IntN(9)), Last: uint8(r.IntN(9))}
		if r.IntN(3) > 0 {
			q.Segment[i].First, q.Segment[i].Last = 0, 7
		}
	}
	switch q.Op {
	case pvio.BlkIndirect:
		i := indirect(&q)
		i.Segments, i.Indirect, i.Sector = uint16(r.IntN(40)), uint8(r.IntN(3)), r.Uint64N(130)
	case pvio.BlkDiscard:
		discard(&q).Sectors = r.Uint64N(140)
	}
	if r.IntN(8) == 0 {
		q.Sector = r.Uint64()
	}
	if len(script) > 16 && r.IntN(4) == 0 { // and what only the fuzzer can think of
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&q)), unsafe.Sizeof(q))[r.IntN(100):], script[1:9])
	}
	return q
}

// FuzzHostileNets does the same with the rings of a network interface.
func FuzzHostileNets(f *testing.F) {
	f.Add(uint64(1), []byte{0, 1, 2, 3, 4, 5, 6})
	f.Add(uint64(3), make([]byte, 300))
	f.Fuzz(func(t *testing.T, seed uint64, script []byte) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t, 0)
		for range 8 {
			w.grant()
		}
		tx, rx := newRing(), newRing()
		pvio.InitRing(tx)
		pvio.InitRing(rx)
		n := &Net{Domain: 1, Grants: w.grants()}
		n.Attach(tx, rx)
		var frame, out Frame
		for at := 0; at < len(script); at++ {
			switch c := script[at]; c % 8 {
			case 0, 1, 2:
				*(*pvio.NetTxRequest)(n.Tx.RequestAt(tx.ReqProd)) = pvio.NetTxRequest{Grant: uint32(r.IntN(10)),
					Offset: uint16(r.IntN(4200)), Flags: uint16(r.IntN(16)), Size: uint16(r.IntN(1700)), ID: uint16(r.Uint32())}
				tx.ReqProd++
			case 3:
				*(*pvio.NetRxRequest)(n.Rx.RequestAt(rx.ReqProd)) = pvio.NetRxRequest{ID: uint16(r.Uint32()), Grant: uint32(r.IntN(10))}
				rx.ReqProd++
			case 4:
				for n.Take(&frame) {
					if frame.Length != 0 && (frame.Length < etherHeader || frame.Length > MaxFrame) {
						t.Fatalf("a frame of %d bytes", frame.Length)
					}
					if frame.Blank {
						frame.FinishChecksum()
					}
				}
				n.TellSent()
			case 5:
				out.Length = 1 + r.IntN(MaxFrame)
				n.Give(&out)
				n.TellReceived()
			case 6:
				page := (*pageOf)(unsafe.Pointer([]*pvio.SharedRing{tx, rx}[c>>3&1]))
				copy(page[r.IntN(len(page)):], script[at:])
			case 7:
				[]*pvio.SharedRing{tx, rx}[c>>3&1].ReqProd += uint32(int32(int8(c)) >> 4)
			}
		}
		if !n.Broken && n.Tx.RspProd != n.Tx.ReqCons {
			t.Fatal("a packet was taken and not answered")
		}
	})
}

// newRing is a page for a ring.
func newRing() *pvio.SharedRing {
	return (*pvio.SharedRing)(unsafe.Pointer(new([pvio.PageSize / 8]uint64)))
}

// TestIndirectRequests: a list of segments in a granted page is read once, and each
// sector arrives where it belongs, also where pages do not join.
func TestIndirectRequests(t *testing.T) {
	w := newWorld(t, 256)
	f, b := connect(w, 0, 256)
	list, page := w.grant()
	for i := range 20 {
		ref, data := w.grant()
		for j := range data {
			data[j] = byte(i*8 + j/512)
		}
		last := 7
		if i%5 == 4 { // a gap: the next page cannot be in the same command
			last = 3
		}
		binary.LittleEndian.PutUint32(page[i*8:], ref)
		page[i*8+5] = byte(last)
	}
	s := f.Ring.Ring
	*indirect((*pvio.BlkRequest)(b.Ring.RequestAt(0))) = pvio.BlkIndirectRequest{Op: pvio.BlkIndirect, Indirect: pvio.BlkWrite, Segments: 20, ID: 9, Sector: 3, Grant: [8]uint32{list}}
	s.ReqProd++
	b.Serve()
	if len(w.queue) != 4 {
		t.Errorf("%d commands, want 4: three gaps", len(w.queue))
	}
	for r := rand.New(rand.NewPCG(1, 1)); w.step(r, b); {
	}
	if got := *(*pvio.BlkResponse)(b.Ring.RequestAt(0)); s.RspProd != 1 || got.ID != 9 || got.Op != pvio.BlkWrite || got.Status != pvio.BlkOkay {
		t.Fatalf("response %+v", got)
	}
	at := 3
	for i := range 20 {
		for j := range 8 {
			if i%5 == 4 && j > 3 {
				continue
			}
			if got := w.disk[at*512]; got != byte(i*8+j) {
				t.Fatalf("sector %d holds %d, want %d", at, got, i*8+j)
			}
			at++
		}
	}
}
