package gdb

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"resvirt/internal/words"
)

// monitor answers gdb's command monitor.
func (s *session) monitor(ctx context.Context, p string) {
	line, ok := fromHex(p)
	if !ok {
		s.out.send(s.bad())
		return
	}
	text, err := s.command(ctx, strings.Fields(string(line)))
	if err != nil {
		text = err.Error()
	}
	if text = strings.TrimRight(text, "\n") + "\n"; text == "\n" {
		s.out.send("OK")
		return
	}
	const piece = packetSize/2 - 8
	for ; len(text) > piece; text = text[piece:] {
		s.say(text[:piece])
	}
	s.say(text)
	s.out.send("OK")
}

// refresh is what a client has to do after the machine was moved behind its back.
const refresh = "gdb still shows where it was, until you say: maintenance flush register-cache"

// refreshes is the command by which a client says that it does so itself. It is no
// command for people.
const refreshes = "refreshes"

// command executes a command: those of memory here, the others by the target.
func (s *session) command(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch args[0] {
	case "help":
		rows := append(s.t.Help(), ownHelp...)
		return words.Glossary(rows, 80), nil
	case "phys":
		return s.physicalMemory(args[1:])
	case "space":
		return s.chooseSpace(args[1:])
	case refreshes:
		s.refreshes = true
		return "", nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	a, err := s.t.Monitor(ctx, s.general, args)
	s.mu.Lock()
	s.cancel = nil
	s.mu.Unlock()
	if err == nil && a.Moved {
		s.stop, s.general = Stop{CPU: a.CPU}, a.CPU
		if !s.refreshes {
			a.Text += "\n" + refresh
		}
	}
	return a.Text, err
}

var ownHelp = [][2]string{
	{"phys ADDRESS [N]", "N bytes of physical memory, 64 unless given"},
	{"space virtual | fetch | physical", "what addresses mean from here on: by the selected processor's page tables; the same as instructions are fetched, with a fault's inverted bits; physical"},
	{"help", "this"},
}

func (s *session) chooseSpace(args []string) (string, error) {
	for i, name := range spaces {
		if len(args) == 1 && args[0] == name {
			s.space = space(i)
			return "addresses are " + name + " now", nil
		}
	}
	return "", fmt.Errorf("say: monitor space %s", words.Or(spaces[:]))
}

// physicalMemory shows physical memory, 16 bytes a line.
func (s *session) physicalMemory(args []string) (string, error) {
	const usual, most = 64, 4096
	var v [2]uint64
	v[1] = usual
	for i, a := range args {
		n, err := strconv.ParseUint(a, 0, 64)
		if i >= 2 || err != nil {
			return "", fmt.Errorf("say: monitor phys ADDRESS [N], as in monitor phys 0x200000 16")
		}
		v[i] = n
	}
	if len(args) == 0 || v[1] > most {
		return "", fmt.Errorf("say: monitor phys ADDRESS [N], where N is at most %d", most)
	}
	var out strings.Builder
	for at := v[0]; at-v[0] < v[1]; at += 16 {
		b := make([]byte, min(16, v[1]-(at-v[0])))
		if !s.t.Machine().Memory().IsRAM(at) {
			return out.String(), fmt.Errorf("%s%#x is no RAM", out.String(), at)
		}
		s.t.Machine().ReadPhys(at, b)
		fmt.Fprintf(&out, "%#012x: %s\n", at, spaced(b))
	}
	return out.String(), nil
}

// spaced is bytes in hexadecimal, with a space between two.
func spaced(b []byte) string {
	var list []string
	for i := range b {
		list = append(list, hex.EncodeToString(b[i:i+1]))
	}
	return strings.Join(list, " ")
}
