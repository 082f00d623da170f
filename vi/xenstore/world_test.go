package xenstore

import (
	"strings"
	"testing"

	"resvirt/vi/pvio"
)

// world is a server with domains and their pages, without a hypervisor.
type world struct {
	t      testing.TB
	s      *Server
	pages  map[uint16]*pvio.StorePage
	status map[uint16]Status
	bound  map[uint32]uint16 // ports of ours
	c      map[uint16]*pvio.StoreClient
	quiet  int
	turn   func() bool
}

// newWorld has domain 0 as a local client.
func newWorld(t testing.TB) *world {
	w := &world{t: t, s: new(Server), pages: map[uint16]*pvio.StorePage{}, status: map[uint16]Status{},
		bound: map[uint32]uint16{}, c: map[uint16]*pvio.StoreClient{}}
	w.turn = func() bool { return w.s.Turn() }
	if began, what := w.s.Open(new(Store), w.ops()); !began || what != "" {
		t.Fatal(began, what)
	}
	page := new(pvio.StorePage)
	w.pages[0] = page
	if _, ok := w.s.Connect(page, 1); !ok {
		t.Fatal("no connection for domain 0")
	}
	w.c[0] = w.client(page)
	return w
}

func (w *world) ops() Ops {
	return Ops{
		Map:    func(id uint16, _ uint64) *pvio.StorePage { return w.pages[id] },
		Unmap:  func(uint16) {},
		Bind:   func(id uint16, port uint32) (uint32, bool) { w.bound[port] = id; return port, port < 1000 },
		Unbind: func(port uint32) { delete(w.bound, port) },
		Notify: func(uint32) {},
		Status: func(id uint16) Status { return w.status[id] },
	}
}

func (w *world) client(page *pvio.StorePage) *pvio.StoreClient {
	return &pvio.StoreClient{Page: page, Notify: func() {}, Wait: func() {
		if w.turn() {
			w.quiet = 0
		} else if w.quiet++; w.quiet > 3 {
			w.t.Fatal("the server does not answer")
		}
	}}
}

// add introduces a domain, with its home as the toolstack makes it.
func (w *world) add(id uint16) {
	w.t.Helper()
	w.pages[id] = new(pvio.StorePage)
	w.status[id] = Status{There: true}
	w.c[id] = w.client(w.pages[id])
	d := itoa(int(id))
	w.must(0, 0, pvio.StoreMkdir, "/local/domain/"+d+"\x00", "OK\x00")
	w.must(0, 0, pvio.StoreSetPerms, "/local/domain/"+d+"\x00n"+d+"\x00", "OK\x00")
	w.must(0, 0, pvio.StoreIntroduce, d+"\x0012345\x00"+itoa(10+int(id))+"\x00", "OK\x00")
}

func itoa(n int) string {
	var b [20]byte
	return string(b[:decimal(b[:], uint64(n))])
}

// ask sends a payload and gives back the answer, an error as its name.
func (w *world) ask(id uint16, tx, kind uint32, payload string) string {
	w.t.Helper()
	path, rest, _ := strings.Cut(payload, "\x00")
	w.quiet = 0
	p, why := w.c[id].Ask(kind, tx, []byte(path), []byte(rest))
	if why != 0 {
		return pvio.StoreErrors[why]
	}
	return string(p)
}

func (w *world) must(id uint16, tx, kind uint32, payload, want string) {
	w.t.Helper()
	if got := w.ask(id, tx, kind, payload); got != want {
		w.t.Fatalf("domain %d, message %d, %q: %q, want %q", id, kind, payload, got, want)
	}
}

// events are those that wait for a domain, as "path token".
func (w *world) events(id uint16) (list []string) {
	for w.turn() {
	}
	for {
		path, token, ok := w.c[id].Event()
		if !ok && !w.turn() {
			return list
		}
		if ok {
			list = append(list, string(path)+" "+string(token))
		}
	}
}
