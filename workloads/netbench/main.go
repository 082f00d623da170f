// Command netbench is a workload that answers datagrams: a host on the wire sends one each
// period, which holds a number and bytes that follow from it, and expects the answer. The
// host counts what is missing; this program checks what comes and says in the end whether
// the host has had enough answers. What it prints does not depend on the few that a network
// may lose.
package main

import (
	p "resvirt/vi/privvm/process"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

// Port is where datagrams are answered; the host knows it as wire.BenchPort.
const port = 5001

// Layout of a datagram: kind, number, sum of all 64-bit words behind it, and these words.
const (
	kindAsk    = 0x6b736172
	kindAnswer = 0x6e736172
	kindEnd    = 0x64656172

	header = 16
)

var (
	buf  [1472]byte
	from p.SocketAddress
	line p.Text
)

// start is called by Boot with the initial stack.
func start(stack uint64) {
	fd := p.Datagrams(port)
	if fd < 0 {
		line.Str("error no socket ").Dec(fd).Line()
		p.Exit(1)
	}
	if string(p.Args(stack).Arg(1)) == "probe" { // of the VM, after its work
		line.Str("probe of netbench").Line()
		p.Exit(0)
	}
	line.Str("netbench waits").Line()
	ended := false
	for !ended {
		n := p.Receive(int(fd), buf[:], &from)
		if n < 0 {
			line.Str("error receive ").Dec(n).Line()
			p.Exit(1)
		}
		ended = answer(int(fd), buf[:n])
	}
	if !enough {
		line.Str("error netbench: too few answers have come to the host, or wrong ones").Line()
		p.Exit(1)
	}
	line.Str("netbench end").Line()
	p.Exit(0)
}

// enough is what the host said at the end of the answers that came to it.
var enough bool

// answer answers a datagram and says whether it was the last. What is no datagram of the
// host's is left alone: anybody may send to a port.
func answer(fd int, b []byte) (ended bool) {
	kind := word32(b, 0)
	if len(b) < header || kind != kindAsk && kind != kindEnd {
		return false
	}
	if word64(b, 8) != sum(b[header:]) {
		line.Str("error datagram ").Dec(int64(word32(b, 4))).Line()
		return false
	}
	if kind == kindEnd {
		enough = len(b) > header && b[header] == 1
	}
	for i := header; i < len(b); i++ {
		b[i] ^= 0x5a
	}
	put32(b, 0, kindAnswer)
	put64(b, 8, sum(b[header:]))
	if r := p.Send(fd, b, &from); r < 0 {
		line.Str("error send ").Dec(r).Line()
	}
	return kind == kindEnd
}

// sum adds words in a way that notices their order.
func sum(b []byte) (s uint64) {
	for ; len(b) >= 8; b = b[8:] {
		s = (s<<7 | s>>57) + word64(b, 0)
	}
	for _, c := range b {
		s = (s<<7 | s>>57) + uint64(c)
	}
	return s
}

func word32(b []byte, at int) (v uint32) {
	if len(b) < at+4 {
		return 0
	}
	for i := range 4 {
		v |= uint32(b[at+i]) << (8 * uint(i))
	}
	return v
}

func word64(b []byte, at int) uint64 {
	return uint64(word32(b, at)) | uint64(word32(b, at+4))<<32
}

func put32(b []byte, at int, v uint32) {
	for i := range 4 {
		b[at+i] = byte(v >> (8 * uint(i)))
	}
}

func put64(b []byte, at int, v uint64) {
	put32(b, at, uint32(v))
	put32(b, at+4, uint32(v>>32))
}
