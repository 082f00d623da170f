package gdb

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"resvirt/hw/machine"
	"resvirt/internal/testkernel"
)

// client speaks the protocol with a target, from the other end of a pipe.
type client struct {
	t     *testing.T
	conn  net.Conn
	r     *bufio.Reader
	ended chan outcome
	noAck bool
}

// dial begins a session.
func dial(t *testing.T, target Target) *client {
	here, there := net.Pipe()
	c := &client{t: t, conn: here, r: bufio.NewReader(here), ended: make(chan outcome, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.ended <- converse(ctx, there, target, nil)
	}()
	t.Cleanup(func() {
		here.Close()
		cancel()
		<-done
	})
	return c
}

func (c *client) write(raw string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(raw)); err != nil {
		c.t.Fatal(err)
	}
}

func sum(s string) (n byte) {
	for i := range len(s) {
		n += s[i]
	}
	return n
}

// send sends a packet and passes its acknowledgement.
func (c *client) send(p string) {
	c.t.Helper()
	c.write(fmt.Sprintf("$%s#%02x", p, sum(p)))
	if c.noAck {
		return
	}
	if b, err := c.r.ReadByte(); err != nil || b != '+' {
		c.t.Fatalf("%q is answered with %q, %v", p, b, err)
	}
}

// receive reads a packet, decodes runs and escapes, and acknowledges it.
func (c *client) receive() string {
	c.t.Helper()
	head, err := c.r.ReadByte()
	if err != nil || head != '$' {
		c.t.Fatalf("%q instead of a packet, %v", head, err)
	}
	raw, err := c.r.ReadString('#')
	if err != nil {
		c.t.Fatal(err)
	}
	raw = raw[:len(raw)-1]
	var digits [2]byte
	for i := range digits {
		digits[i], _ = c.r.ReadByte()
	}
	if want := fmt.Sprintf("%02x", sum(raw)); string(digits[:]) != want {
		c.t.Fatalf("checksum %s, want %s", digits, want)
	}
	var out []byte
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '}':
			i++
			out = append(out, raw[i]^0x20)
		case '*':
			i++
			for range int(raw[i]) - 29 {
				out = append(out, out[len(out)-1])
			}
		default:
			out = append(out, raw[i])
		}
	}
	if !c.noAck {
		// Behind its last answer the server may have closed, before it is acknowledged.
		if _, err := c.conn.Write([]byte("+")); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			c.t.Fatal(err)
		}
	}
	return string(out)
}

// ask sends a packet and returns its answer.
func (c *client) ask(p string) string {
	c.t.Helper()
	c.send(p)
	return c.receive()
}

// want checks an answer.
func (c *client) want(p, answer string) {
	c.t.Helper()
	if got := c.ask(p); got != answer {
		c.t.Errorf("%q is answered with %q, want %q", p, got, answer)
	}
}

// monitor sends a command and returns what is printed.
func (c *client) monitor(command string) string {
	c.t.Helper()
	var text string
	for p := c.ask("qRcmd," + hex.EncodeToString([]byte(command))); p != "OK"; p = c.receive() {
		b, err := hex.DecodeString(strings.TrimPrefix(p, "O"))
		if err != nil {
			c.t.Fatalf("monitor %s: %q", command, p)
		}
		text += string(b)
	}
	return text
}

// register reads a register of the processor that is chosen.
func (c *client) register(name string) (v uint64) {
	c.t.Helper()
	for i, r := range table() {
		if r.name == name {
			b, err := hex.DecodeString(c.ask(fmt.Sprintf("p%x", i)))
			if err != nil || len(b) != r.size {
				c.t.Fatalf("%s is % x, %v", name, b, err)
			}
			return fromLittle(b)
		}
	}
	c.t.Fatalf("no register %s", name)
	return 0
}

// The test's kernel, and the offsets of its instructions.
const (
	word0    = 0x200000
	atStore  = 5
	atInc    = 10
	atStore2 = 11
	atLoad   = 16
	atLoop   = 22
	atExit   = 24
)

// kernel stores 5 and then 6 at word0, loads it, waits in a loop while EDX is one, and ends with 3.
func kernel(spin byte) []byte {
	return testkernel.Multiboot([]byte{
		0xb8, 5, 0, 0, 0, // mov eax, 5
		0xa3, 0, 0, 0x20, 0, // mov [word0], eax
		0x40,                // inc eax
		0xa3, 0, 0, 0x20, 0, // mov [word0], eax
		0x8b, 0x1d, 0, 0, 0x20, 0, // mov ebx, [word0]
		0xeb, spin, // jmp, to itself or on
	}, testkernel.Exit(3))
}

const (
	goesOn = 0
	spins  = 0xfe
)

// live is a machine with that kernel, with two processors of which one never starts.
func live(t *testing.T, spin byte) *Live {
	spec := machine.DefaultSpec()
	m, err := machine.New(spec)
	if err == nil {
		err = m.LoadMultiboot(kernel(spin), "", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, u machine.Until) (machine.Stop, error) {
		for ctx.Err() == nil {
			piece := u
			if next := m.Position() + 1000; piece.Position == 0 || next < piece.Position {
				piece.Position = next
			}
			if s := m.Run(piece); s.Reason != machine.ReachedPosition || piece.Position == u.Position {
				return s, nil
			}
		}
		return machine.Stop{}, ctx.Err()
	}
	return &Live{M: m, Run: run, Status: func(s machine.Stop) uint8 { return uint8(s.Code) }}
}

func hexAddr(offset int) string { return strconv.FormatUint(testkernel.Entry+uint64(offset), 16) }
