package wire

import (
	"fmt"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/models"
	"resvirt/sim"
)

// star is a switch with stations that keep what they get.
type star struct {
	m     *bustest.Machine
	s     *Switch
	sinks []*sink
	ends  []End
}

func newStar(n int) *star {
	timing := models.DefaultTiming()
	x := &star{m: bustest.New(0)}
	slot := x.m.Slot()
	x.s = NewSwitch(slot)
	slot.Device = x.s
	for range n {
		slot := x.m.Slot()
		w := New(slot, &timing)
		slot.Device = w
		k := &sink{m: x.m}
		x.sinks = append(x.sinks, k)
		x.ends = append(x.ends, w.Attach(0, k))
		x.s.Plug(w)
	}
	return x
}

// frame is one from a station to another, by their numbers; to is 'b' for all.
func frame(from, to byte) []byte {
	f := make([]byte, 60)
	copy(f, []byte{2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from})
	if to == 'b' {
		copy(f, []byte{255, 255, 255, 255, 255, 255})
	}
	return f
}

// TestSwitch: where frames come out, one after the other.
func TestSwitch(t *testing.T) {
	x := newStar(4)
	tapped := 0
	x.s.Tap(func(sim.Time, int, []byte) { tapped++ })
	for i, c := range []struct {
		port     int
		from, to byte
		want     string // how many each port gets
	}{
		{0, 10, 11, "[0 1 1 1]"}, // unknown: all others
		{1, 11, 10, "[1 0 0 0]"}, // learned from the first
		{0, 10, 11, "[0 1 0 0]"},
		{2, 12, 'b', "[1 1 0 1]"},
		{3, 10, 'b', "[1 1 1 0]"}, // station 10 has moved to port 3
		{1, 11, 10, "[0 0 0 1]"},
		{3, 13, 10, "[0 0 0 0]"}, // they share a port
		{0, 'b', 12, "[0 0 1 0]"},
	} {
		f := frame(c.from, c.to)
		if c.from == 'b' { // a group cannot send, and is not learned
			f[6] = 3
		}
		x.ends[c.port].Send(f)
		x.m.Drain()
		var got []int
		for _, k := range x.sinks {
			got = append(got, len(k.frames))
			k.frames = nil
		}
		if fmt.Sprint(got) != c.want || tapped != i+1 {
			t.Errorf("frame %d: %v, want %s; %d recorded", i, got, c.want, tapped)
		}
	}
}

// TestSwitchForgets: the table holds so many stations; the first that was learned makes room.
func TestSwitchForgets(t *testing.T) {
	x := newStar(3)
	for i := range byte(switchEntries + 1) {
		x.ends[0].Send(frame(i, 200))
		x.m.Drain()
	}
	x.sinks[2].frames = nil
	x.ends[1].Send(frame(201, 1))
	x.ends[1].Send(frame(201, 0))
	if x.m.Drain(); len(x.sinks[2].frames) != 0 {
		// station 201 took the place of station 1, which is therefore flooded, too
		if n := len(x.sinks[2].frames); n != 2 {
			t.Errorf("%d frames are sent to all, want those for the two that were forgotten", n)
		}
	} else {
		t.Error("nothing is forgotten")
	}
}

// TestSwitchQueue: what comes faster than it can leave waits, and is lost at the end.
func TestSwitchQueue(t *testing.T) {
	x := newStar(3)
	for range switchQueue {
		x.ends[0].Send(frame(10, 12))
		x.ends[1].Send(frame(11, 12))
		x.ends[0].Send(frame(10, 12))
		x.ends[1].Send(frame(11, 12))
	}
	x.m.Drain()
	// Half of them leave while the others come; of these as many as the queue holds.
	if n := len(x.sinks[2].frames); n > 3*switchQueue || n < 3*switchQueue-switchQueue/8 {
		t.Errorf("%d frames of %d arrive", n, 4*switchQueue)
	}
}

// TestSwitchSnapshots takes the state apart after each event.
func TestSwitchSnapshots(t *testing.T) {
	start := func() *star {
		x := newStar(3)
		for i := range byte(3) {
			x.ends[i].Send(frame(i, 'b'))
			x.ends[i].Send(frame(i, (i+1)%3))
		}
		return x
	}
	x, end := start(), start()
	end.m.Drain()
	for i := 0; ; i++ {
		other := start()
		other.m.Drain()
		if other.m.Load(x.m.Save()); other.m.Digest() != x.m.Digest() {
			t.Fatalf("event %d: digest differs", i)
		}
		if other.m.Drain(); other.m.Digest() != end.m.Digest() {
			t.Fatalf("event %d: another end", i)
		}
		if !x.m.Step(sim.Never - 1) {
			return
		}
	}
}

// TestLeases: clients of one maker's row have an address each, and the one that QEMU gives
// its first controller has the one that QEMU gives it.
func TestLeases(t *testing.T) {
	r := &remote{ip4: DefaultRemote().IP}
	seen := map[ip4]bool{r.ip4: true}
	for i := range byte(leases) {
		ip := r.lease(mac{2, 0, 0, 0, 0, firstClient + i})
		if seen[ip] || ip[3] == 0 || ip[3] == 255 {
			t.Errorf("client %d has %v", i, ip)
		}
		seen[ip] = true
	}
	if ip := r.lease(mac{0x52, 0x54, 0, 0x12, 0x34, 0x56}); ip != (ip4{10, 0, 2, 15}) {
		t.Errorf("QEMU's client has %v", ip)
	}
}
