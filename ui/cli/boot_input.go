package cli

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// bootInput is the input of the serial line. The whole content of a file is
// there from the beginning, so that a run with it can be repeated exactly. Input
// that people or other programs send meanwhile arrives at the end of the current
// millisecond of virtual time.
type bootInput struct {
	bytes   []byte
	more    <-chan []byte // closed at the end of the input; nil if there is no more than bytes
	fast    bool          // a person types: nothing is held back
	escaped bool          // Ctrl-A was typed
	quit    bool
	restore func() // ends the raw mode of a terminal, nil if it is none
}

// forever is the length of a wait that ends only with input or at its end.
const forever = time.Duration(1<<63 - 1)

func openBootInput(stdin io.Reader) (*bootInput, error) {
	in := &bootInput{}
	file, ok := stdin.(*os.File)
	if ok {
		if info, err := file.Stat(); err != nil || info.Mode().IsRegular() {
			ok = false
		}
	}
	if !ok {
		b, err := io.ReadAll(stdin)
		in.bytes = b
		return in, err
	}
	if fd := int(file.Fd()); term.IsTerminal(fd) {
		old, err := term.MakeRaw(fd)
		if err != nil {
			return nil, err
		}
		in.fast, in.restore = true, func() { term.Restore(fd, old) }
	}
	more := make(chan []byte)
	in.more = more
	go func() { // until the end of the input or of the process
		defer close(more)
		for {
			b := make([]byte, 4096)
			n, err := file.Read(b)
			if n > 0 {
				more <- b[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return in, nil
}

func (in *bootInput) close() {
	if in.restore != nil {
		in.restore()
	}
}

// take returns the input that has come, without waiting.
func (in *bootInput) take() []byte {
	for in.more != nil {
		select {
		case b, ok := <-in.more:
			in.came(b, ok)
			continue
		default:
		}
		break
	}
	b := in.bytes
	in.bytes = nil
	return b
}

// wait waits for input, for a time at most, and tells whether there is or may be some.
func (in *bootInput) wait(ctx context.Context, d time.Duration) bool {
	if len(in.bytes) > 0 {
		return true
	}
	if in.more == nil {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case b, ok := <-in.more:
		in.came(b, ok)
	case <-t.C:
	case <-ctx.Done():
	}
	return in.more != nil || len(in.bytes) > 0
}

// came takes a piece of input, or its end.
func (in *bootInput) came(b []byte, ok bool) {
	if !ok {
		in.more = nil
		return
	}
	if in.restore == nil {
		in.bytes = append(in.bytes, b...)
		return
	}
	const ctrlA = 1
	for _, c := range b { // keys as QEMU has them: Ctrl-A x quits, Ctrl-A Ctrl-A is a Ctrl-A
		switch {
		case in.escaped && c == 'x':
			in.quit = true
		case in.escaped && c != ctrlA: // other commands do not exist
		case !in.escaped && c == ctrlA:
			in.escaped = true
			continue
		default:
			in.bytes = append(in.bytes, c)
		}
		in.escaped = false
	}
}
