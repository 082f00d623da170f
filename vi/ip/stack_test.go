package ip

import (
	"bytes"
	"testing"
)

// pair is two stacks on one wire. A frame arrives at once; the last one is kept.
func pair() (a, b *Stack, last *[]byte) {
	last = new([]byte)
	stacks := [2]*Stack{}
	for i := range stacks {
		s := &Stack{Hardware: [6]byte{2, 0, 0, 0, 0, byte(i)}, Address: 0x0a000001 + Addr(i), Mask: 0xffffff00, Out: new([etherSize + MTU]byte)}
		s.Transmit = func(n int, blank bool) {
			f := bytes.Clone(s.Out[:n])
			*last = f
			stacks[1-i].Input(f, blank)
		}
		stacks[i] = s
	}
	return stacks[0], stacks[1], last
}

// TestDatagrams: the first datagram asks where the other is, the next arrive, each once,
// with its sender; those that nobody waits for, and those for which there is no room, are
// counted.
func TestDatagrams(t *testing.T) {
	a, b, last := pair()
	from, to := a.Open(0), b.Open(53)
	if from < 0 || to < 0 || b.Open(53) >= 0 {
		t.Fatal("sockets")
	}
	data := bytes.Repeat([]byte("x"), MaxData)
	if a.Send(from, b.Address, 53, data) {
		t.Error("a datagram is sent to a station that is not known")
	}
	var buf [MaxData]byte
	for i := range 40 {
		want := data[:i*MaxData/39]
		if !a.Send(from, b.Address, 53, want) {
			t.Fatalf("datagram %d is not sent", i)
		}
		n, who, port := b.Receive(to, buf[:])
		if n != len(want) || !bytes.Equal(buf[:n], want) || who != a.Address || port != 49152 {
			t.Fatalf("datagram %d: %d bytes from %#x port %d", i, n, who, port)
		}
		if !b.Send(to, who, port, buf[:1]) {
			t.Fatal("no answer")
		}
		if n, _, _ := a.Receive(from, buf[:]); n != 1 {
			t.Fatalf("an answer of %d bytes", n)
		}
	}
	for range queued + 3 {
		a.Send(from, b.Address, 53, data[:5])
	}
	a.Send(from, b.Address, 54, data[:5])
	if b.Count.Full != 3 || b.Count.NoSocket != 1 || b.Waiting(to) != queued {
		t.Errorf("counts %+v, %d wait", b.Count, b.Waiting(to))
	}
	for i := range *last { // one bit wrong, anywhere but in the sender's address: never taken for another
		if i >= 6 && i < 12 || i >= 14+20+8+5 {
			continue
		}
		before := b.Count
		f := bytes.Clone(*last)
		f[i] ^= 4
		b.Input(f, false)
		if i >= 14 && b.Count.Received != before.Received {
			t.Errorf("a packet with byte %d changed is accepted", i)
		}
	}
}

// TestEchoes: an echo comes back as it was, also through a gateway.
func TestEchoes(t *testing.T) {
	a, b, last := pair()
	a.Send(a.Open(0), b.Address, 9, nil) // they get to know each other
	ping := append([]byte{8, 0, 0, 0, 1, 2, 3, 4}, []byte("abcdefghi")...)
	put(ping, 2, ^sum(0, ping))
	copy(a.Out[etherSize+headerSize:], ping)
	a.send(b.Address, icmp, len(ping), false)
	got := (*last)[etherSize+headerSize:][:len(ping)]
	if b.Count.Echoes != 1 || got[0] != 0 || !bytes.Equal(got[4:], ping[4:]) || sum(0, got) != 0xffff {
		t.Errorf("the answer is %x", got)
	}
	b.Gateway = a.Address
	copy(a.Out[etherSize+headerSize:], ping)
	a.Address = 0xc0a80001 // from another network, by way of the gateway
	a.send(b.Address, icmp, len(ping), false)
	if address((*last)[etherSize:], 16) != a.Address || b.Count.Echoes != 2 {
		t.Errorf("no answer through the gateway: %x", *last)
	}
}

// FuzzInput: no frame makes the stack fall, or send anything but answers.
func FuzzInput(f *testing.F) {
	a, b, last := pair()
	a.Send(a.Open(0), b.Address, 7, []byte("hello"))
	f.Add(bytes.Clone(*last), false)
	a.Send(0, b.Address, 7, []byte("hello"))
	f.Add(bytes.Clone(*last), true)
	f.Fuzz(func(t *testing.T, frame []byte, blank bool) {
		sent := 0
		s := &Stack{Address: 0x0a000002, Mask: 0xffffff00, Out: new([etherSize + MTU]byte), Transmit: func(n int, _ bool) {
			if sent++; n < 60 || n > etherSize+MTU {
				t.Fatalf("a frame of %d bytes", n)
			}
		}}
		s.Open(7)
		s.Input(frame, blank)
		if sent > 1 {
			t.Fatalf("%d frames for one", sent)
		}
	})
}
