package nvme

import (
	"bytes"
	"encoding/binary"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/models"
	"resvirt/sim"
)

func TestRegistersAndIdentify(t *testing.T) {
	d := newDriver(t, nil)
	if cap := d.bus.Memory().Read(d.bar, 8); cap != 0x20040103ff || d.reg(regVS) != 0x10400 {
		t.Errorf("CAP = %#x, VS = %#x", cap, d.reg(regVS))
	}
	d.enable()
	d.must(0, command{op: adminIdentify, prp1: buffer, dw: [6]uint32{1}})
	if b := d.m.RAM[buffer:]; string(b[24:38]) != "Simulated NVMe" || b[512] != 0x66 || b[516] != 1 {
		t.Error("controller data is wrong")
	}
	d.must(0, command{op: adminIdentify, nsid: 1, prp1: buffer})
	if n := binary.LittleEndian.Uint64(d.m.RAM[buffer:]); n != 8<<20/512 || d.m.RAM[buffer+130] != 9 {
		t.Errorf("the namespace has %d blocks", n)
	}
	d.must(0, command{op: adminIdentify, prp1: buffer, dw: [6]uint32{2}})
	if d.m.RAM[buffer] != 1 || d.m.RAM[buffer+4] != 0 {
		t.Error("list of namespaces is wrong")
	}
	if n := d.must(0, command{op: adminSet, dw: [6]uint32{featQueues, 0x30003}}); n != 0x70007 {
		t.Errorf("number of queues is %#x", n)
	}
	d.must(0, command{op: adminLog, prp1: buffer, nsid: everyNamespace, dw: [6]uint32{127<<16 | logHealth}})
	if d.m.RAM[buffer+3] != 100 {
		t.Error("the disk is not healthy")
	}
	if d.set(regCC, d.reg(regCC)|1<<14); d.reg(regCSTS)>>2&3 != 2 {
		t.Error("the shutdown does not end")
	}
	d.set(regCC, 1<<7|1)
	d.set(regCC, 0)
	if d.set(regCC, 1<<7|1); d.reg(regCSTS)&2 == 0 {
		t.Error("pages of 8 KiB are accepted")
	}
}

// TestMoves writes and reads by all shapes of physical region pages.
func TestMoves(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	var many []uint64
	for i := range uint64(20) {
		many = append(many, buffer+(40-i)*pageSize) // backwards, apart from each other
	}
	for _, c := range []struct {
		name       string
		prp1, prp2 uint64
		blocks     uint32
		pages      []uint64 // where the data are, in order; the first from prp1 on
	}{
		{"part of a page", buffer + 512, 0, 2, nil},
		{"across two pages", buffer + 0xe00, buffer + 0x5000, 8, []uint64{buffer + 0x5000}},
		{"list", buffer + 0x800, d.list(lists, many[:9]...), 73, many[:9:9]},
		{"chained lists", buffer, d.list(lists+0x1ff0, many[0], lists+0x4000), 160, append([]uint64{many[0]}, many[1:19]...)},
	} {
		d.list(lists+0x4000, many[1:]...)
		want := make([]byte, c.blocks*512)
		for i := range want {
			want[i] = byte(i*7 + i/512 + int(c.prp1))
		}
		place := func(f func(ram, data []byte)) {
			at, rest := c.prp1, want
			for _, next := range append(c.pages, 0) {
				n := min(len(rest), int(pageSize-at%pageSize))
				f(d.m.RAM[at:at+uint64(n)], rest[:n])
				at, rest = next, rest[n:]
			}
		}
		place(func(ram, data []byte) { copy(ram, data) })
		d.must(1, command{op: ioWrite, nsid: 1, prp1: c.prp1, prp2: c.prp2, dw: [6]uint32{100, 0, c.blocks - 1}})
		got := make([]byte, len(want))
		if d.c.disk.Read(100*512, got); !bytes.Equal(got, want) {
			t.Errorf("%s: written content differs", c.name)
		}
		d.must(1, command{op: ioCompare, nsid: 1, prp1: c.prp1, prp2: c.prp2, dw: [6]uint32{100, 0, c.blocks - 1}})
		place(func(ram, data []byte) { clear(ram) })
		if _, st := d.do(1, command{op: ioCompare, nsid: 1, prp1: c.prp1, prp2: c.prp2, dw: [6]uint32{100, 0, c.blocks - 1}}); st != compareFailure {
			t.Errorf("%s: comparing with zeros gives %#x", c.name, st)
		}
		d.must(1, command{op: ioRead, nsid: 1, prp1: c.prp1, prp2: c.prp2, dw: [6]uint32{100, 0, c.blocks - 1}})
		place(func(ram, data []byte) {
			if !bytes.Equal(ram, data) {
				t.Errorf("%s: content read differs", c.name)
			}
		})
	}
}

func TestZeroesAndTrim(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	for i := range 64 {
		d.c.disk.Write(uint64(i)*512, bytes.Repeat([]byte{1}, 512))
	}
	d.must(1, command{op: ioZeroes, nsid: 1, dw: [6]uint32{3, 0, 1}})
	r := d.m.RAM[buffer:]
	binary.LittleEndian.PutUint32(r[4:], 2)
	binary.LittleEndian.PutUint64(r[8:], 10)
	binary.LittleEndian.PutUint32(r[20:], 1)
	binary.LittleEndian.PutUint64(r[24:], 20)
	d.must(1, command{op: ioDataset, nsid: 1, prp1: buffer, dw: [6]uint32{1, 4}})
	d.must(1, command{op: ioFlush, nsid: everyNamespace})
	b := make([]byte, 1)
	for i := range 64 {
		zero := i == 3 || i == 4 || i == 10 || i == 11 || i == 20
		if d.c.disk.Read(uint64(i)*512, b); (b[0] == 0) != zero {
			t.Errorf("block %d begins with %d", i, b[0])
		}
	}
}

func TestStatuses(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	last := uint32(8<<20/512 - 1)
	for _, c := range []struct {
		name  string
		queue int
		cmd   command
		want  uint16
	}{
		{"unknown admin command", 0, command{op: 0x7f}, invalidOpcode},
		{"unknown I/O command", 1, command{op: 0x7f, nsid: 1}, invalidOpcode},
		{"no namespace", 1, command{op: ioRead, nsid: 2, prp1: buffer}, invalidNamespace},
		{"last block", 1, command{op: ioRead, nsid: 1, prp1: buffer, dw: [6]uint32{last}}, success},
		{"beyond the end", 1, command{op: ioRead, nsid: 1, prp1: buffer, dw: [6]uint32{last, 0, 1}}, lbaOutOfRange},
		{"far beyond the end", 1, command{op: ioWrite, nsid: 1, prp1: buffer, dw: [6]uint32{0, 1 << 31, 1}}, lbaOutOfRange},
		{"too much", 1, command{op: ioRead, nsid: 1, prp1: buffer, dw: [6]uint32{0, 0, 4096}}, invalidField},
		{"odd address", 1, command{op: ioRead, nsid: 1, prp1: buffer + 1}, badPRPOffset},
		{"second page within a page", 1, command{op: ioRead, nsid: 1, prp1: buffer + 0xe00, prp2: buffer + 16, dw: [6]uint32{0, 0, 7}}, badPRPOffset},
		{"completion queue 0", 0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{7 << 16, 1}}, badQueueID},
		{"completion queue exists", 0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{7<<16 | 1, 1}}, badQueueID},
		{"completion queue of one entry", 0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{2, 1}}, badQueueSize},
		{"completion queue scattered", 0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{7<<16 | 2, 0}}, invalidField},
		{"vector that does not exist", 0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{7<<16 | 2, 100<<16 | 3}}, badVector},
		{"submission queue without completions", 0, command{op: adminCreateSQ, prp1: ioSQ, dw: [6]uint32{7<<16 | 2, 2<<16 | 1}}, badCQ},
		{"completion queue in use", 0, command{op: adminDeleteCQ, dw: [6]uint32{1}}, badDeletion},
		{"deletion of what is not there", 0, command{op: adminDeleteSQ, dw: [6]uint32{5}}, badQueueID},
		{"unknown log", 0, command{op: adminLog, prp1: buffer, dw: [6]uint32{0x7f}}, badLogPage},
		{"unknown feature", 0, command{op: adminGet, dw: [6]uint32{0x7f}}, invalidField},
		{"saving a feature", 0, command{op: adminSet, dw: [6]uint32{1<<31 | 1}}, notSaveable},
		{"number of queues too late", 0, command{op: adminSet, dw: [6]uint32{featQueues, 0}}, commandSequence},
		{"unknown data structure", 0, command{op: adminIdentify, prp1: buffer, dw: [6]uint32{0x55}}, invalidField},
	} {
		if _, got := d.do(c.queue, c.cmd); got != c.want {
			t.Errorf("%s: status %#x, want %#x", c.name, got, c.want)
		}
	}
	d.must(0, command{op: adminLog, prp1: buffer, dw: [6]uint32{15<<16 | logError}})
	if n := binary.LittleEndian.Uint64(d.m.RAM[buffer:]); n != 21 {
		t.Errorf("the error log counts %d", n)
	}
	d.must(0, command{op: adminDeleteSQ, dw: [6]uint32{1}})
	d.must(0, command{op: adminDeleteCQ, dw: [6]uint32{1}})
}

func TestInterrupts(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	rises := d.slot.Rises
	d.put(1, command{op: ioFlush, nsid: 1})
	d.ring(1)
	if d.m.Drain(); !d.slot.Up || d.slot.Rises != rises+1 {
		t.Error("the pin does not rise")
	}
	if d.set(regINTMS, 1); d.slot.Up {
		t.Error("the masked pin is up")
	}
	if d.set(regINTMC, 1); !d.slot.Up {
		t.Error("the pin stays down")
	}
	if d.take(1); d.slot.Up {
		t.Error("the pin is up with nothing to take")
	}

	d = newDriver(t, nil)
	for v := range uint64(2) {
		d.bus.Memory().Write(d.bar+msixTable+16*v, 8, 0xfee00000)
		d.bus.Memory().Write(d.bar+msixTable+16*v+8, 8, 0x40+v)
	}
	d.setConf(0x72, 2, 0x8000)
	d.start(1)
	n := len(d.m.Messages)
	d.must(1, command{op: ioFlush, nsid: 1})
	if len(d.m.Messages) != n+1 || d.m.Messages[n] != (bustest.Message{Addr: 0xfee00000, Data: 0x41}) || d.slot.Rises != 0 {
		t.Errorf("messages %v", d.m.Messages[n:])
	}
}

// TestFullCompletionQueue never takes more than a completion queue holds.
func TestFullCompletionQueue(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	for range entries - 1 {
		d.put(1, command{op: ioFlush, nsid: 1})
	}
	d.ring(1)
	d.m.Drain()
	for range 3 {
		d.put(1, command{op: ioFlush, nsid: 1})
	}
	d.ring(1)
	d.m.Drain()
	n := 0
	for {
		if _, _, _, ok := d.take(1); !ok {
			break
		}
		n++
		d.m.Drain()
	}
	if n != entries+2 {
		t.Errorf("%d completions, want %d", n, entries+2)
	}
}

func TestEventsAndAbort(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	d.put(0, command{op: adminAsync})
	event := d.id
	d.ring(0)
	d.m.Drain()
	if _, _, _, ok := d.take(0); ok {
		t.Fatal("an event out of nothing")
	}
	d.set(doorbells+8, 100)
	if result, id, _, ok := d.take(0); !ok || id != event || result != 0x10100 {
		t.Errorf("bad doorbell value: event %#x (%v)", result, ok)
	}
	d.put(1, command{op: ioWrite, nsid: 1, prp1: buffer})
	victim := d.id
	d.ring(1)
	d.m.Run(d.m.Time + sim.Microsecond)
	if r := d.must(0, command{op: adminAbort, dw: [6]uint32{uint32(victim)<<16 | 1}}); r != 1 {
		t.Error("a command that was done before the abort came was aborted")
	}
	d.take(1)
	d.put(0, command{op: adminAbort, dw: [6]uint32{uint32(d.id+2)<<16 | 1}})
	d.ring(0)
	d.m.Run(d.m.Time + 15*sim.Microsecond)
	d.put(1, command{op: ioWrite, nsid: 1, prp1: buffer})
	d.ring(1)
	d.m.Drain()
	if r, _, _, _ := d.take(0); r != 0 {
		t.Error("nothing was aborted")
	}
	if _, _, st, _ := d.take(1); st != aborted {
		t.Errorf("status %#x", st)
	}
}

func TestTiming(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	m := models.DefaultTiming()
	read := command{op: ioRead, nsid: 1, prp1: buffer, dw: [6]uint32{0, 0, 7}}
	got := elapsed(d, func() { d.must(1, read) })
	if want := m.DMALatency + m.DiskCommand + m.DiskLatency + 4096*m.DiskReadByte; got != want {
		t.Errorf("reading 4 KiB takes %v, want %v", got, want)
	}
	got = elapsed(d, func() {
		for range 5 {
			d.put(1, read)
		}
		d.ring(1)
		d.m.Drain()
	})
	if want := m.DMALatency + m.DiskLatency + 5*(m.DiskCommand+4096*m.DiskReadByte); got != want {
		t.Errorf("five reads at once take %v, want %v", got, want)
	}
}

// TestSnapshotOracle stops at every event of a busy run, saves, and ends on
// another machine with what the first ends with.
func TestSnapshotOracle(t *testing.T) {
	script := func(d *driver) {
		d.start(0)
		for i := range uint32(6) {
			d.m.RAM[buffer+i] = byte(i + 1)
			d.put(1, command{op: ioWrite + byte(i&1), nsid: 1, prp1: buffer + uint64(i)*8192, dw: [6]uint32{i * 3, 0, i & 7}})
		}
		d.ring(1)
		d.put(0, command{op: adminIdentify, prp1: buffer + 0x20000, dw: [6]uint32{1}})
		d.ring(0)
	}
	whole := newDriver(t, nil)
	script(whole)
	whole.m.Drain()
	want := whole.m.Digest()

	d := newDriver(t, nil)
	script(d)
	seen := map[sim.Digest]bool{}
	for i := 0; ; i++ {
		other := newDriver(t, nil)
		s := d.m.Save()
		other.m.Load(s)
		if other.m.Digest() != d.m.Digest() || seen[d.m.Digest()] {
			t.Fatalf("event %d: digest after loading differs, or does not see the event", i)
		}
		seen[d.m.Digest()] = true
		if other.m.Drain(); other.m.Digest() != want {
			t.Fatalf("event %d: another end", i)
		}
		if d.m.Load(s); !d.m.Step(sim.Never - 1) {
			break
		}
	}
	if len(seen) < 9 {
		t.Errorf("only %d events", len(seen))
	}
}
