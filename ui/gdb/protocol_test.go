package gdb

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"resvirt/internal/testkernel"
)

// Packets and their answers, in one session with a machine that stands at its first
// instruction.
func TestPackets(t *testing.T) {
	c := dial(t, live(t, goesOn))
	for _, p := range []struct{ packet, answer string }{
		{"", ""},
		{"vMustReplyEmpty", ""},
		{"?", "T05thread:1;"},
		{"qC", "QC1"},
		{"qAttached", "1"},
		{"qfThreadInfo", "m1,2"},
		{"qsThreadInfo", "l"},
		{"qThreadExtraInfo,2", "435055" + "20312c206e6f7420737461727465642c206174206c6576656c2030"}, // CPU 1, not started, at level 0
		{"qThreadExtraInfo,3", "E01"},
		{"T1", "OK"}, {"T3", "E01"}, {"T0", "E01"}, {"Tx", "E01"},
		{"Hg2", "OK"}, {"Hg1", "OK"}, {"Hg0", "OK"}, {"Hc-1", "OK"}, {"Hg5", "E01"}, {"H", "E22"}, {"Hx1", "E22"},
		{"vCont?", "vCont;c;C;s;S;r"},
		{"m" + hexAddr(0) + ",5", "b805000000"},
		{"m" + hexAddr(0), "E22"}, {"m1,2,3", "E22"}, {"mx,1", "E22"}, {"m1,-1", "E22"},
		{"x" + hexAddr(0) + ",3", "b\xb8\x05\x00"},
		{"mfffffffffffffff0,0", ""},
		{"p999", "E01"}, {"p", "E01"}, {"p-1", "E01"},
		{"P999=00", "E01"}, {"P0=00", "E22"}, {"P0", "E22"}, {"G00", "E22"},
		{"P12=0800" + "0000", "E.cs: this register is only shown"},
		{"M" + hexAddr(0) + ",2:00", "E22"}, {"M1,1", "E22"}, {"M1,1:zz", "E22"}, {"X0,0:", "OK"},
		{"Z0,1", "E22"}, {"Z9,1,1", ""}, {"Z2,0,0", "E22"}, {"Z2,200000,ffffffff", "E22"},
		{"Z2,ffffffff0000,4", "E0e"}, {"z2,1,1", "OK"},
		{"bs", "E.this machine goes only forwards"},
		{"c1000", "E.a move from another address: set $pc first"},
		{"vCont;x", "E.the packet is not as the protocol has it"},
		{"vCont;r10:1", "E.the packet is not as the protocol has it"},
		{"vCont;rx,20:1", "E.the packet is not as the protocol has it"},
		{"vCont;s:9", "E.there is no such processor"},
		{"qXfer:features:read:nonesuch:0,10", "E00"},
		{"qXfer:memory-map:read::0,10", ""},
		{"qXfer:features:read:target.xml:0", "E22"},
		{"qXfer:features:read:target.xml:ffffff,10", "l"},
		{"qRcmd,zz", "E22"},
		{"qSymbol::", "OK"},
		{"QNonStop:1", ""},
	} {
		c.want(p.packet, p.answer)
	}
	c.want("Z2,ffffffff0000,4", "E0e")
	c.ask("qSupported:error-message+")
	c.want("Z2,ffffffff0000,4", "E.this address has no memory that could be watched")
	c.want("T7", "E.there is no such processor")
}

// The description of registers is well-formed, and has as many bytes as g gives.
func TestRegisters(t *testing.T) {
	c := dial(t, live(t, goesOn))
	var text string
	for at := 0; ; {
		p := c.ask(fmt.Sprintf("qXfer:features:read:target.xml:%x,%x", at, 1000))
		text += p[1:]
		at += len(p) - 1
		if p[0] == 'l' {
			break
		}
	}
	var target struct {
		Architecture string `xml:"architecture"`
		Features     []struct {
			Name string `xml:"name,attr"`
			Regs []struct {
				Name string `xml:"name,attr"`
				Bits int    `xml:"bitsize,attr"`
			} `xml:"reg"`
		} `xml:"feature"`
	}
	if err := xml.Unmarshal([]byte(text), &target); err != nil {
		t.Fatal(err)
	}
	bits, count := 0, 0
	for _, f := range target.Features {
		for _, r := range f.Regs {
			bits, count = bits+r.Bits, count+1
		}
	}
	if g := c.ask("g"); target.Architecture != "i386:x86-64" || bits != 4*len(g) || count != len(table()) {
		t.Errorf("%s: %d registers of %d bits, g gives %d", target.Architecture, count, bits, 4*len(g))
	}
	if pc := c.register("rip"); pc != testkernel.Entry {
		t.Errorf("rip is %#x", pc)
	}
}

// Registers and memory of a machine that runs can be written, one by one and together.
func TestWrites(t *testing.T) {
	target := live(t, goesOn)
	c := dial(t, target)
	c.want("P0=8877665544332211", "OK")
	if v := c.register("rax"); v != 0x1122334455667788 {
		t.Errorf("rax is %#x", v)
	}
	g := []byte(c.ask("g"))
	copy(g[16:], "0100000000000000") // rbx
	c.want("G"+string(g), "OK")
	if v := c.register("rbx"); v != 1 {
		t.Errorf("rbx is %#x", v)
	}
	c.want("M200ffe,4:01020304", "OK")
	c.want("m200ffe,4", "01020304")
	c.want("X200ffe,2:\x7d\x03\x7d\x5d", "OK")
	c.want("m200ffe,4", "237d0304")
	// The first instruction becomes mov eax, 9: the machine executes what was written.
	c.want("M"+hexAddr(1)+",1:09", "OK")
	c.want("s", "T05thread:1;")
	if v := c.register("rax"); v != 9 {
		t.Errorf("rax is %#x", v)
	}
}

// Breakpoints, watchpoints, steps, the end: each stop is told with its reason, at the
// right instruction.
func TestStops(t *testing.T) {
	c := dial(t, live(t, goesOn))
	c.ask("qSupported:swbreak+;hwbreak+")
	here := func(offset int) {
		t.Helper()
		if pc := c.register("rip"); pc != testkernel.Entry+uint64(offset) {
			t.Errorf("rip is %#x, want offset %d", pc, offset)
		}
	}
	c.want("Z1,"+hexAddr(atStore)+",1", "OK")
	c.want("vCont;c", "T05thread:1;hwbreak:;")
	here(atStore)
	c.want("vCont;s:1;c", "T05thread:1;")
	here(atInc)
	c.want("m200000,4", "05000000")
	c.want("Z2,200002,1", "OK")
	c.want("Z3,200000,4", "OK")
	c.want("c", "T05thread:1;watch:200002;")
	here(atLoad)
	c.want("z2,200002,1", "OK")
	c.want("C05", "T05thread:1;rwatch:200000;")
	here(atLoop)
	c.want("Z0,"+hexAddr(atExit)+",1", "OK")
	c.want("c", "T05thread:1;swbreak:;")
	c.send("c")
	if text := c.receive(); text[0] != 'O' {
		t.Errorf("the end is told by %q", text)
	}
	if p := c.receive(); p != "T0fthread:1;" {
		t.Errorf("the end is %q", p)
	}
	c.want("m200000,4", "06000000")
	c.want("c", "W07")
	if end := <-c.ended; end != over {
		t.Errorf("the session ends with %d", end)
	}
}

// A client that leaves a line asks once: steps follow each other until they lead out of the
// range, or to a breakpoint in it, or to memory that is watched; also where nothing ends
// them but an interrupt.
func TestRangeSteps(t *testing.T) {
	c := dial(t, live(t, goesOn))
	c.ask("qSupported:swbreak+;hwbreak+")
	here := func(offset int) {
		t.Helper()
		if pc := c.register("rip"); pc != testkernel.Entry+uint64(offset) {
			t.Errorf("rip is %#x, want offset %d", pc, offset)
		}
	}
	c.want("vCont;r"+hexAddr(0)+","+hexAddr(atStore)+":1;c", "T05thread:1;")
	here(atStore)
	c.want("vCont;r"+hexAddr(atStore)+","+hexAddr(atInc)+":1", "T05thread:1;") // one step leads out
	here(atInc)
	c.want("Z0,"+hexAddr(atLoop)+",1", "OK")
	c.want("vCont;r"+hexAddr(0)+","+hexAddr(atExit)+":1", "T05thread:1;")
	here(atLoop)
	c.want("z0,"+hexAddr(atLoop)+",1", "OK")
	c.want("vCont;r"+hexAddr(0)+","+hexAddr(atExit)+":1", "T05thread:1;")
	here(atExit)

	c = dial(t, live(t, spins))
	c.send("vCont;r0,ffffffffffffffff:1")
	c.write("\x03")
	if p := c.receive(); !strings.HasPrefix(p, "T02") {
		t.Errorf("after an interrupt: %q", p)
	}
}

// An interrupt stops a machine that would run for ever; so does a client that leaves.
func TestInterrupt(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		c := dial(t, live(t, spins))
		if quiet {
			c.want("QStartNoAckMode", "OK")
			c.noAck = true
		}
		for range 3 {
			c.send("c")
			c.write("\x03")
			if p := c.receive(); p != "T02thread:1;" {
				t.Errorf("an interrupt is answered with %q", p)
			}
		}
		// It stands: an interrupt now is for nothing, and does not stop the next move.
		c.write("\x03")
		c.want("s", "T05thread:1;")
		c.send("c")
		c.conn.Close()
		if end := <-c.ended; end != disconnected {
			t.Errorf("the session ends with %d", end)
		}
	}
}

// Damaged packets are asked for again, noise is passed, an answer is repeated on request.
func TestDamage(t *testing.T) {
	c := dial(t, live(t, goesOn))
	c.write("garbage+++$qC#00")
	if b, _ := c.r.ReadByte(); b != '-' {
		t.Errorf("a wrong checksum is answered with %q", b)
	}
	c.write("$qAtta$qC#b4") // cut off
	if b, _ := c.r.ReadByte(); b != '+' {
		t.Errorf("a packet behind one that is cut off is answered with %q", b)
	}
	c.receive()
	go c.conn.Write([]byte("-"))
	if p := c.receive(); p != "QC1" {
		t.Errorf("repeated: %q", p)
	}
	long := strings.Repeat("a", packetSize+1)
	c.write("$" + long + fmt.Sprintf("#%02x", sum(long)))
	if b, _ := c.r.ReadByte(); b != '-' {
		t.Errorf("a packet that is too long is answered with %q", b)
	}
	c.want("qC", "QC1")
}

func TestLeaving(t *testing.T) {
	for packet, want := range map[string]outcome{"D": detached, "vKill;1": killed} {
		c := dial(t, live(t, goesOn))
		c.want(packet, "OK")
		if end := <-c.ended; end != want {
			t.Errorf("%s ends with %d", packet, end)
		}
	}
	c := dial(t, live(t, goesOn))
	c.send("k")
	if end := <-c.ended; end != killed {
		t.Errorf("k ends with %d", end)
	}
}

func TestMonitor(t *testing.T) {
	c := dial(t, live(t, goesOn))
	c.want("M200000,4:01020304", "OK")
	for command, want := range map[string]string{
		"phys 0x200000 4":            "0x000000200000: 01 02 03 04\n",
		"phys":                       "say: monitor phys ADDRESS [N], where N is at most 4096\n",
		"phys 1 99999":               "say: monitor phys ADDRESS [N], where N is at most 4096\n",
		"phys 0xf0000000000":         "0xf0000000000 is no RAM\n",
		"phys -1":                    "say: monitor phys ADDRESS [N], as in monitor phys 0x200000 16\n",
		"space physical":             "addresses are physical now\n",
		"space outer":                "say: monitor space virtual, fetch or physical\n",
		"nonesuch":                   "there is no command \"nonesuch\": monitor help lists them\n",
		"phys 0xfffffffffffffff0 64": "0xfffffffffffffff0 is no RAM\n",
	} {
		if got := c.monitor(command); got != want {
			t.Errorf("monitor %s: %q, want %q", command, got, want)
		}
	}
	if text := c.monitor(""); !strings.Contains(text, "position") || !strings.Contains(text, "space") {
		t.Errorf("help is %q", text)
	}
	if text := c.monitor("position"); !strings.HasPrefix(text, "position 0,") {
		t.Errorf("position is %q", text)
	}
}

// What is framed comes back as it was.
func TestFrames(t *testing.T) {
	for _, s := range []string{"", "a", "aaaa", strings.Repeat("0", 500), "}#$*", "}}}}}}", strings.Repeat("#", 40), "ab" + strings.Repeat("\x00", 97)} {
		for n := range 12 {
			data := s + strings.Repeat("z", n)
			if got := unframe(t, frame([]byte(data))); got != data {
				t.Errorf("%q came back as %q", data, got)
			}
		}
	}
}

func unframe(t *testing.T, framed []byte) string {
	c := &client{t: t, r: bufio.NewReader(bytes.NewReader(framed)), noAck: true}
	return c.receive()
}

// duplex is a connection whose client has sent all and reads nothing.
type duplex struct{ io.Reader }

func (duplex) Write(b []byte) (int, error) { return len(b), nil }
func (duplex) Close() error                { return nil }

// Whatever a client sends, the server neither panics nor hangs.
func FuzzSession(f *testing.F) {
	for _, p := range []string{"g", "m100020,40", "Z2,200000,4", "vCont;s:1;c", "qXfer:features:read:target.xml:0,fff", "P0=0000000000000000", "X200000,1:\x7d\x03", "H", "qRcmd,7068797320302030"} {
		f.Add([]byte(fmt.Sprintf("+$%s#%02x\x03", p, sum(p))))
	}
	m := live(&testing.T{}, goesOn)
	start := m.M.Snapshot()
	f.Fuzz(func(t *testing.T, data []byte) {
		m.M.Restore(start)
		m.ended = false
		all := []byte("$QStartNoAckMode#b0")
		for _, part := range bytes.Split(data, []byte{0}) {
			all = append(all, fmt.Appendf(nil, "$%s#%02x", part, sum(string(part)))...)
		}
		converse(t.Context(), duplex{bytes.NewReader(append(all, data...))}, m, nil)
	})
}
