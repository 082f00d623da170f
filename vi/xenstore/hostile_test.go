package xenstore

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"resvirt/vi/pvio"
)

// FuzzHostileClient lets a domain do what it likes with its page: bytes into the ring at
// any pace, indices of both sides. The server must not panic, another client must be
// served within a few turns of each of these deeds, the store must stay whole, and the
// domain must not have more than its quota.
func FuzzHostileClient(f *testing.F) {
	for _, seed := range hostileSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { beHostile(t, data[:min(len(data), 4000)]) })
}

// hostileSeeds are requests as they should be, one after another, and with parts missing.
func hostileSeeds() (list [][]byte) {
	q := sequence{data: randomBytes(7, 400), txs: map[uint16][]uint32{}}
	var all []byte
	for range 30 {
		_, tx, kind, payload := q.next()
		one := message(kind, tx, payload)
		list = append(list, append([]byte{hostileSend, byte(len(one))}, one...))
		all = append(append(all, hostileSend, byte(len(one))), one...)
	}
	return append(list, all, randomBytes(8, 500))
}

func message(kind, tx uint32, payload string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, tx)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	return append(b, payload...)
}

const (
	hostileSend  = iota // so many bytes
	hostileIndex        // an index of the page gets another value
	hostileTake         // it takes what there is
	hostileTurn
	hostileAgain // the toolstack introduces it anew
	hostileKinds
)

func beHostile(t *testing.T, data []byte) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	w.must(4, 0, watchMsg, "good\x00g\x00", ok)
	q := sequence{data: data}
	for len(q.data) > 0 {
		p := w.pages[3]
		switch q.byte() % hostileKinds {
		case hostileSend:
			n := min(q.byte(), len(q.data))
			if used := p.ReqProd - p.ReqCons; used > pvio.StoreRing || int(used)+n > pvio.StoreRing {
				w.s.Turn()
			}
			for i, b := range q.data[:n] {
				p.Req[(p.ReqProd+uint32(i))%pvio.StoreRing] = b
			}
			q.data = q.data[n:]
			p.ReqProd += uint32(n)
		case hostileIndex:
			at := pick(&q, &p.ReqProd, &p.RspCons, &p.ReqCons, &p.RspProd, &p.Connection, &p.Features, &p.Error)
			*at += uint32(int8(q.byte())) << pick(&q, 0, 0, 4, 24)
		case hostileTake:
			p.RspCons = p.RspProd
		case hostileTurn:
			w.s.Turn()
		case hostileAgain:
			w.must(0, 0, introduce, "3\x001\x0011\x00", ok)
		}
		w.must(4, 0, write, "good\x00"+itoa(len(q.data)), ok)
	}
	for range 50 {
		w.s.Turn()
		w.pages[3].RspCons = w.pages[3].RspProd
	}
	w.events(4)
	if what, where := w.s.Check(); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
	if d := w.s.domainOf(3); d.cells*granule > d.quota[quotaMemory] || d.nodes > d.quota[quotaNodes] {
		t.Fatalf("the domain has %d nodes and %d cells", d.nodes, d.cells)
	}
}

func TestHostileClient(t *testing.T) {
	for _, seed := range hostileSeeds() {
		beHostile(t, seed)
	}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		q := sequence{data: randomBytes(seed, 1000), txs: map[uint16][]uint32{3: {1, 2}}}
		var data []byte
		for len(q.data) > 0 {
			_, tx, kind, payload := q.next()
			m := message(kind, tx, payload)
			if len(m) < 256 {
				data = append(append(data, hostileSend, byte(len(m))), m...)
			}
			if r.IntN(20) == 0 {
				data = append(data, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
			}
		}
		beHostile(t, data)
	}
}
