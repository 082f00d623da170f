package gdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// Listen opens the address that a user names: HOST:PORT, :PORT or PORT. Without a host it
// is this computer alone, since whoever connects can read the machine and, if it is no
// recording, change it. Port 0 is any that is free.
func Listen(addr string) (net.Listener, error) {
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: say HOST:PORT, or PORT alone for this computer: %w", addr, err)
	}
	if host == "" {
		host = "localhost"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("gdb cannot connect at %s: %w", addr, err)
	}
	return l, nil
}

// Server lets one client after the other look at a target.
type Server struct {
	Target   Target
	Listener net.Listener
	Say      func(string) // who has come and gone, a line each
	// Free says that the machine runs on by itself while nobody looks, once a client has
	// detached.
	Free bool
	// Idle is called from time to time while the machine stands, and tells whether its user
	// wants to end it; nil: nobody does.
	Idle func() bool

	come atomic.Pointer[context.CancelFunc] // is called when a client comes, if not nil
}

// idleEvery is the time between two calls of Idle.
const idleEvery = 100 * time.Millisecond

// Serve serves clients until ctx ends, a client kills the machine, or it has ended. It
// closes the listener.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { s.Listener.Close() })()
	defer s.Listener.Close()
	var busy atomic.Bool
	clients, failed := make(chan net.Conn, 1), make(chan error, 1)
	go func() { failed <- s.accept(&busy, clients) }()
	idle := time.NewTicker(idleEvery)
	defer idle.Stop()
	for {
		var conn net.Conn
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		case conn = <-clients:
		case <-idle.C:
			if s.Idle != nil && s.Idle() {
				return nil
			}
			continue
		}
		s.Say("gdb connected from " + conn.RemoteAddr().String())
		how := converse(ctx, conn, s.Target, s.Idle)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch how {
		case over:
			return nil
		case killed:
			if s.Say("gdb has left"); s.Free {
				return nil
			}
		default:
			s.Say("gdb has left; waiting for the next one")
		}
		busy.Store(false)
		if how == detached && s.Free {
			if ended, err := s.alone(ctx, &busy); ended || err != nil {
				return err
			}
		}
	}
}

// accept passes clients on while nobody is served, and refuses the others.
func (s *Server) accept(busy *atomic.Bool, clients chan<- net.Conn) error {
	for {
		conn, err := s.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		case busy.CompareAndSwap(false, true):
			clients <- conn
			if come := s.come.Load(); come != nil {
				(*come)()
			}
		default:
			conn.Close()
		}
	}
}

// alone lets the machine run until the next client comes.
func (s *Server) alone(ctx context.Context, busy *atomic.Bool) (ended bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.come.Store(&cancel)
	defer s.come.Store(nil)
	if busy.Load() {
		cancel()
	}
	stop, err := s.Target.Resume(ctx, Move{}, Points{})
	return stop.Reason == Ended, err
}
