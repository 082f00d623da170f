package gdb

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"resvirt/hw/mem"
)

// space is what addresses of memory mean.
type space uint8

const (
	virtual  space = iota // by the page tables of the processor that is looked at
	fetched               // the same, with inverted bits of faults in code, as instruction fetch sees it
	absolute              // physical
)

var spaces = [...]string{virtual: "virtual", fetched: "fetch", absolute: "physical"}

var (
	errUnmapped = errors.New("the address is not mapped on this processor")
)

// translate is the physical address of one in the space that is chosen.
func (s *session) translate(addr uint64) (pa uint64, ok bool) {
	if s.space == absolute {
		return addr, s.t.Machine().Memory().IsRAM(addr)
	}
	return s.t.Machine().Translate(s.general, addr)
}

// load reads memory up to the first address that is not mapped.
func (s *session) load(addr uint64, n int) (b []byte) {
	m := s.t.Machine()
	for len(b) < n {
		pa, ok := s.translate(addr)
		if !ok {
			break
		}
		piece := make([]byte, min(n-len(b), int(mem.PageSize-addr%mem.PageSize)))
		if s.space == fetched {
			if m.ReadCode(s.general, addr, piece) != nil {
				break
			}
		} else {
			m.ReadPhys(pa, piece)
		}
		b, addr = append(b, piece...), addr+uint64(len(piece))
	}
	return b
}

// readMemory answers m and x: ADDRESS,LENGTH. Fewer bytes than asked for are an answer.
func (s *session) readMemory(p string, binary bool) string {
	v, ok := numbers(p, 2)
	if !ok {
		return s.bad()
	}
	most := uint64(packetSize / 2)
	if binary {
		most = packetSize/2 - 1 // each byte may need two
	}
	b := s.load(v[0], int(min(v[1], most)))
	switch {
	case len(b) == 0 && v[1] > 0:
		return s.fail("0e", errUnmapped)
	case binary:
		return "b" + string(b)
	}
	return hex.EncodeToString(b)
}

// writeMemory answers M and X: ADDRESS,LENGTH:CONTENT. It writes all or nothing.
func (s *session) writeMemory(p string, binary bool) string {
	head, content, ok := strings.Cut(p, ":")
	v, fine := numbers(head, 2)
	if !ok || !fine {
		return s.bad()
	}
	b := []byte(content)
	if !binary {
		if b, ok = fromHex(content); !ok {
			return s.bad()
		}
	}
	if uint64(len(b)) != v[1] {
		return s.bad()
	}
	if len(b) == 0 {
		return "OK" // the client asks whether there is such a packet
	}
	if err := s.t.Frozen(); err != nil {
		return refuse(err)
	}
	if err := s.store(v[0], b); err != nil {
		return s.fail("0e", err)
	}
	return "OK"
}

func (s *session) store(addr uint64, b []byte) error {
	if got := s.load(addr, len(b)); len(got) < len(b) {
		return fmt.Errorf("%#x: %w", addr+uint64(len(got)), errUnmapped)
	}
	for len(b) > 0 {
		pa, _ := s.translate(addr)
		n := min(len(b), int(mem.PageSize-addr%mem.PageSize))
		s.t.Machine().WritePhys(pa, b[:n])
		b, addr = b[n:], addr+uint64(n)
	}
	return nil
}
