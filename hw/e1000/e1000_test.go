package e1000

import (
	"bytes"
	"encoding/binary"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/hw/pci"
	"resvirt/hw/wire"
	"resvirt/models"
	"resvirt/sim"
)

// bench is a controller on a wire whose other end keeps what it gets.
type bench struct {
	t    *testing.T
	m    *bustest.Machine
	slot *bustest.Slot
	bus  *pci.Bus
	c    *Controller
	far  wire.End
	got  [][]byte
	bar  uint64
	tail uint32 // of the transmit ring
}

func (b *bench) Receive(f []byte) { b.got = append(b.got, f) }

// Places in RAM.
const (
	txRing  = 0x1000
	rxRing  = 0x2000
	txData  = 0x10000
	rxData  = 0x20000
	ring    = 8
	ramSize = 1 << 20
)

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, m: bustest.New(ramSize)}
	timing := models.DefaultTiming()
	s0, s1 := b.m.Slot(), b.m.Slot()
	b.slot = b.m.Slot()
	b.bus = pci.NewBus(s0)
	w := wire.New(s1, &timing)
	b.c = New(b.slot, [6]byte{2, 0, 0, 0, 0, 1}, &timing)
	s0.Device, s1.Device, b.slot.Device = b.bus, w, b.c
	b.c.Connect(w.Attach(0, b.c))
	b.far = w.Attach(1, b)
	b.bus.Add(5, b.c, 11)
	b.conf(0x10)
	b.bar = uint64(b.conf(0x10)&^0xf) - pci.MemBase
	b.bus.Address().Out(0, 4, 1<<31|5<<11|4)
	b.bus.Data().Out(0, 2, 7)
	return b
}

func (b *bench) conf(reg int) uint32 {
	b.bus.Address().Out(0, 4, 1<<31|5<<11|uint32(reg))
	return b.bus.Data().In(0, 4)
}

func (b *bench) reg(off uint64) uint32    { return uint32(b.bus.Memory().Read(b.bar+off, 4)) }
func (b *bench) set(off uint64, v uint32) { b.bus.Memory().Write(b.bar+off, 4, uint64(v)) }

// start sets up both rings, all buffers with the controller.
func (b *bench) start() {
	b.set(0x3800, txRing)
	b.set(0x3808, ring*descSize)
	b.set(0x400, tctlEnable|tctlPad)
	for i := range uint64(ring) {
		binary.LittleEndian.PutUint64(b.m.RAM[rxRing+i*descSize:], rxData+i*2048)
	}
	b.set(0x2800, rxRing)
	b.set(0x2808, ring*descSize)
	b.set(0x2818, ring-1)
	b.set(0x100, rctlEnable|rctlBroadcast)
	b.set(0xd0, icrReceived|icrSent)
}

// put places a transmit descriptor, its last 8 bytes given.
func (b *bench) put(addr uint64, rest uint64) {
	d := b.m.RAM[txRing+uint64(b.tail)*descSize:]
	binary.LittleEndian.PutUint64(d, addr)
	binary.LittleEndian.PutUint64(d[8:], rest)
	b.tail = (b.tail + 1) % ring
}

func (b *bench) ringTx() { b.set(0x3818, b.tail) }

func frame(n int, to byte) []byte {
	f := make([]byte, n)
	for i := range f {
		f[i] = byte(i)
	}
	copy(f, []byte{2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, 9, 0x88, 0xb5})
	return f
}

func TestRegisters(t *testing.T) {
	b := newBench(t)
	if b.conf(0) != 0x100e8086 || b.conf(8)>>8 != 0x020000 {
		t.Error("it is another device")
	}
	if b.reg(0x5400) != 2 || b.reg(0x5404) != 0x80000100 || b.reg(8)&3 != 3 {
		t.Errorf("address %#x %#x, status %#x", b.reg(0x5400), b.reg(0x5404), b.reg(8))
	}
	var sum uint16
	for i := range uint32(64) {
		b.set(0x14, i<<8|1)
		if b.reg(0x14)&0x10 == 0 {
			t.Fatal("EERD is not done")
		}
		sum += uint16(b.reg(0x14) >> 16)
	}
	if sum != 0xbaba {
		t.Errorf("EEPROM words sum up to %#x", sum)
	}
	b.set(0x20, 2<<26|1<<21|2<<16)
	id := b.reg(0x20) & 0xffff
	b.set(0x20, 2<<26|1<<21|3<<16)
	if v := b.reg(0x20); id != 0x141 || v&0xfff0 != 0xc20 || v&(1<<28) == 0 {
		t.Errorf("PHY %#x %#x", id, v)
	}
	if b.set(0x20, 2<<26|2<<21); b.reg(0x20)&(1<<30) == 0 {
		t.Error("a PHY that is not there answers")
	}
	io := uint16(b.conf(0x18)&^0xf) - pci.PortBase
	b.bus.Ports().Out(io, 4, 0x5400)
	if b.bus.Ports().In(io+4, 4) != 2 {
		t.Error("no registers in I/O space")
	}
	b.set(0x5200, 0x55)
	if b.set(0, ctrlReset); b.reg(0x5200) != 0 || b.reg(0x5400) != 2 || b.reg(0)&ctrlReset != 0 {
		t.Error("reset does not reset")
	}
}

// TestMicrowire reads the EEPROM bit by bit.
func TestMicrowire(t *testing.T) {
	b := newBench(t)
	if b.set(0x10, eecdRequest); b.reg(0x10)&eecdGrant == 0 {
		t.Fatal("no access")
	}
	clock := func(bit uint32) uint32 {
		v := uint32(eecdRequest|eecdSelect) | bit*eecdIn
		b.set(0x10, v)
		b.set(0x10, v|eecdClock)
		out := b.reg(0x10) & eecdOut / eecdOut
		b.set(0x10, v)
		return out
	}
	for _, c := range []struct{ word, want uint32 }{{0, 0x0002}, {2, 0x0100}, {14, 0x8086}} {
		for i := 8; i >= 0; i-- {
			clock((6<<6 | c.word) >> i & 1)
		}
		var got uint32
		for range 16 {
			got = got<<1 | clock(0)
		}
		if b.set(0x10, eecdRequest); got != c.want {
			t.Errorf("word %d is %#x, want %#x", c.word, got, c.want)
		}
	}
}

func TestLink(t *testing.T) {
	b := newBench(t)
	b.set(0xd0, icrLink)
	if b.set(0x20, 1<<26|1<<21|phyRestart|0x1140); b.reg(8)&2 != 0 || !b.slot.Up {
		t.Error("the link stays up during negotiation")
	}
	if b.reg(0xc0) != icrLink || b.slot.Up {
		t.Error("reading the cause does not clear it")
	}
	if b.m.Drain(); b.reg(8)&2 == 0 || !b.slot.Up {
		t.Error("the link does not come up")
	}
}

func TestSendLegacy(t *testing.T) {
	b := newBench(t)
	b.start()
	f := frame(100, 9)
	copy(b.m.RAM[txData:], f)
	b.put(txData, 40|txReport<<24)
	b.put(txData+40, 60|(txEnd|txReport)<<24)
	b.put(txData, 20|uint64(txEnd|txSumTSE)<<24|30<<16|14<<40) // short; a sum that lies outside
	b.ringTx()
	b.m.Drain()
	if len(b.got) != 2 || !bytes.Equal(b.got[0], f) || !bytes.Equal(b.got[1], append(bytes.Clone(f[:20]), make([]byte, 40)...)) {
		t.Fatalf("sent %x", b.got)
	}
	for i, want := range []byte{1, 1, 0} {
		if got := b.m.RAM[txRing+i*descSize+12]; got != want {
			t.Errorf("descriptor %d has status %d", i, got)
		}
	}
	if b.reg(0x3810) != 3 || !b.slot.Up || b.reg(0xc0) != icrSent|icrSentAll {
		t.Error("the ring is not done")
	}
	if b.reg(0x4080) != 2 || b.reg(0x4080) != 0 || b.reg(0x4090) != 168 || b.reg(0x40dc) != 1 || b.reg(0x40d8) != 1 {
		t.Error("statistics are wrong")
	}
	want := []byte{0, 100, 0, 3}
	copy(b.m.RAM[txData:], append(make([]byte, 60), want...))
	b.put(txData, 64|uint64(txEnd|txSumTSE)<<24|20<<16|60<<40)
	b.ringTx()
	if b.m.Drain(); binary.BigEndian.Uint16(b.got[2][20:]) != ^uint16(103) {
		t.Errorf("sum is %x", b.got[2][20:22])
	}
}

// ipFrame is an IPv4 packet with TCP, with the sums as software leaves them to
// the controller: none for IP, the pseudo-header's without length for TCP.
func ipFrame(payload int) []byte {
	f := frame(54+payload, 9)
	copy(f[12:], []byte{8, 0, 0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, protoTCP, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2})
	copy(f[34:], []byte{0x12, 0x34, 0, 80, 0, 0, 1, 0, 0, 0, 0, 9, 0x50, 0x19, 1, 0, 0, 0, 0, 0}) // PSH, ACK, FIN
	binary.BigEndian.PutUint16(f[50:], fold(onesSum(f[26:34])+protoTCP))
	return f
}

// TestSegmentation has the controller cut a packet and checks what arrives by
// the controller's other half.
func TestSegmentation(t *testing.T) {
	b := newBench(t)
	b.start()
	f := ipFrame(2500)
	copy(b.m.RAM[txData:], f)
	context := uint64(14) | 24<<8 | 33<<16 | 34<<32 | 50<<40
	b.put(context, 2500|(ctxTCP|ctxIP4|txSumTSE|txExtended)<<24|54<<40|1000<<48)
	b.put(txData, 54|1<<20|(txSumTSE|txExtended)<<24|(optIP|optTCP)<<40)
	b.put(txData+54, 2500|1<<20|(txEnd|txReport|txSumTSE|txExtended)<<24)
	b.ringTx()
	b.m.Drain()
	if len(b.got) != 3 {
		t.Fatalf("%d frames", len(b.got))
	}
	b.set(0x5000, 3<<8)
	var all []byte
	for i, g := range b.got {
		st, errs := b.c.checkSums(g)
		if st != rxIPChecked|rxTCPChecked || errs != 0 {
			t.Errorf("segment %d: status %#x, errors %#x", i, st, errs)
		}
		be := binary.BigEndian
		flags := byte(0x10)
		if i == 2 {
			flags = 0x19
		}
		if be.Uint16(g[18:]) != uint16(0x1234+i) || be.Uint32(g[38:]) != uint32(256+1000*i) || g[47] != flags {
			t.Errorf("segment %d: header %x", i, g[:54])
		}
		all = append(all, g[54:]...)
	}
	if !bytes.Equal(all, f[54:]) {
		t.Error("payload differs")
	}
}

func TestReceive(t *testing.T) {
	b := newBench(t)
	b.start()
	good := frame(200, 1)
	multi := frame(60, 1)
	multi[0], multi[5] = 1, 0x5e
	b.far.Send(frame(100, 7)) // for somebody else
	b.far.Send(multi)         // not subscribed to
	b.far.Send(good)
	b.far.Send(append(bytes.Repeat([]byte{255}, 6), good[6:60]...))
	b.m.Drain()
	if h := b.reg(0x2810); h != 2 || !b.slot.Up || b.reg(0xc0)&icrReceived == 0 {
		t.Fatalf("head is %d", h)
	}
	d := b.m.RAM[rxRing:]
	if n := binary.LittleEndian.Uint16(d[8:]); n != 204 || d[12] != rxDone|rxEnd|rxIgnoreSums || !bytes.Equal(b.m.RAM[rxData:rxData+200], good) {
		t.Errorf("%d bytes, status %#x", n, d[12])
	}
	b.set(0x5200+4*(0x5e0>>5), 1<<(0x5e0&31))
	b.set(0x100, rctlEnable|rctlStripCRC)
	b.far.Send(multi)
	b.m.Drain()
	if n := binary.LittleEndian.Uint16(d[40:]); n != 60 || d[44]&rxInexact == 0 {
		t.Errorf("multicast: %d bytes, status %#x", n, d[44])
	}
	if b.reg(0x4074) != 3 || b.reg(0x4078) != 1 || b.reg(0x407c) != 1 {
		t.Error("statistics are wrong")
	}
}

// TestNoBuffers keeps frames until there are descriptors, and loses them when
// there is no room for that either.
func TestNoBuffers(t *testing.T) {
	b := newBench(t)
	b.start()
	for range 9 {
		b.far.Send(frame(1000, 1))
	}
	if b.m.Drain(); b.reg(0x2810) != 7 || b.reg(0x40a0) == 0 {
		t.Errorf("head is %d", b.reg(0x2810))
	}
	b.set(0x2818, 3)
	if b.m.Drain(); b.reg(0x2810) != 1 {
		t.Errorf("after more descriptors head is %d", b.reg(0x2810))
	}
	for range 60 {
		b.far.Send(frame(1000, 1))
	}
	if b.m.Drain(); b.reg(0x4010) != 60-2-48 || b.reg(0xc0)&icrOverrun == 0 {
		t.Error("no overrun")
	}
}

func TestDelaysAndThrottle(t *testing.T) {
	b := newBench(t)
	b.start()
	b.set(0x2820, 10)
	b.set(0x282c, 15)
	b.far.Send(frame(60, 1))
	arrived := b.m.Time + 84*8*sim.Nanosecond + 500*sim.Nanosecond + 550*sim.Nanosecond
	if b.m.Run(arrived + 10*delayUnit - 1); b.slot.Up {
		t.Error("no delay")
	}
	if b.m.Run(arrived + 10*delayUnit); !b.slot.Up {
		t.Error("too much delay")
	}
	b.reg(0xc0)
	b.set(0x2820, 0)
	b.set(0xc4, 1000) // 256 µs
	b.m.Run(b.m.Time + sim.Millisecond)
	b.far.Send(frame(60, 1))
	b.m.Run(b.m.Time + 10*sim.Microsecond)
	was := b.slot.Rises
	b.reg(0xc0)
	b.far.Send(frame(60, 1))
	if b.m.Run(b.m.Time + 200*sim.Microsecond); b.slot.Rises != was {
		t.Error("no throttle")
	}
	if b.m.Drain(); b.slot.Rises != was+1 {
		t.Error("the throttled interrupt is lost")
	}
}

func TestVLAN(t *testing.T) {
	b := newBench(t)
	b.start()
	b.set(0, ctrlFullDuplex|ctrlSetLinkUp|ctrlVLAN)
	f := frame(100, 9)
	copy(b.m.RAM[txData:], f)
	b.put(txData, 100|uint64(txEnd|txVLAN)<<24|0x2005<<48)
	b.ringTx()
	b.m.Drain()
	tagged := append(append(bytes.Clone(f[:12]), 0x81, 0, 0x20, 5), f[12:]...)
	if len(b.got) != 1 || !bytes.Equal(b.got[0], tagged) {
		t.Fatalf("sent %x", b.got)
	}
	tagged[5] = 1
	b.set(0x100, rctlEnable|rctlVLAN)
	b.far.Send(tagged)
	if b.m.Drain(); b.reg(0x2810) != 0 {
		t.Error("a frame of a VLAN that is filtered out")
	}
	b.set(0x5600, 1<<5)
	b.far.Send(tagged)
	b.m.Drain()
	d := b.m.RAM[rxRing:]
	if binary.LittleEndian.Uint16(d[8:]) != 104 || d[12]&rxVLAN == 0 || binary.LittleEndian.Uint16(d[14:]) != 0x2005 {
		t.Errorf("descriptor %x", d[:16])
	}
}

// TestSnapshotOracle stops at every event of a busy run, and ends on another
// machine with what the first ends with.
func TestSnapshotOracle(t *testing.T) {
	start := func() *bench {
		b := newBench(t)
		b.start()
		b.set(0x2820, 3)
		b.set(0xc4, 20)
		b.m.RAM[rxRing+3] = 0
		copy(b.m.RAM[txData:], ipFrame(2500))
		context := uint64(14) | 24<<8 | 33<<16 | 34<<32 | 50<<40
		b.put(context, 2500|(ctxTCP|ctxIP4|txSumTSE|txExtended)<<24|54<<40|1000<<48)
		b.put(txData, 2554|1<<20|(txEnd|txReport|txSumTSE|txExtended)<<24|(optIP|optTCP)<<40)
		b.put(txData, 100|(txEnd|txReport)<<24)
		b.put(txData, 300|txReport<<24) // of a packet that does not end
		b.ringTx()
		for range 4 {
			b.far.Send(frame(100, 1))
		}
		return b
	}
	end := start()
	end.m.Drain()
	b := start()
	seen := map[sim.Digest]bool{}
	for i := 0; ; i++ {
		other := newBench(t)
		other.m.Load(b.m.Save())
		if other.m.Digest() != b.m.Digest() || seen[b.m.Digest()] {
			t.Fatalf("event %d: digest after loading differs, or does not see the event", i)
		}
		seen[b.m.Digest()] = true
		if other.m.Drain(); other.m.Digest() != end.m.Digest() {
			t.Fatalf("event %d: another end", i)
		}
		if !b.m.Step(sim.Never - 1) {
			break
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %d events", len(seen))
	}
}
