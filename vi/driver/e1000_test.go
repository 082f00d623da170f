package driver

import (
	"bytes"
	"testing"

	"resvirt/hw/e1000"
	"resvirt/models"
	"resvirt/sim"
	"resvirt/vi/back"
)

// wire takes what is sent.
type wire struct {
	w      *world
	frames [][]byte
}

func (w *wire) Send(frame []byte) sim.Time {
	w.frames = append(w.frames, bytes.Clone(frame))
	return w.w.Time + sim.Microsecond
}

// TestE1000 sends and receives more frames than rings have slots: each arrives once, in
// order, whole, also after a reset; and where the interface has no room, the driver says so.
func TestE1000(t *testing.T) {
	w := newWorld()
	s := w.Slot()
	timing := models.DefaultTiming()
	mac := [6]byte{2, 0, 0, 0, 0, 7}
	c := e1000.New(s, mac, &timing)
	s.Device = c
	out := &wire{w: w}
	c.Connect(out)
	c.Config().Write(4, []byte{6, 0})
	e := &E1000{Kernel: w.kernel()}
	e.Registers.Device = space{c}
	var f back.Frame
	frame := func(i int) []byte {
		b := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 30+i%700)
		return b
	}
	for round := range 2 {
		if !e.Start() {
			t.Fatal(e.Why)
		}
		if e.Address != mac {
			t.Errorf("the address is %x, want %x", e.Address, mac)
		}
		w.Drain()
		if !e.Up() {
			t.Fatal("no link")
		}
		out.frames = nil
		for i := range 1000 {
			f.Length = copy(f.Data[:], frame(i))
			if !e.Send(&f) {
				w.Drain()
				if !e.Send(&f) {
					t.Fatal("no room after all was sent")
				}
			}
		}
		w.Drain()
		for i, got := range out.frames {
			if !bytes.Equal(got, frame(i)) {
				t.Fatalf("round %d: frame %d on the wire has %d bytes, %x", round, i, len(got), got[:8])
			}
		}
		if len(out.frames) != 1000 || !e.Check(1e6) {
			t.Fatalf("%d frames on the wire; %s", len(out.frames), e.Why)
		}
		for i := range 1000 {
			c.Receive(frame(i))
			w.Drain()
			if i%3 == 2 || i == 999 { // several at a time
				for k := i - i%3; k <= i; k++ {
					if !e.Receive(&f) || !bytes.Equal(f.Bytes(), frame(k)) {
						t.Fatalf("round %d: frame %d is %d bytes, %x", round, k, f.Length, f.Data[:8])
					}
				}
			}
		}
		if e.Receive(&f) {
			t.Fatal("one frame too many")
		}
	}
	before := e.Count.NoRoom
	for range e1000Sent + 3 { // no event happens in between
		e.Send(&f)
	}
	if e.Count.NoRoom-before != 3 {
		t.Errorf("%d frames found no room, want 3", e.Count.NoRoom-before)
	}
	w.Time += sim.Second
	if e.Check(1e8) {
		t.Error("frames that wait for a second are in order")
	}
}
