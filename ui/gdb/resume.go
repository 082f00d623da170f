package gdb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resumes tells whether a packet lets the machine move.
func resumes(p string) bool {
	for _, head := range []string{"vCont;", "bc", "bs"} {
		if strings.HasPrefix(p, head) {
			return true
		}
	}
	return p != "" && strings.Contains("cCsS", p[:1])
}

var errAddress = errors.New("a move from another address: set $pc first")

// move reads a packet that lets the machine move. All processors go on together as they
// do by themselves: one that steps may have others overtake it, also where the client
// wants them to stand still.
func (s *session) move(p string) (m Move, err error) {
	m.CPU = s.moving
	if m.CPU < 0 {
		m.CPU = s.general
	}
	switch {
	case p == "bc" || p == "bs":
		if !s.t.Reverses() {
			return m, errForward
		}
		m.Back, m.Step = true, p == "bs"
		return m, nil
	case strings.HasPrefix(p, "vCont;"):
		return s.actions(m, strings.Split(p[len("vCont;"):], ";"))
	}
	// c and s may have an address, C and S have a signal, which means nothing here.
	rest := p[1:]
	if p[0] == 'C' || p[0] == 'S' {
		_, rest, _ = strings.Cut(rest, ";")
	}
	if m.Step = p[0] == 's' || p[0] == 'S'; rest != "" {
		return m, errAddress
	}
	return m, nil
}

var errForward = errors.New("this machine goes only forwards")

// actions reads those of vCont: the first that steps a processor counts.
func (s *session) actions(m Move, list []string) (Move, error) {
	for _, a := range list {
		what, id, one := strings.Cut(a, ":")
		if what == "" || !strings.Contains("cCsSr", what[:1]) {
			return m, errSyntax
		}
		cpu, known := s.thread(id)
		if one && !known && id != "-1" && id != "0" {
			return m, errThread
		}
		if strings.Contains("sSr", what[:1]) {
			if m.Step = true; known {
				m.CPU = cpu
			}
			if what[0] == 'r' {
				from, to, ok := strings.Cut(what[1:], ",")
				first, err := strconv.ParseUint(from, 16, 64)
				end, err2 := strconv.ParseUint(to, 16, 64)
				if !ok || err != nil || err2 != nil {
					return m, errSyntax
				}
				m.Within = [2]uint64{first, end}
			}
			return m, nil
		}
	}
	return m, nil
}

// resume moves the machine and tells where and why it stopped.
func (s *session) resume(ctx context.Context, p string) outcome {
	if s.ended {
		s.out.send(s.exitReply())
		return over
	}
	m, err := s.move(p)
	if err != nil {
		s.out.send(refuse(err))
		return noQuit
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.cancel = cancel
	if s.interrupted {
		cancel()
	}
	s.mu.Unlock()
	points, of := s.targets()
	stop, err := s.t.Resume(ctx, m, points)
	for err == nil && stop.Reason == Stepped && s.within(m, points) {
		if ctx.Err() != nil {
			stop.Reason = Interrupted
			break
		}
		stop, err = s.t.Resume(ctx, m, points)
	}
	s.mu.Lock()
	s.cancel, s.interrupted = nil, false
	s.mu.Unlock()
	if err != nil {
		s.say(err.Error() + "\n")
		stop = Stop{Reason: Interrupted, CPU: s.general}
	}
	if stop.Reason == AtData && stop.Point < len(of) {
		stop.Point = of[stop.Point]
	}
	s.stop, s.general = stop, stop.CPU
	if stop.Reason == Ended {
		s.ended = true
		s.say(stop.Text + "\n")
	}
	s.out.send(s.stopReply())
	return noQuit
}

// within tells whether a step has led to an address from which another is wanted: not
// where a breakpoint is.
func (s *session) within(m Move, points Points) bool {
	pc := s.t.Machine().CPU(m.CPU).RIP
	return pc >= m.Within[0] && pc < m.Within[1] && !slices.Contains(points.Code, pc)
}

// say lets the client print a text while it waits for a stop.
func (s *session) say(text string) { s.out.send("O" + hex.EncodeToString([]byte(text))) }

// The signals of stops, by gdb's numbers.
const (
	sigInt  = 2
	sigTrap = 5
	sigTerm = 15
)

// stopReply tells of the last stop. A machine that has ended stays to be looked at until
// the client wants it to go on.
func (s *session) stopReply() string {
	signal, more := sigTrap, ""
	switch s.stop.Reason {
	case AtCode:
		more = s.breakReply()
	case AtData:
		if s.stop.Point < len(s.points) {
			more = s.points[s.stop.Point].reply()
		}
	case AtBegin:
		more = "replaylog:begin;"
	case AtEnd:
		more = "replaylog:end;"
	case Interrupted:
		signal = sigInt
	case Ended:
		signal = sigTerm
	}
	return fmt.Sprintf("T%02xthread:%x;%s", signal, s.stop.CPU+1, more)
}

// breakReply names the kind of the breakpoint at which a processor is, if the client
// knows kinds.
func (s *session) breakReply() string {
	pc := s.t.Machine().CPU(s.stop.CPU).RIP
	for _, p := range s.points {
		switch {
		case p.addr != pc || p.kind > 1:
		case p.kind == 0 && s.client["swbreak"]:
			return "swbreak:;"
		case p.kind == 1 && s.client["hwbreak"]:
			return "hwbreak:;"
		}
	}
	return ""
}

func (s *session) exitReply() string { return fmt.Sprintf("W%02x", s.stop.Status) }
