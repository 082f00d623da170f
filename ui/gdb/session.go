package gdb

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// session is the conversation with one client.
type session struct {
	t   Target
	out *writer
	in  chan event

	general int // processor whose registers and memory are asked for
	moving  int // processor that steps, -1 for the general one
	points  []point
	space   space
	client  map[string]bool // what the client says it supports
	stop    Stop            // the last one
	ended   bool            // the machine has, and the client has been told

	refreshes bool // the client forgets what it knows of the machine after each command of monitor

	mu          sync.Mutex
	cancel      context.CancelFunc // of the move under way
	interrupted bool               // by the client, since its last packet
}

// outcome says how a session ended.
type outcome uint8

const (
	disconnected outcome = iota
	detached
	killed
	over // the machine has ended
)

// noQuit is no packet's answer: the session goes on.
const noQuit outcome = 255

// converse serves a client until it leaves or ctx ends.
func converse(ctx context.Context, conn io.ReadWriteCloser, t Target, idle func() bool) outcome {
	ctx, cancel := context.WithCancel(ctx)
	s := &session{t: t, out: &writer{w: conn}, in: make(chan event, 16), moving: -1, client: map[string]bool{}}
	s.general = t.Machine().Next()
	s.stop.CPU = s.general
	var reading sync.WaitGroup
	reading.Go(func() {
		defer cancel()
		s.listen(ctx, conn)
	})
	defer reading.Wait()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // also ends a write for which nobody waits
	defer cancel()
	tick := time.NewTicker(idleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return disconnected
		case <-tick.C:
			if idle != nil && idle() {
				return killed
			}
		case e := <-s.in:
			if e.kind == resend {
				s.out.again()
				continue
			}
			if end := s.answer(ctx, string(e.data)); end != noQuit {
				return end
			}
		}
	}
}

// listen reads what the client sends until it leaves. Packets that come while the machine
// moves and nobody waits for are dropped when there are too many.
func (s *session) listen(ctx context.Context, conn io.Reader) {
	r := &reader{r: bufio.NewReader(conn), out: s.out}
	for {
		e, err := r.next()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.interrupted = e.kind == interrupt
		if s.interrupted && s.cancel != nil {
			s.cancel()
		}
		s.mu.Unlock()
		if e.kind == interrupt {
			continue
		}
		select {
		case s.in <- e:
		case <-ctx.Done():
			return
		default:
		}
	}
}

// answer answers a packet.
func (s *session) answer(ctx context.Context, p string) outcome {
	switch {
	case p == "D" || strings.HasPrefix(p, "D;"):
		s.out.send("OK")
		return detached
	case p == "k":
		return killed
	case strings.HasPrefix(p, "vKill"):
		s.out.send("OK")
		return killed
	case p == "QStartNoAckMode":
		s.out.sendQuiet("OK")
	case resumes(p):
		return s.resume(ctx, p)
	case strings.HasPrefix(p, "qRcmd,"):
		s.monitor(ctx, p[len("qRcmd,"):])
	default:
		s.out.send(s.ask(p))
	}
	return noQuit
}

// refuse is the answer for what cannot be done: older clients print it as it is.
func refuse(err error) string { return "E." + strings.ReplaceAll(err.Error(), "\n", " ") }

// fail is an answer that all clients take for an error; it has a text for those that show it.
func (s *session) fail(code string, err error) string {
	if s.client["error-message"] {
		return refuse(err)
	}
	return "E" + code
}

var errSyntax = errors.New("the packet is not as the protocol has it")

// bad is the answer to a packet that makes no sense.
func (s *session) bad() string { return s.fail("22", errSyntax) }
