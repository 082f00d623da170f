package guest

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/pvio"
)

// The kernel's connection to XenStore: one request at a time, whose answer it waits for.
// Watch events that come meanwhile are kept until StoreEvent asks for them; what does
// not fit is not lost, since one event that says nothing is kept in its place.

// store is this connection. ring is nil where there is no XenStore.
var store struct {
	ring  *pvio.StorePage
	port  uint32
	id    uint32 // of the last request
	reply [pvio.StorePayload]byte

	events   [storeEvents][storeToken]byte // tokens, each with its length first
	first, n int
	lost     bool
}

const (
	storeEvents = 32
	storeToken  = 32
)

// OpenStore takes up the connection that start_info names; false where there is none.
func OpenStore() bool {
	if startInfo.StoreEvtchn == 0 {
		return false
	}
	store.ring = (*pvio.StorePage)(ptr(kva(m2p(startInfo.StoreMFN))))
	store.port = startInfo.StoreEvtchn
	bindPort(store.port, portControl)
	return true
}

// StoreRead reads a node's value; false where there is none, or it does not fit.
func StoreRead(path, into []byte) (n int, ok bool) {
	return storeAsk(pvio.StoreRead, path, nil, into)
}

// StoreList reads the names in a directory, each with a zero behind it.
func StoreList(path, into []byte) (n int, ok bool) {
	return storeAsk(pvio.StoreDirectory, path, nil, into)
}

// StoreWrite writes a node, which it makes where there is none.
func StoreWrite(path, value []byte) bool {
	_, ok := storeSend(pvio.StoreWrite, path, value, false)
	return ok
}

// StoreWatch has events come with a token when a node or what is below it changes, and one
// at once.
func StoreWatch(path, token []byte) bool {
	_, ok := storeSend(pvio.StoreWatch, path, token, true)
	return ok
}

// StoreUnwatch ends this.
func StoreUnwatch(path, token []byte) bool {
	_, ok := storeSend(pvio.StoreUnwatch, path, token, true)
	return ok
}

// StoreEvent is the token of the next watch event, nil where there is none. It is valid
// until the next request.
func StoreEvent() []byte {
	for store.n == 0 && !store.lost && store.ring != nil && storeReady() {
		storeTake()
	}
	if store.lost { // everything may have changed
		store.lost = false
		return noToken[:0]
	}
	if store.n == 0 {
		return nil
	}
	e := &store.events[store.first]
	store.first = (store.first + 1) % storeEvents
	store.n--
	return e[1:][:e[0]]
}

// noToken is the token of an event in the place of others.
var noToken [1]byte

func storeAsk(kind uint32, path, value, into []byte) (int, bool) {
	n, ok := storeSend(kind, path, value, false)
	if !ok || n > len(into) {
		return 0, false
	}
	return copy(into, store.reply[:n]), true
}

// storeSend sends a request whose payload is a path, a zero byte and a value, with another
// zero behind it where ended says so, and waits for the answer.
func storeSend(kind uint32, path, value []byte, ended bool) (n int, ok bool) {
	if store.ring == nil {
		return 0, false
	}
	var end [1]byte
	store.id++
	h := pvio.StoreHeader{Type: kind, ID: store.id, Length: uint32(len(path) + 1 + len(value))}
	if ended {
		h.Length++
	}
	storePut(unsafe.Slice((*byte)(unsafe.Pointer(&h)), unsafe.Sizeof(h)))
	storePut(path)
	storePut(end[:])
	storePut(value)
	if ended {
		storePut(end[:])
	}
	storeNotify()
	for {
		if h := storeTake(); h.Type != pvio.StoreWatchEvent && h.ID == store.id {
			return int(h.Length), h.Type == kind
		}
	}
}

func storeNotify() {
	arg := abi.EvtchnPort{Port: store.port}
	must("XenStore's event", evtchnOp(abi.EvtchnopSend, unsafe.Pointer(&arg)))
}

// storePut writes bytes into the ring and waits as long as it is full.
func storePut(p []byte) {
	r := store.ring
	for _, b := range p {
		at := r.ReqProd
		for at-atomic.LoadUint32(&r.ReqCons) >= uint32(len(r.Req)) {
			storeNotify()
			storeWait()
		}
		r.Req[at%uint32(len(r.Req))] = b
		atomic.StoreUint32(&r.ReqProd, at+1)
	}
}

// storeReady says whether an answer or an event has begun to come.
func storeReady() bool { return atomic.LoadUint32(&store.ring.RspProd) != store.ring.RspCons }

// storeTake takes one message: the payload of an answer into store.reply, a watch event's
// token into the row of events.
func storeTake() pvio.StoreHeader {
	var h pvio.StoreHeader
	storeGet(unsafe.Slice((*byte)(unsafe.Pointer(&h)), unsafe.Sizeof(h)))
	if h.Length > pvio.StorePayload {
		Die("XenStore's answer is too long", uint64(h.Length))
	}
	payload := store.reply[:h.Length]
	storeGet(payload)
	storeNotify()
	if h.Type == pvio.StoreWatchEvent {
		_, token := pvio.Next(payload)
		token, _ = pvio.Next(token)
		storeKeep(token)
	}
	return h
}

// storeGet reads bytes of the ring and waits as long as it is empty.
func storeGet(p []byte) {
	r := store.ring
	for i := range p {
		for !storeReady() {
			storeWait()
		}
		at := r.RspCons
		p[i] = r.Rsp[at%uint32(len(r.Rsp))]
		atomic.StoreUint32(&r.RspCons, at+1)
	}
}

// storeKeep keeps an event.
func storeKeep(token []byte) {
	if store.n == storeEvents || len(token) >= storeToken {
		store.lost = true
		return
	}
	e := &store.events[(store.first+store.n)%storeEvents]
	e[0] = byte(copy(e[1:], token))
	store.n++
}

// storePatience is how long to wait for an event before looking again, ns.
const storePatience = 1000000

// storeWait waits until the other end has done something.
func storeWait() {
	poll := abi.SchedPoll{Ports: addr(unsafe.Pointer(&store.port)), NrPorts: 1, Timeout: now() + storePatience}
	must("poll", schedOp(abi.SchedopPoll, unsafe.Pointer(&poll)))
	clearPending(store.port)
}
