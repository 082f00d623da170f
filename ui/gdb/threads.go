package gdb

import (
	"errors"
	"fmt"
	"strings"
)

// Processors are threads, whose numbers begin at 1: processor 0 is thread 1.

var errThread = errors.New("there is no such processor")

// thread reads the number of a thread.
func (s *session) thread(id string) (cpu int, ok bool) {
	n, ok := number(id)
	if !ok || n < 1 || n > uint64(s.t.Machine().Spec().CPUs) {
		return 0, false
	}
	return int(n) - 1, true
}

func (s *session) threads() string {
	var list []string
	for i := range s.t.Machine().Spec().CPUs {
		list = append(list, fmt.Sprintf("%x", i+1))
	}
	return "m" + strings.Join(list, ",")
}

// choose answers H: g ID for registers and memory, c ID for moves. 0 means any, -1 all.
func (s *session) choose(p string) string {
	if len(p) < 2 {
		return s.bad()
	}
	cpu, one := s.thread(p[1:])
	if any := p[1:] == "0" || p[1:] == "-1"; !one && !any {
		return s.fail("01", errThread)
	}
	switch {
	case p[0] == 'g' && one:
		s.general = cpu
	case p[0] == 'c' && one:
		s.moving = cpu
	case p[0] == 'c':
		s.moving = -1
	case p[0] != 'g':
		return s.bad()
	}
	return "OK"
}
