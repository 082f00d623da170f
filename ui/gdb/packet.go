package gdb

import (
	"bufio"
	"fmt"
	"io"
	"sync"
)

// packetSize bounds the content of packets of both sides; qSupported tells gdb.
const packetSize = 0x4000

// event is what a client sends: a packet, an interrupt, or a complaint about our last
// packet.
type event struct {
	kind eventKind
	data []byte // of a packet, unescaped
}

type eventKind uint8

const (
	packet eventKind = iota
	interrupt
	resend
)

// reader takes a client's bytes apart. What is no packet is skipped; a packet that is too
// long, or whose checksum is wrong, is answered with a request to send it again.
type reader struct {
	r   *bufio.Reader
	out *writer
}

// next waits for what the client sends next.
func (r *reader) next() (event, error) {
	for {
		b, err := r.r.ReadByte()
		switch {
		case err != nil:
			return event{}, err
		case b == 3:
			return event{kind: interrupt}, nil
		case b == '-':
			return event{kind: resend}, nil
		case b != '$':
			continue // acknowledgements, and noise between packets
		}
		data, ok, err := r.content()
		if err != nil {
			return event{}, err
		}
		if err := r.out.acknowledge(ok); err != nil {
			return event{}, err
		}
		if ok {
			return event{kind: packet, data: data}, nil
		}
	}
}

// content reads a packet from behind its $ to the end of its checksum.
func (r *reader) content() (data []byte, ok bool, err error) {
	var sum byte
	escaped, long := false, false
	for {
		b, err := r.r.ReadByte()
		if err != nil {
			return nil, false, err
		}
		if b == '#' {
			break
		}
		if b == '$' && !escaped { // the packet before was cut off
			data, sum, long = data[:0], 0, false
			continue
		}
		sum += b
		switch {
		case escaped:
			b, escaped = b^0x20, false
		case b == '}':
			escaped = true
			continue
		}
		if long = long || len(data) >= packetSize; !long {
			data = append(data, b)
		}
	}
	var digits [2]byte
	if _, err := io.ReadFull(r.r, digits[:]); err != nil {
		return nil, false, err
	}
	got, isHex := fromHex(string(digits[:]))
	if r.out.quiet() { // without acknowledgements nobody sends again what was damaged
		return data, !long, nil
	}
	return data, isHex && !long && len(got) == 1 && got[0] == sum, nil
}

// writer sends packets. It is used by the goroutine that reads and by the one that answers.
type writer struct {
	mu    sync.Mutex
	w     io.Writer
	noAck bool
	last  []byte // as sent
}

func (w *writer) quiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.noAck
}

// sendQuiet sends a packet behind which no packet is acknowledged. It is one with what it
// says: the client's next packet may be there before another call could begin.
func (w *writer) sendQuiet(data string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(data)
	w.noAck = true
}

func (w *writer) acknowledge(ok bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noAck {
		return nil
	}
	_, err := w.w.Write([]byte{map[bool]byte{true: '+', false: '-'}[ok]})
	return err
}

// send frames and sends a packet. That the client has left is noticed by who reads.
func (w *writer) send(data string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(data)
}

func (w *writer) put(data string) {
	w.last = frame([]byte(data))
	_, _ = w.w.Write(w.last)
}

// again sends the last packet once more.
func (w *writer) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.w.Write(w.last)
}

// frame escapes a packet, encodes runs of equal bytes, and adds the checksum.
func frame(data []byte) []byte {
	out := append(make([]byte, 0, len(data)+4), '$')
	for i := 0; i < len(data); {
		b := data[i]
		run := 1
		for i+run < len(data) && data[i+run] == b && run < longestRun {
			run++
		}
		one := []byte{b}
		if b == '#' || b == '$' || b == '}' || b == '*' {
			one = []byte{'}', b ^ 0x20}
		}
		out = append(out, one...)
		i++
		// Behind a byte, * and a character say how often more it comes: at least three
		// times, since their codes begin at 29 above which all can be printed.
		n := run - 1
		for n == '#'-29 || n == '$'-29 || n == '+'-29 || n == '-'-29 {
			n--
		}
		if n >= 3 && len(one) == 1 {
			out = append(out, '*', byte(n+29))
			i += n
		}
	}
	sum := byte(0)
	for _, b := range out[1:] {
		sum += b
	}
	return fmt.Appendf(out, "#%02x", sum)
}

// longestRun is the largest number of equal bytes in a run: the code of 97 more is ~.
const longestRun = 98
