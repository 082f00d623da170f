// Package store is a client of XenStore for services: a connection by /dev/xen/xenbus.
package store

import (
	"unsafe"

	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// Client is a connection: one request at a time, whose answer it waits for. Watch events
// that come meanwhile are kept until Event asks for them; where there are too many, one
// that says nothing stands for all: everything may have changed.
type Client struct {
	FD  int
	Why pvio.StoreErrno // of the last request that failed

	id     uint32
	tx     uint32 // transaction under way, 0 for none
	buf    [16 + pvio.StorePayload]byte
	events [maxEvents]Event
	first  int
	n      int
	lost   bool
}

const maxEvents = 32

// Event is a watch event.
type Event struct {
	path  [128]byte
	token [24]byte
	np    int
	nt    int
}

// Path and Token are what the event is about. Both are empty where events were lost.
func (e *Event) Path() []byte { return e.path[:e.np] }

// Token is that of the watch.
func (e *Event) Token() []byte { return e.token[:e.nt] }

// Open makes the connection; false if it cannot be made.
func (c *Client) Open() bool {
	c.FD = int(p.Open("/dev/xen/xenbus"))
	return c.FD >= 0
}

// Read reads a node's value, which is valid until the next request.
func (c *Client) Read(path []byte) ([]byte, bool) { return c.ask(pvio.StoreRead, path, nil, 0) }

// List reads the names in a directory, each with a zero behind it.
func (c *Client) List(path []byte) ([]byte, bool) { return c.ask(pvio.StoreDirectory, path, nil, 0) }

// Write writes a node, which it makes where there is none.
func (c *Client) Write(path, value []byte) bool {
	_, ok := c.ask(pvio.StoreWrite, path, value, 0)
	return ok
}

// Mkdir makes a node.
func (c *Client) Mkdir(path []byte) bool {
	_, ok := c.ask(pvio.StoreMkdir, path, nil, 0)
	return ok
}

// Rm removes a node and what is below it.
func (c *Client) Rm(path []byte) bool {
	_, ok := c.ask(pvio.StoreRm, path, nil, 0)
	return ok
}

// SetPerms sets permissions: words as "n0", each with a zero behind it.
func (c *Client) SetPerms(path, perms []byte) bool {
	_, ok := c.ask(pvio.StoreSetPerms, path, perms, 0)
	return ok
}

// Watch has events come with a token when a node or what is below it changes.
func (c *Client) Watch(path, token []byte) bool {
	_, ok := c.ask(pvio.StoreWatch, path, token, 1)
	return ok
}

// Unwatch ends this.
func (c *Client) Unwatch(path, token []byte) bool {
	_, ok := c.ask(pvio.StoreUnwatch, path, token, 1)
	return ok
}

// Begin begins a transaction: what follows belongs to it.
func (c *Client) Begin() bool {
	v, ok := c.ask(pvio.StoreTransactionStart, nil, nil, 0)
	if !ok || len(v) == 0 {
		return false
	}
	id, ok := pvio.Number(v[:len(v)-1])
	c.tx = uint32(id)
	return ok
}

// End ends it. again says that it was not done because of other changes, and can be
// begun anew.
func (c *Client) End(commit bool) (again, ok bool) {
	word := [1]byte{'F'}
	if commit {
		word[0] = 'T'
	}
	_, ok = c.ask(pvio.StoreTransactionEnd, word[:], nil, 0)
	c.tx = 0
	return !ok && c.Why == pvio.StoreEAGAIN, ok
}

// Introduce makes a domain known to the server.
func (c *Client) Introduce(domain uint16, frame uint64, port uint32) bool {
	var a, b pvio.Path
	a.Reset("").Number(uint64(domain))
	b.Reset("").Number(frame).Zero().Number(uint64(port))
	_, ok := c.ask(pvio.StoreIntroduce, a.Bytes(), b.Bytes(), 1)
	return ok
}

// Release ends that.
func (c *Client) Release(domain uint16) bool {
	var a pvio.Path
	_, ok := c.ask(pvio.StoreRelease, a.Reset("").Number(uint64(domain)).Bytes(), nil, 0)
	return ok
}

// Event is the next watch event, nil where there is none; with wait it waits for one, and
// nil says that the program is asked to end.
func (c *Client) Event(wait bool) *Event {
	for c.n == 0 && !c.lost {
		if !wait {
			fds := [1]p.PollFD{{FD: int32(c.FD), Events: p.PollIn}}
			if p.Poll(fds[:], 0) <= 0 {
				return nil
			}
		}
		if !c.take() {
			return nil
		}
	}
	if c.lost {
		c.lost = false
		e := &c.events[(c.first+c.n)%maxEvents]
		if c.n == maxEvents {
			c.n = 0 // the one that says nothing stands for these
			e = &c.events[c.first]
		}
		e.np, e.nt = 0, 0
		return e
	}
	e := &c.events[c.first]
	c.first = (c.first + 1) % maxEvents
	c.n--
	return e
}

// header is where a message's header stands.
func (c *Client) header() *pvio.StoreHeader { return (*pvio.StoreHeader)(unsafe.Pointer(&c.buf)) }

// ask sends a request whose payload is a, a zero byte and b, with so many zeros behind it,
// and waits for the answer.
func (c *Client) ask(kind uint32, a, b []byte, zeros int) ([]byte, bool) {
	length := len(a) + 1 + len(b) + zeros
	if length > pvio.StorePayload {
		c.Why = pvio.StoreE2BIG
		return nil, false
	}
	c.id++
	*c.header() = pvio.StoreHeader{Type: kind, ID: c.id, Transaction: c.tx, Length: uint32(length)}
	at := 16 + copy(c.buf[16:], a)
	c.buf[at] = 0
	at += 1 + copy(c.buf[at+1:], b)
	for range zeros {
		c.buf[at] = 0
		at++
	}
	if p.Write(c.FD, c.buf[:at]) != int64(at) {
		c.Why = pvio.StoreEIO
		return nil, false
	}
	for c.take() {
		h := c.header()
		if h.Type == pvio.StoreWatchEvent || h.ID != c.id {
			continue
		}
		answer := c.buf[16:][:h.Length]
		if h.Type != kind {
			c.Why = pvio.StoreErrorOf(answer)
			return nil, false
		}
		return answer, true
	}
	c.Why = pvio.StoreEIO
	return nil, false
}

// take takes one message, and keeps it if it is a watch event. It is false if the program
// is asked to end, or the connection is broken.
func (c *Client) take() bool {
	if !c.get(c.buf[:16]) {
		return false
	}
	h := c.header()
	if h.Length > pvio.StorePayload || !c.get(c.buf[16:][:h.Length]) {
		return false
	}
	if h.Type == pvio.StoreWatchEvent {
		path, rest := pvio.Next(c.buf[16:][:h.Length])
		token, _ := pvio.Next(rest)
		c.keep(path, token)
	}
	return true
}

// get reads so many bytes.
func (c *Client) get(b []byte) bool {
	for len(b) > 0 {
		n := p.Read(c.FD, b)
		if n <= 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

func (c *Client) keep(path, token []byte) {
	e := &c.events[(c.first+c.n)%maxEvents]
	if c.n == maxEvents || len(path) > len(e.path) || len(token) > len(e.token) {
		c.lost = true
		return
	}
	e.np, e.nt = copy(e.path[:], path), copy(e.token[:], token)
	c.n++
}
