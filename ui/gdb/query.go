package gdb

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// ask answers a packet that moves nothing. The answer to one that is not known is empty,
// as the protocol has it.
func (s *session) ask(p string) string {
	if p == "" {
		return ""
	}
	rest := p[1:]
	switch p[0] {
	case '?':
		return s.stopReply()
	case 'g':
		return s.registers()
	case 'G':
		return s.setRegisters(rest)
	case 'p':
		return s.register(rest)
	case 'P':
		return s.setRegister(rest)
	case 'm', 'x':
		return s.readMemory(rest, p[0] == 'x')
	case 'M', 'X':
		return s.writeMemory(rest, p[0] == 'X')
	case 'H':
		return s.choose(rest)
	case 'T':
		if _, ok := s.thread(rest); !ok {
			return s.fail("01", errThread)
		}
		return "OK"
	case 'Z', 'z':
		return s.setPoint(p[0] == 'Z', rest)
	case 'q':
		return s.query(rest)
	}
	if p == "vCont?" {
		return "vCont;c;C;s;S;r"
	}
	return ""
}

// features are what this stub supports beyond the oldest protocol.
const features = "QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+;error-message+;binary-upload+"

// query answers q packets.
func (s *session) query(p string) string {
	name, rest, _ := strings.Cut(p, ":")
	switch {
	case name == "Supported":
		for _, f := range strings.Split(rest, ";") {
			if f, ok := strings.CutSuffix(f, "+"); ok && len(s.client) < 100 {
				s.client[f] = true
			}
		}
		list := fmt.Sprintf("PacketSize=%x;%s", packetSize, features)
		if s.t.Reverses() {
			list += ";ReverseStep+;ReverseContinue+"
		}
		return list
	case p == "C":
		return fmt.Sprintf("QC%x", s.general+1)
	case p == "Attached":
		return "1" // quitting detaches
	case p == "fThreadInfo":
		return s.threads()
	case p == "sThreadInfo":
		return "l"
	case strings.HasPrefix(p, "ThreadExtraInfo,"):
		cpu, ok := s.thread(strings.TrimPrefix(p, "ThreadExtraInfo,"))
		if !ok {
			return s.fail("01", errThread)
		}
		return hex.EncodeToString([]byte(s.t.Describe(cpu)))
	case name == "Symbol":
		return "OK" // none is needed
	case name == "Xfer":
		return s.transfer(rest)
	}
	return ""
}

// transfer answers a request for a piece of the description of processors:
// features:read:target.xml:OFFSET,LENGTH.
func (s *session) transfer(p string) string {
	span, ok := strings.CutPrefix(p, "features:read:target.xml:")
	if !ok {
		if strings.HasPrefix(p, "features:read:") {
			return s.fail("00", errSyntax)
		}
		return ""
	}
	at, ok := numbers(span, 2)
	switch xml := targetXML(); {
	case !ok:
		return s.bad()
	case at[0] >= uint64(len(xml)):
		return "l"
	case at[1] < uint64(len(xml))-at[0]:
		return "m" + xml[at[0]:at[0]+at[1]]
	default:
		return "l" + xml[at[0]:]
	}
}
