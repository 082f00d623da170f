package apic

import (
	"math/bits"

	"resvirt/sim"
)

// State is everything mutable of a local APIC. It is plain data.
type State struct {
	ID, TPR, LDR, DFR, SVR uint32
	ICR                    uint64
	ESR, ESRLatched        uint32 // errors since the last write; what a read returns
	LVT                    [numLVT]uint32
	IRR, ISR, TMR          Vectors
	Pins                   uint8 // levels of LINT0 and LINT1, a bit each
	ExtINT                 bool  // an external interrupt came as a message

	// The timer: it held Count at Start and counts down one per Divide setting
	// times the bus period. Its current value follows from the time.
	Initial, Divide uint32
	Count           uint32
	Start           sim.Time
	Deadline        uint64 // value of the time-stamp counter, 0 = none; in deadline mode it replaces the members above
}

// Entries of the local vector table, in the order of their registers.
const (
	lvtTimer = iota
	lvtThermal
	lvtPerf
	lvtLINT0
	lvtLINT1
	lvtError
	numLVT
)

// Bits of LVT entries and of the spurious vector register.
const (
	lvtMode     = 7 << 8
	lvtMask     = 1 << 16
	lvtRemote   = 1 << 14
	lvtLevel    = 1 << 15
	lvtPeriodic = 1 << 17
	lvtDeadline = 1 << 18
	svrEnable   = 1 << 8
)

// Vectors is a set of the 256 interrupt vectors.
type Vectors [4]uint64

func (v *Vectors) set(n uint8)      { v[n>>6] |= 1 << (n & 63) }
func (v *Vectors) has(n uint8) bool { return v[n>>6]>>(n&63)&1 != 0 }
func (v *Vectors) clear(n uint8)    { v[n>>6] &^= 1 << (n & 63) }

// highest is the highest vector in the set, -1 if there is none.
func (v *Vectors) highest() int {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] != 0 {
			return i<<6 + bits.Len64(v[i]) - 1
		}
	}
	return -1
}

// word is the set's i-th group of 32, as registers show it.
func (v *Vectors) word(i uint32) uint32 { return uint32(v[i>>1] >> (i & 1 * 32)) }

// Hash adds the state to h.
func (s *State) Hash(h *sim.Hasher) {
	for _, x := range [...]uint32{s.ID, s.TPR, s.LDR, s.DFR, s.SVR, s.ESR, s.ESRLatched, s.Initial, s.Divide, s.Count} {
		h.Uint64(uint64(x))
	}
	for _, x := range s.LVT {
		h.Uint64(uint64(x))
	}
	for _, v := range [...]*Vectors{&s.IRR, &s.ISR, &s.TMR} {
		for _, x := range v {
			h.Uint64(x)
		}
	}
	h.Uint64(s.ICR)
	h.Uint64(uint64(s.Start))
	h.Uint64(uint64(s.Pins))
	h.Bool(s.ExtINT)
	h.Uint64(s.Deadline)
}
