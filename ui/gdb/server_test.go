package gdb

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// serve begins to serve a target; said are the lines that the server says.
func serve(t *testing.T, target Target) (address string, said <-chan string, cancel func(), ended <-chan error) {
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	lines, end := make(chan string, 100), make(chan error, 1)
	go func() {
		end <- (&Server{Target: target, Listener: l, Say: func(s string) { lines <- s }}).Serve(ctx)
	}()
	return l.Addr().String(), lines, cancel, end
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// One client is served at a time, the next one when it has left, however it left; the
// server ends with its context while a client's machine runs for ever.
func TestServer(t *testing.T) {
	address, said, cancel, ended := serve(t, live(t, spins))
	if host, _, _ := net.SplitHostPort(address); !net.ParseIP(host).IsLoopback() {
		t.Errorf("unless asked to, it listens at %s", address)
	}
	first := connect(t, address)
	if line := <-said; !strings.HasPrefix(line, "gdb connected") {
		t.Errorf("said %q", line)
	}
	if b, err := io.ReadAll(connect(t, address)); len(b) > 0 || err != nil {
		t.Errorf("the second client gets %q, %v", b, err)
	}
	first.Write([]byte("$c#63\x00garbage$"))
	first.Close()
	if line := <-said; !strings.HasPrefix(line, "gdb has left") {
		t.Errorf("said %q", line)
	}
	third := connect(t, address)
	for served := false; !served; { // the place is free a moment after the first has left
		third.Write([]byte("$qC#b4"))
		b := make([]byte, 1)
		if _, err := third.Read(b); err != nil {
			third = connect(t, address)
			continue
		}
		served = b[0] == '+'
	}
	third.Write([]byte("$c#63"))
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}
