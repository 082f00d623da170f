package xenstore

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/vi/pvio"
)

// TestQuotas: what a domain cannot have more of, and that the others and the privileged
// one can.
func TestQuotas(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	for i := range 999 { // its home is one
		w.must(3, 0, write, fmt.Sprintf("d%d/n%d\x00", i%10, i), map[bool]string{true: ok, false: "ENOSPC"}[i < 989])
	}
	tx := w.begin(3)
	w.must(3, tx, mkdir, "more\x00", "ENOSPC")
	w.must(3, tx, end, "T\x00", "ENOMEM") // as xenstored: a step failed
	w.must(0, 0, write, "/local/domain/3/more\x00", ok)
	w.must(4, 0, write, "d/n\x00", ok)
	w.must(3, 0, write, "d0/n0\x00"+strings.Repeat("v", 2048), "ENOSPC")
	w.must(3, 0, read, "d0/n0\x00", "")
	w.must(0, 0, setQuota, "3\x00node-size\x000\x00", ok)
	w.must(3, 0, write, "d0/n0\x00"+strings.Repeat("v", 3000), ok)
	w.must(3, 0, read, "d0/n0\x00", strings.Repeat("v", 3000))
	for i := range 129 {
		want := ok
		if i == 128 {
			want = "E2BIG"
		}
		w.must(4, 0, watchMsg, fmt.Sprintf("w%d\x00t\x00", i), want)
	}
	tx = w.begin(4)
	w.must(4, tx, write, "m\x00", ok)
	w.must(0, 0, setQuota, "4\x00memory\x00"+itoa(int(w.s.domainOf(4).cells*granule))+"\x00", ok)
	w.must(4, tx, end, "T\x00", "ENOMEM")
	w.must(4, tx, end, "T\x00", "ENOENT")
	w.must(4, 0, read, "m\x00", "ENOENT")
	w.must(0, 0, setQuota, "4\x00memory\x000\x00", ok)
	w.must(0, 0, setQuota, "4\x00transaction-nodes\x003\x00", ok)
	tx = w.begin(4)
	w.must(4, tx, read, "x/y/z\x00", "ENOSPC")
	w.must(4, tx, end, "F\x00", ok)
	if what, where := w.s.Check(); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
}

// TestMemory: domains that take all they can leave to another its share, and to the
// privileged one its work.
func TestMemory(t *testing.T) {
	w := newWorld(t)
	for id := uint16(1); id <= 20; id++ {
		w.add(id)
	}
	for id := uint16(1); id <= 19; id++ {
		for i := range 1000 {
			if got := w.ask(id, 0, write, fmt.Sprintf("%d\x00%s", i, strings.Repeat("v", 1500))); got != ok {
				if got != "ENOMEM" && got != "ENOSPC" {
					t.Fatal(got)
				}
				break
			}
		}
	}
	if w.s.freeCells > reserve+4096 {
		t.Fatalf("the domains left %d cells: this tests nothing", w.s.freeCells)
	}
	w.must(20, 0, write, "late\x00"+strings.Repeat("v", 1500), ok)
	for i := range 20 {
		w.must(0, 0, write, fmt.Sprintf("/tool/%d\x00%s", i, strings.Repeat("v", 1500)), ok)
	}
	for id := 1; id <= 19; id++ {
		w.must(0, 0, releaseIt, itoa(id)+"\x00", ok)
	}
	for w.turn() {
	}
	if what, where := w.s.Check(); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
	if w.s.freeCells < Cells*8/10 {
		t.Errorf("only %d cells are free again", w.s.freeCells)
	}
}

// raw puts a message into a ring without waiting.
func (w *world) raw(id uint16, kind uint32, payload string) {
	p, m := w.pages[id], message(kind, 0, payload)
	for i, b := range m {
		p.Req[(p.ReqProd+uint32(i))%pvio.StoreRing] = b
	}
	p.ReqProd += uint32(len(m))
}

// TestClientThatDoesNotRead: it is not heard after some answers that it did not take; of
// its events none is lost, and they take no more room than a queue has.
func TestClientThatDoesNotRead(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	for i := range 100 {
		w.must(0, 0, mkdir, fmt.Sprintf("/n/%d\x00", i), ok)
		w.must(0, 0, setPerms, fmt.Sprintf("/n/%d\x00r0\x00", i), ok)
		w.must(3, 0, watchMsg, fmt.Sprintf("/n/%d\x00%s\x00", i, strings.Repeat("t", 100)), ok)
	}
	w.events(3)
	used := w.s.domainOf(3).cells
	for round := range 50 {
		for i := range 100 {
			w.must(0, 0, write, fmt.Sprintf("/n/%d\x00%d", i, round), ok)
		}
	}
	if w.s.domainOf(3).cells != used {
		t.Error("its events take memory of the others")
	}
	heard := map[string]bool{}
	for _, e := range w.events(3) {
		heard[e] = true
	}
	if len(heard) != 100 {
		t.Errorf("it hears of %d nodes, want 100", len(heard))
	}

	for range 200 { // short answers: some fill the ring, and 20 wait
		for w.pages[3].ReqProd-w.pages[3].ReqCons > 900 {
			if !w.s.Turn() {
				break
			}
		}
		if w.pages[3].ReqProd-w.pages[3].ReqCons > 900 {
			break
		}
		w.raw(3, read, "nothing\x00")
	}
	for w.s.Turn() {
	}
	ci := w.s.connOf(3)
	if n := w.s.conn[ci].answers; n != 20 {
		t.Errorf("%d answers wait, want 20", n)
	}
	w.must(4, 0, write, "x\x00y", ok)
	w.pages[3].RspCons = w.pages[3].RspProd
	if !w.s.Turn() {
		t.Error("it is not heard again")
	}
}

// TestLongAnswersNotTaken: a queue is not written over.
func TestLongAnswersNotTaken(t *testing.T) {
	w := newWorld(t)
	w.must(0, 0, write, "/v\x00"+strings.Repeat("v", 3000), ok)
	for range 20 {
		w.raw(0, read, "/v\x00")
	}
	for w.s.Turn() {
	}
	if what, where := w.s.Check(); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
	n := 0
	for p := w.pages[0]; w.s.Turn() || p.RspCons != p.RspProd; p.RspCons = p.RspProd {
		n += int(p.RspProd - p.RspCons)
	}
	if n != 20*3016 {
		t.Errorf("%d bytes of answers, want %d", n, 20*3016)
	}
}

// TestEventHalfSent: an event whose begin a client may have seen does not stand for a later
// one.
func TestEventHalfSent(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.must(3, 0, watchMsg, "n\x00"+strings.Repeat("t", 580)+"\x00", ok)
	w.events(3)
	w.must(0, 0, write, "/local/domain/3/n/1\x00", ok)
	w.must(0, 0, write, "/local/domain/3/n/2\x00", ok) // 424 bytes of it fit the ring
	for range 2 {
		w.must(0, 0, write, "/local/domain/3/n/2\x00", ok)
	}
	if got := w.events(3); len(got) != 3 {
		t.Errorf("%d events, want 3", len(got))
	}
}

// TestLargeMessages do not fit a ring.
func TestLargeMessages(t *testing.T) {
	w := newWorld(t)
	v := strings.Repeat("0123456789abcdef", 255)
	w.must(0, 0, write, "/big\x00"+v, ok)
	w.must(0, 0, read, "/big\x00", v)
	var names []string
	for i := range 600 {
		name := fmt.Sprintf("a-name-of-a-node-%d", i)
		names = append(names, name)
		w.must(0, 0, mkdir, "/dir/"+name+"\x00", ok)
	}
	w.must(0, 0, directory, "/dir\x00", "E2BIG")
	all, gen := "", ""
	for !strings.HasSuffix(all, "\x00\x00") {
		got := w.ask(0, 0, dirPart, fmt.Sprintf("/dir\x00%d\x00", len(all)))
		g, part, _ := strings.Cut(got, "\x00")
		if gen != "" && g != gen || part == "" || len(got) > pvio.StorePayload {
			t.Fatalf("a part of %d bytes of generation %q after %q", len(part), g, gen)
		}
		gen, all = g, all+part
	}
	if all != strings.Join(names, "\x00")+"\x00\x00" {
		t.Error("the parts are not the directory")
	}
	w.must(0, 0, dirPart, "/dir\x0099999\x00", gen+"\x00\x00")
	w.must(0, 0, dirPart, "/dir\x00x\x00", "EINVAL")
}

// TestBrokenConnections: who breaks a rule is told and no more heard, until it is
// introduced anew; a guest may ask for a new begin itself.
func TestBrokenConnections(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	for _, l := range []struct {
		what string
		do   func(*pvio.StorePage)
		want uint32
	}{
		{"too much in the ring", func(p *pvio.StorePage) { p.ReqProd += 1025 }, pvio.StoreErrorRing},
		{"taken what was not there", func(p *pvio.StorePage) { p.RspCons++ }, pvio.StoreErrorRing},
		{"a long payload", func(p *pvio.StorePage) {
			copy(p.Req[p.ReqProd%1024:], []byte{2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 16, 0, 0})
			p.ReqProd += 16
		}, pvio.StoreErrorProtocol},
	} {
		w.must(3, 0, watchMsg, "x\x00t\x00", ok)
		w.begin(3)
		p := w.pages[3]
		l.do(p)
		for w.s.Turn() {
		}
		if p.Error != l.want {
			t.Errorf("%s: error %d, want %d", l.what, p.Error, l.want)
		}
		d := w.s.domainOf(3)
		if d.watches != 0 || d.transactions != 0 || !d.introduced {
			t.Errorf("%s: %d watches, %d transactions remain", l.what, d.watches, d.transactions)
		}
		w.must(4, 0, write, "y\x00", ok)
		w.must(0, 0, isThere, "3\x00", "T\x00")
		w.must(0, 0, introduce, "3\x001\x0011\x00", ok)
		for w.s.Turn() {
		}
		if p.Error != 0 || p.ReqProd != 0 || p.RspProd != 0 || p.Features != offered {
			t.Errorf("%s: the page is not as at the begin", l.what)
		}
		w.c[3] = w.client(p)
	}
	w.must(3, 0, watchMsg, "x\x00t\x00", ok)
	p := w.pages[3]
	p.ReqProd += 5 // half a header
	p.Connection = pvio.StoreReconnect
	for w.s.Turn() {
	}
	if p.Connection != pvio.StoreConnected || p.ReqProd != 0 || w.s.domainOf(3).watches != 0 {
		t.Error("it did not reconnect")
	}
	w.c[3] = w.client(p)
	w.must(3, 0, write, "again\x00", ok)
}

// TestFairness: a client whose ring is always full costs another one a request's time.
func TestFairness(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	for range 20 {
		for w.pages[3].ReqProd-w.pages[3].ReqCons < 900 {
			w.raw(3, read, "nothing\x00")
		}
		w.raw(4, read, "nothing\x00")
		before := w.pages[4].RspProd
		w.s.Turn()
		if w.pages[4].RspProd == before {
			t.Fatal("it is not served in a turn")
		}
		for _, id := range []uint16{3, 4} {
			w.pages[id].RspCons = w.pages[id].RspProd
		}
	}
}
