package pvio

import (
	"sync/atomic"
	"unsafe"
)

// StoreClient is a client's end of a XenStore page: one request at a time, whose answer it
// waits for. Watch events that come meanwhile are kept until Event asks for them.
type StoreClient struct {
	Page   *StorePage
	Notify func() // tells the server that the page has changed
	Wait   func() // until the server may have changed it

	Lost bool // events came that did not fit: anything may have changed

	id     uint32
	reply  [StorePayload]byte
	kept   [4 * StorePayload]byte // payloads of events, each behind two bytes with its length
	n, old int                    // of kept: all of it, and what Event has given out
}

// Ask sends a request and waits for its answer, which is valid until the next. The payload
// is a path (or another string) with a zero byte behind it, and what rest holds.
func (c *StoreClient) Ask(kind, transaction uint32, path, rest []byte) ([]byte, StoreErrno) {
	if len(path)+1+len(rest) > StorePayload {
		return nil, StoreE2BIG
	}
	c.id++
	h := StoreHeader{Type: kind, ID: c.id, Transaction: transaction, Length: uint32(len(path) + 1 + len(rest))}
	var end [1]byte
	c.put(headerBytes(&h))
	c.put(path)
	c.put(end[:])
	c.put(rest)
	c.Notify()
	for {
		h, payload := c.take()
		if h.Type == StoreWatchEvent || h.ID != c.id {
			continue
		}
		if h.Type == StoreError {
			return nil, StoreErrorOf(payload)
		}
		return payload, 0
	}
}

// Read reads a node.
func (c *StoreClient) Read(transaction uint32, path []byte) ([]byte, StoreErrno) {
	return c.Ask(StoreRead, transaction, path, nil)
}

// Write writes one, which it makes where there is none.
func (c *StoreClient) Write(transaction uint32, path, value []byte) StoreErrno {
	_, why := c.Ask(StoreWrite, transaction, path, value)
	return why
}

// Remove removes one with all below it.
func (c *StoreClient) Remove(transaction uint32, path []byte) StoreErrno {
	_, why := c.Ask(StoreRm, transaction, path, nil)
	return why
}

// List is the names in a directory, each with a zero behind it (see Next); one with more
// than fits an answer is E2BIG, and has to be read with StoreDirectoryPart.
func (c *StoreClient) List(transaction uint32, path []byte) ([]byte, StoreErrno) {
	return c.Ask(StoreDirectory, transaction, path, nil)
}

// SetPerms takes permissions as "n3\x00r0\x00".
func (c *StoreClient) SetPerms(transaction uint32, path, perms []byte) StoreErrno {
	_, why := c.Ask(StoreSetPerms, transaction, path, perms)
	return why
}

// Watch has events come with a token, which has a zero behind it.
func (c *StoreClient) Watch(path, token []byte) StoreErrno {
	_, why := c.Ask(StoreWatch, 0, path, token)
	return why
}

// Unwatch ends this.
func (c *StoreClient) Unwatch(path, token []byte) StoreErrno {
	_, why := c.Ask(StoreUnwatch, 0, path, token)
	return why
}

// Begin begins a transaction.
func (c *StoreClient) Begin() (uint32, StoreErrno) {
	p, why := c.Ask(StoreTransactionStart, 0, nil, nil)
	if why != 0 {
		return 0, why
	}
	text, _ := Next(p)
	id, ok := Number(text)
	if !ok {
		return 0, StoreEIO
	}
	return uint32(id), 0
}

// End ends it. EAGAIN says that all is to be done again.
func (c *StoreClient) End(transaction uint32, commit bool) StoreErrno {
	arg := [1]byte{'F'}
	if commit {
		arg[0] = 'T'
	}
	_, why := c.Ask(StoreTransactionEnd, transaction, arg[:], nil)
	return why
}

// Event is the next watch event, as far as one came; path and token are valid until the
// next request. Where Lost is set, clear it and look at everything.
func (c *StoreClient) Event() (path, token []byte, ok bool) {
	for c.n == c.old && c.ready() {
		c.take()
	}
	if c.n == c.old {
		c.n, c.old = 0, 0
		return nil, nil, false
	}
	k := int(c.kept[c.old]) | int(c.kept[c.old+1])<<8
	p := c.kept[c.old+2:][:k]
	c.old += 2 + k
	path, p = Next(p)
	token, _ = Next(p)
	return path, token, true
}

func headerBytes(h *StoreHeader) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h))
}

// ready tells whether a message has begun to come.
func (c *StoreClient) ready() bool { return atomic.LoadUint32(&c.Page.RspProd) != c.Page.RspCons }

func (c *StoreClient) put(p []byte) {
	for len(p) > 0 {
		at := c.Page.ReqProd
		room := StoreRing - (at - atomic.LoadUint32(&c.Page.ReqCons))
		if room == 0 || room > StoreRing {
			c.Notify()
			c.Wait()
			continue
		}
		to := c.Page.Req[at%StoreRing:]
		n := copy(to[:min(len(to), int(room))], p)
		atomic.StoreUint32(&c.Page.ReqProd, at+uint32(n))
		p = p[n:]
	}
}

func (c *StoreClient) get(p []byte) {
	for len(p) > 0 {
		at := c.Page.RspCons
		there := atomic.LoadUint32(&c.Page.RspProd) - at
		if there == 0 || there > StoreRing {
			c.Wait()
			continue
		}
		from := c.Page.Rsp[at%StoreRing:]
		n := copy(p, from[:min(len(from), int(there))])
		atomic.StoreUint32(&c.Page.RspCons, at+uint32(n))
		p = p[n:]
	}
}

// take takes a message; one that is longer than the protocol allows is cut.
func (c *StoreClient) take() (StoreHeader, []byte) {
	var h StoreHeader
	c.get(headerBytes(&h))
	p := c.reply[:min(h.Length, StorePayload)]
	c.get(p)
	c.Notify() // there is room again
	if h.Type == StoreWatchEvent {
		c.keep(p)
	}
	return h, p
}

func (c *StoreClient) keep(p []byte) {
	if c.old > 0 {
		c.n = copy(c.kept[:], c.kept[c.old:c.n])
		c.old = 0
	}
	if len(p)+2 > len(c.kept)-c.n {
		c.Lost = true
		return
	}
	c.kept[c.n], c.kept[c.n+1] = byte(len(p)), byte(len(p)>>8)
	c.n += 2 + copy(c.kept[c.n+2:], p)
}
