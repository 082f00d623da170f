// Command service is a workload that others depend on: a store of values by key, asked by
// datagrams. A host on the wire is its client, and checks each answer against what it wrote
// itself. Requests may come twice, since the client asks again for what is not answered:
// each has the same effect when it is done again.
package main

import (
	p "resvirt/vi/privvm/process"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

const port = 5002

// Layout of a request: magic, number, operation, key, version, value. The answer repeats it
// with the answer bit, a status and the value that is there.
const (
	magic = 0x76727372 // "rsrv"

	opGet    = 1
	opPut    = 2
	opDelete = 3
	opEnd    = 4
	opAnswer = 0x80

	statusOK   = 0
	statusNone = 1
	statusFull = 2

	keyLen, valueLen  = 8, 64
	requestLen        = 4 + 4 + 4 + 4 + keyLen + 8 + valueLen
	atNumber, atOp    = 4, 8
	atStatus, atKey   = 12, 16
	atVersion, atData = 24, 32
	slots             = 512
)

// entryOf is a slot of the table. Versions of a key grow; an older request that comes late
// changes nothing.
type slot struct {
	used    bool
	there   bool
	key     [keyLen]byte
	version uint64
	value   [valueLen]byte
}

var (
	buf   [512]byte
	from  p.SocketAddress
	line  p.Text
	table [slots]slot
)

// start is called by Boot with the initial stack.
func start(stack uint64) {
	fd := p.Datagrams(port)
	if fd < 0 {
		line.Str("error no socket ").Dec(fd).Line()
		p.Exit(1)
	}
	if string(p.Args(stack).Arg(1)) == "probe" { // of the VM, after its work
		line.Str("probe of service").Line()
		p.Exit(0)
	}
	line.Str("service waits").Line()
	for ended := false; !ended; {
		n := p.Receive(int(fd), buf[:], &from)
		if n < 0 {
			line.Str("error receive ").Dec(n).Line()
			p.Exit(1)
		}
		if n != requestLen || word(0, 4) != magic {
			continue
		}
		if ended = buf[atOp] == opEnd; ended {
			enough = buf[atKey] == 1
		}
		do()
		if r := p.Send(int(fd), buf[:requestLen], &from); r < 0 {
			line.Str("error send ").Dec(r).Line()
		}
	}
	if !enough {
		line.Str("error service: too few answers have come to the host, or wrong ones").Line()
		p.Exit(1)
	}
	line.Str("service end").Line()
	p.Exit(0)
}

// enough is what the host said at the end of the answers that came to it.
var enough bool

// do executes the request in buf and makes it the answer.
func do() {
	status := byte(statusNone)
	s := find()
	op, version := buf[atOp], word(atVersion, 8)
	switch {
	case s == nil:
		status = statusFull
	case op == opPut && version > s.version:
		s.used, s.there, s.version = true, true, version
		copy(s.key[:], buf[atKey:])
		copy(s.value[:], buf[atData:])
	case op == opDelete && version > s.version:
		s.used, s.there, s.version = true, false, version
		copy(s.key[:], buf[atKey:])
	}
	if s != nil && s.there {
		status = statusOK
		copy(buf[atData:atData+valueLen], s.value[:])
		put(atVersion, s.version)
	}
	buf[atOp] |= opAnswer
	buf[atStatus] = status
}

// find is the slot of the request's key, or a free one; nil where the table is full.
func find() *slot {
	h := word(atKey, 8) * 0x9e3779b97f4a7c15 >> 55
	for i := range uint64(slots) {
		s := &table[(h+i)%slots]
		if !s.used {
			return s
		}
		if string(s.key[:]) == string(buf[atKey:atKey+keyLen]) {
			return s
		}
	}
	return nil
}

func word(at, n int) (v uint64) {
	for i := range n {
		v |= uint64(buf[at+i]) << (8 * uint(i))
	}
	return v
}

func put(at int, v uint64) {
	for i := range 8 {
		buf[at+i] = byte(v >> (8 * uint(i)))
	}
}
