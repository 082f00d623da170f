package back

import (
	"testing"

	"resvirt/vi/front"
)

// TestNetEnds: packets of two interfaces pass through a bridge and arrive as they were,
// each once and in order; an interface whose front end does not read loses some, and
// hears again when it has made room.
func TestNetEnds(t *testing.T) {
	w := newWorld(t, 0)
	var fronts [2]front.Net
	var backs [2]Net
	var bridge Bridge
	for i := range fronts {
		f := &fronts[i]
		for k := range f.Receive {
			f.Receive[k].Ref, f.Receive[k].Data = w.grant()
		}
		for k := range f.Out {
			f.Out[k].Ref, f.Out[k].Data = w.grant()
		}
		tx, rx := newRing(), newRing()
		f.Init(tx, rx)
		backs[i] = Net{Domain: uint16(i + 1), Grants: w.grants()}
		if !backs[i].Attach(tx, rx) {
			t.Fatal("refused")
		}
		bridge.On[i+1] = true
	}
	outside := 0
	bridge.On[0] = true
	bridge.Send = func(n int, f *Frame) {
		if n == 0 {
			outside++
			return
		}
		backs[n-1].Give(f)
		backs[n-1].TellReceived()
	}
	send := func(from, to, n int) {
		p := fronts[from].Reserve()
		if p < 0 {
			t.Fatal("no page to send")
		}
		d := fronts[from].Out[p].Data
		clear(d[:])
		d[5], d[11], d[14] = byte(to+1), byte(from+1), byte(n)
		fronts[from].Send(p, 60, false)
		var frame Frame
		for backs[from].Take(&frame) {
			bridge.Input(from+1, &frame, uint64(n))
		}
		backs[from].TellSent()
	}
	send(1, 0, 0) // to learn where the second is; nobody has heard of the first
	if page, data, _ := fronts[0].Next(); page < 0 || data[14] != 0 {
		t.Fatal("a frame to an unknown station does not go everywhere")
	} else {
		fronts[0].Return(page)
	}
	if outside != 1 {
		t.Errorf("%d frames left by the wire, want 1", outside)
	}
	for n := range 300 {
		send(0, 1, n)
		page, data, _ := fronts[1].Next()
		if page < 0 || data[14] != byte(n) || len(data) != 60 {
			t.Fatalf("packet %d: page %d, %v", n, page, data)
		}
		fronts[1].Return(page)
	}
	if outside != 1 {
		t.Errorf("frames between two known stations left by the wire: %d", outside)
	}
	for n := range front.NetReceive + 5 {
		send(0, 1, n)
	}
	if got := backs[1].Done.NoRoom; got != 5 || !backs[1].Waiting {
		t.Errorf("%d packets found no room, want 5 (waiting %v)", got, backs[1].Waiting)
	}
	page, _, _ := fronts[1].Next()
	if !fronts[1].Return(page) {
		t.Error("a back end that waits for room is not told of it")
	}
}

// TestChecksums finishes those of packets whose sums are known.
func TestChecksums(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"UDP", udp(20, 5)},
		{"UDP behind options", udp(24, 6)},
	} {
		var f Frame
		f.Length = copy(f.Data[:], c.frame)
		f.Blank = true
		if !f.FinishChecksum() || f.Blank {
			t.Errorf("%s: not finished", c.name)
			continue
		}
		// What a receiver does: the sum over pseudo header and packet is all ones (RFC 768).
		at, end, _ := transportOf(f.Bytes())
		ip := f.Bytes()[14:]
		sum := sumBytes(ip[12:20]) + protocolUDP + uint32(end-at) + sumBytes(f.Bytes()[at:end])
		if fold(sum) != 0xffff {
			t.Errorf("%s: a receiver sums %#x", c.name, fold(sum))
		}
	}
	for name, frame := range map[string][]byte{"ARP": append(make([]byte, 12), 8, 6, 0, 1), "short": make([]byte, 14), "fragment": fragment(udp(20, 5)), "lies": lies(udp(20, 5))} {
		var f Frame
		f.Length = copy(f.Data[:], frame)
		if f.FinishChecksum() {
			t.Errorf("%s: a checksum was written", name)
		}
	}
}

// udp is a frame with n bytes of data, whose checksum is that of the pseudo header.
func udp(header, n int) []byte {
	p := make([]byte, 14+header+8+n)
	p[12] = 8
	ip := p[14:]
	ip[0], ip[3], ip[9] = 0x40|byte(header/4), byte(header+8+n), protocolUDP
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	u := ip[header:]
	u[1], u[3], u[5] = 7, 9, byte(8+n)
	for i := range n {
		u[8+i] = byte(200 + i)
	}
	pseudo := fold(sumBytes(ip[12:20]) + protocolUDP + uint32(8+n))
	u[6], u[7] = byte(pseudo>>8), byte(pseudo)
	return p
}

func fragment(p []byte) []byte { p[14+6] = 0x20; return p }
func lies(p []byte) []byte     { p[14+2] = 9; return p }

// TestVolumes: a page of volumes is taken whole or not at all.
func TestVolumes(t *testing.T) {
	make := func(change func(*VolumePage)) *VolumePage {
		v := new(VolumePage)
		v.Entry[0] = VolumeEntry{First: 8, Sectors: 100}
		copy(v.Entry[0].Name[:], "root")
		v.Entry[1] = VolumeEntry{First: 108, Sectors: 92, Flags: 1}
		copy(v.Entry[1].Name[:], "data")
		change(v)
		v.Seal(2)
		return v
	}
	v := make(func(*VolumePage) {})
	if !v.Valid(200) {
		t.Fatal("a right page is refused")
	}
	if got, ok := v.Find([]byte("data")); !ok || got != (Volume{108, 92, true}) {
		t.Errorf("data is %+v, %v", got, ok)
	}
	for _, name := range []string{"", "dat", "data2", string(v.Entry[0].Name[:]) + "x"} {
		if _, ok := v.Find([]byte(name)); ok {
			t.Errorf("there is a volume %q", name)
		}
	}
	for what, change := range map[string]func(*VolumePage){
		"volumes that overlap":  func(v *VolumePage) { v.Entry[1].First-- },
		"one over the page":     func(v *VolumePage) { v.Entry[0].First = 7 },
		"one over the end":      func(v *VolumePage) { v.Entry[1].Sectors++ },
		"one with a wild size":  func(v *VolumePage) { v.Entry[1].Sectors = ^uint64(0) },
		"two of the same name":  func(v *VolumePage) { v.Entry[1].Name = v.Entry[0].Name },
		"one behind everything": func(v *VolumePage) { v.Entry[1].First = 1 << 40 },
	} {
		if make(change).Valid(200) {
			t.Errorf("%s: accepted", what)
		}
	}
	v.Entry[1].Flags = 0
	if v.Valid(200) {
		t.Error("a page whose check does not hold is accepted")
	}
}
