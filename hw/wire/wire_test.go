package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/models"
	"resvirt/sim"
)

// sink keeps what arrives.
type sink struct {
	m      *bustest.Machine
	frames [][]byte
	at     []sim.Time
}

func (s *sink) Receive(f []byte) {
	s.frames = append(s.frames, f)
	s.at = append(s.at, s.m.Time)
}

func build() (*bustest.Machine, *Wire, *sink, End) {
	m := bustest.New(0)
	timing := models.DefaultTiming()
	slot := m.Slot()
	w := New(slot, &timing)
	slot.Device = w
	s := &sink{m: m}
	return m, w, s, w.Attach(0, s)
}

// join puts the usual remote host at end 1.
func join(m *bustest.Machine, w *Wire) {
	timing := models.DefaultTiming()
	slot := m.Slot()
	r := DefaultRemote().Join(slot, w.End(1), &timing)
	slot.Device = r
	w.Attach(1, r)
}

func TestTimeOnTheWire(t *testing.T) {
	m, w, s, a := build()
	b := w.Attach(1, &sink{m: m})
	if free := b.Send(make([]byte, 1000)); free != 1024*8*sim.Nanosecond {
		t.Errorf("free at %v", free)
	}
	b.Send(make([]byte, 60))
	a.Send(make([]byte, 60)) // the other direction is free
	m.Drain()
	want := 1024*8*sim.Nanosecond + 500*sim.Nanosecond
	if len(s.at) != 2 || s.at[0] != want || s.at[1] != want+84*8*sim.Nanosecond {
		t.Errorf("arrived at %v", s.at)
	}
}

// request is what a guest sends; broadcast if to is nil.
func request(to []byte, kind uint16, body []byte) []byte {
	if to == nil {
		to = []byte{255, 255, 255, 255, 255, 255}
	}
	f := append(append([]byte(nil), to...), 2, 0, 0, 0, 0, 1)
	f = append(binary.BigEndian.AppendUint16(f, kind), body...)
	return append(f, make([]byte, max(0, 60-len(f)))...)
}

func packet(proto byte, from, to ip4, body []byte) []byte {
	h := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, proto, 0, 0}
	h = append(append(h, from[:]...), to[:]...)
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(h[10:], ^sum(h, 0))
	return append(h, body...)
}

func TestRemote(t *testing.T) {
	me := mac(DefaultRemote().MAC)
	icmp := []byte{8, 0, 0, 0, 0, 7, 0, 1, 'p', 'i', 'n', 'g'}
	binary.BigEndian.PutUint16(icmp[2:], ^sum(icmp, 0))
	bad := bytes.Clone(icmp)
	bad[9]++
	udp := []byte{0x30, 0x39, 0, 7, 0, 11, 0, 0, 'a', 'b', 'c'}
	discover := make([]byte, dhcpHeader)
	copy(discover, []byte{1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef})
	copy(discover[28:], []byte{2, 0, 0, 0, 0, firstClient})
	discover = append(append(discover, dhcpMagic()...), 0, 61, 1, 9, 53, 1, 1, 255)
	dh := append([]byte{0, 68, 0, 67, byte((8 + len(discover)) >> 8), byte(8 + len(discover)), 0, 0}, discover...)
	arp, _ := hex.DecodeString("0001080006040001" + "020000000001" + "0a00020f" + "000000000000" + "0a000202")
	other := bytes.Clone(arp)
	other[27] = 9
	for _, c := range []struct {
		name  string
		frame []byte
		want  string // of the answer from the type on, hexadecimal; "" for none
	}{
		{"ARP", request(nil, typeARP, arp), "0806" + "0001080006040002" + "020000000002" + "0a000202" + "020000000001" + "0a00020f"},
		{"ARP for another", request(nil, typeARP, other), ""},
		{"ping", request(me[:], typeIP, packet(protICMP, ip4{10, 0, 2, 15}, ip4(DefaultRemote().IP), icmp)), "0800" + "4500002000004000"},
		{"ping with a wrong sum", request(me[:], typeIP, packet(protICMP, ip4{10, 0, 2, 15}, ip4(DefaultRemote().IP), bad)), ""},
		{"ping of another host", request(me[:], typeIP, packet(protICMP, ip4{10, 0, 2, 15}, ip4{10, 0, 2, 15}, icmp)), ""},
		{"echo", request(me[:], typeIP, packet(protUDP, ip4{10, 0, 2, 15}, ip4(DefaultRemote().IP), udp)), "0800" + "4500001f00004000"},
		{"for another station", request([]byte{2, 9, 9, 9, 9, 9}, typeIP, packet(protUDP, ip4{10, 0, 2, 15}, ip4(DefaultRemote().IP), udp)), ""},
		{"DHCP", request(nil, typeIP, packet(protUDP, ip4{}, ip4{255, 255, 255, 255}, dh)), "0800"},
	} {
		m, w, s, a := build()
		join(m, w)
		a.Send(c.frame)
		m.Drain()
		if len(s.frames) == 0 {
			if c.want != "" {
				t.Errorf("%s: no answer", c.name)
			}
			continue
		}
		got := hex.EncodeToString(s.frames[0][12:])
		if c.want == "" || got[:len(c.want)] != c.want {
			t.Errorf("%s: answer\n%s, want\n%s", c.name, got, c.want)
		}
		check(t, c.name, s.frames[0], icmp)
	}
}

// check looks at what the table cannot say.
func check(t *testing.T, name string, f, icmp []byte) {
	t.Helper()
	ip := f[14:]
	if name != "ARP" && sum(ip[:20], 0) != 0xffff {
		t.Errorf("%s: header sum is wrong", name)
	}
	switch name {
	case "ping":
		if b := ip[20:32]; b[0] != 0 || sum(b, 0) != 0xffff || !bytes.Equal(b[4:], icmp[4:]) {
			t.Errorf("reply is %x", b)
		}
	case "echo":
		if b := ip[20:31]; !bytes.Equal(b[8:], []byte("abc")) || !bytes.Equal(b[:4], []byte{0, 7, 0x30, 0x39}) || pseudo(ip[12:20], b) != 0xffff {
			t.Errorf("echo is %x", b)
		}
	case "DHCP":
		if d := ip[28:]; d[0] != 2 || !bytes.Equal(d[4:8], []byte{0xde, 0xad, 0xbe, 0xef}) || !bytes.Equal(d[16:20], []byte{10, 0, 2, 15}) || option(d[240:], optMessage) != dhcpOffer {
			t.Errorf("offer is %x", d)
		}
	}
}

func TestPcap(t *testing.T) {
	m, w, _, a := build()
	w.Attach(1, &sink{m: m})
	var out bytes.Buffer
	p := NewPcap(&out)
	w.Tap(p.Frame)
	a.Send([]byte{1, 2, 3})
	m.Drain()
	want := "4d3cb2a1" + "02000400" + "0000000000000000" + "00000400" + "01000000" +
		"00000000" + "cc020000" + "03000000" + "03000000" + "010203"
	if got := hex.EncodeToString(out.Bytes()); got != want || p.Err() != nil {
		t.Errorf("file is\n%s, want\n%s (%v)", got, want, p.Err())
	}
	p = NewPcap(broken{})
	if p.Frame(0, 0, nil); p.Err() == nil {
		t.Error("an error is lost")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestSnapshotOracle(t *testing.T) {
	start := func() (*bustest.Machine, *sink) {
		m, w, s, a := build()
		join(m, w)
		arp, _ := hex.DecodeString("0001080006040001" + "020000000001" + "0a00020f" + "000000000000" + "0a000202")
		for range 3 {
			a.Send(request(nil, typeARP, arp))
		}
		return m, s
	}
	m, _ := start()
	end, _ := start()
	end.Drain()
	for i := 0; ; i++ {
		other, s := start()
		other.Load(m.Save())
		if other.Digest() != m.Digest() {
			t.Fatalf("event %d: digest differs", i)
		}
		if other.Drain(); other.Digest() != end.Digest() {
			t.Fatalf("event %d: another end after %d answers", i, len(s.frames))
		}
		if !m.Step(sim.Never - 1) {
			return
		}
	}
}
