package wire

import (
	"encoding/binary"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/models"
	"resvirt/sim"
)

// target is a computer with the programs that answer a Load, as far as it wants to: it is
// told of each request and says how often it is answered, and whether wrongly.
type target struct {
	remote
	table  map[uint64][2][]byte // of the service: value and version by key
	answer func(n uint32, end bool) (times int, wrong bool)
}

func (d *target) Receive(f []byte) {
	be, le := binary.BigEndian, binary.LittleEndian
	if be.Uint16(f[12:]) == typeARP {
		d.arp(f)
		return
	}
	p := f[14:]
	u := p[20:]
	data := append([]byte(nil), u[8:be.Uint16(u[4:])]...)
	end, n := le.Uint32(data) == kindEnd, le.Uint32(data[4:])
	if be.Uint16(u[2:]) == servicePort {
		end = data[8] == opEnd
		d.serve(data)
	} else {
		for i := 16; i < len(data); i++ {
			data[i] ^= 0x5a
		}
		le.PutUint32(data, kindAnswer)
		le.PutUint64(data[8:], benchSum(data[16:]))
	}
	times, wrong := 1, false // the first request is heard
	if n != firstRequest {
		times, wrong = d.answer(n, end)
	}
	if wrong {
		data[len(data)-1] ^= 1
	}
	for range times {
		d.sendUDP(f[6:12], ip4(p[12:16]), be.Uint16(u[2:]), loadPort, data)
	}
}

func (d *target) serve(b []byte) {
	key := binary.LittleEndian.Uint64(b[16:])
	switch b[8] {
	case opPut:
		d.table[key] = [2][]byte{append([]byte(nil), b[32:]...), append([]byte(nil), b[24:32]...)}
	case opDelete:
		delete(d.table, key)
	}
	b[12] = 1
	if v, ok := d.table[key]; ok {
		b[12] = 0
		copy(b[32:], v[0])
		copy(b[24:32], v[1])
	}
	b[8] |= opAnswer
}

// joined is a Load and its target on one wire.
func joined(l Load, answer func(n uint32, end bool) (int, bool)) (*bustest.Machine, *load) {
	timing := models.DefaultTiming()
	m := bustest.New(0)
	slot := m.Slot()
	w := New(slot, &timing)
	slot.Device = w
	own := m.Slot()
	d := l.Join(own, w.End(0), &timing).(*load)
	own.Device = d
	w.Attach(0, d)
	t := &target{table: map[uint64][2][]byte{}, answer: answer}
	t.remote = remote{mac: mac{2, 0, 0, 0, 0, 9}, ip4: ip4(l.Target), out: w.End(1)}
	w.Attach(1, t)
	return m, d
}

// TestLoadCounts: what is lost, doubled, wrong or late is counted, and the run has failed as
// the definition of NetBench says.
func TestLoadCounts(t *testing.T) {
	for _, kind := range []LoadKind{NetBench, Service} {
		l := Load{Remote: DefaultRemote(), Kind: kind, Target: [4]byte{10, 0, 2, 15}, Period: 100 * sim.Microsecond, Count: 200, Size: 200, Seed: 3}
		for _, c := range []struct {
			name   string
			answer func(n uint32, end bool) (int, bool)
			want   LoadResult
		}{
			{"all is well", func(uint32, bool) (int, bool) { return 1, false }, LoadResult{Asked: 200, Answered: 200, Ended: true}},
			{"two of twenty are lost", func(n uint32, end bool) (int, bool) {
				if n%20 == 3 || n%20 == 4 {
					return 0, false
				}
				return 1, false
			}, LoadResult{Asked: 200, Answered: 180, Ended: true}},
			{"three of one tenth are lost", func(n uint32, end bool) (int, bool) {
				if n >= 60 && n < 63 {
					return 0, false
				}
				return 1, false
			}, LoadResult{Asked: 200, Answered: 197, Ended: true, Failed: true}},
			{"one is doubled", func(n uint32, end bool) (int, bool) {
				if n == 50 {
					return 2, false
				}
				return 1, false
			}, LoadResult{Asked: 200, Answered: 200, Doubled: 1, Ended: true}},
			{"the end is not heard", func(n uint32, end bool) (int, bool) {
				if end {
					return 0, false
				}
				return 1, false
			}, LoadResult{Asked: 200, Answered: 200, Ended: true}},
		} {
			m, d := joined(l, c.answer)
			m.Drain()
			got := d.Result()
			if got.Latency <= 0 || got.Gap < l.Period*9/10 {
				t.Errorf("kind %d, %s: latency %v, longest gap %v", kind, c.name, got.Latency, got.Gap)
			}
			got.Latency, got.Gap = 0, 0
			if got != c.want {
				t.Errorf("kind %d, %s: %+v, want %+v", kind, c.name, got, c.want)
			}
		}
	}
	l := Load{Remote: DefaultRemote(), Target: [4]byte{10, 0, 2, 15}, Period: 100 * sim.Microsecond, Count: 50, Size: 64}
	m, d := joined(l, func(n uint32, end bool) (int, bool) { return 1, n == 20 })
	m.Drain()
	if r := d.Result(); r.Wrong != 1 || !r.Failed {
		t.Errorf("a wrong answer: %+v", r)
	}
}

// TestLoadIsState: a run that goes on from a saved state ends as the run that was saved.
func TestLoadIsState(t *testing.T) {
	l := Load{Remote: DefaultRemote(), Kind: Service, Target: [4]byte{10, 0, 2, 15}, Period: 100 * sim.Microsecond, Count: 100, Seed: 5}
	lossy := func(n uint32, _ bool) (int, bool) { return int(n % 3), false }
	m, d := joined(l, lossy)
	m.Run(5 * sim.Millisecond)
	saved := m.Save()
	m.Drain()
	want, result := m.Digest(), d.Result()
	m.Load(saved)
	if d.Result() == result {
		t.Fatal("the state of the past is that of the end")
	}
	m.Drain()
	if m.Digest() != want || d.Result() != result {
		t.Errorf("the second end is %+v, the first was %+v", d.Result(), result)
	}
}
