package inspect

import (
	"debug/dwarf"
	"math/bits"
	"slices"
	"strings"
)

// typed is a constant of a type that has a name.
type typed struct {
	name  string
	value uint64
	typ   dwarf.Offset
}

// names are the constants of a type: by value, and whether they are single bits.
type names struct {
	by   map[uint64]string
	bits []typed // in the order of the bits; empty if the constants are numbers
}

// constant is the name of a value of a type that has constants of its own: such as
// "main.stateRunning", or bits joined by |. It is empty if there is none.
func (v *View) constant(typ dwarf.Type, value uint64) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.names == nil {
		v.names = map[dwarf.Type]*names{}
		for _, c := range v.typed {
			if t, err := v.dwarf.Type(c.typ); err == nil && strings.Contains(typeName(t), ".") {
				v.names[t] = v.names[t].add(c)
			}
		}
		for _, n := range v.names {
			slices.SortStableFunc(n.bits, func(a, b typed) int { return bits.TrailingZeros64(a.value) - bits.TrailingZeros64(b.value) })
		}
	}
	n := v.names[typ]
	if n == nil {
		return ""
	}
	if name, ok := n.by[value]; ok {
		return name
	}
	return n.joined(value)
}

// add notes a constant. Of two with one value the first counts.
func (n *names) add(c typed) *names {
	if n == nil {
		n = &names{by: map[uint64]string{}}
	}
	if _, twice := n.by[c.value]; !twice {
		n.by[c.value] = c.name
		if bits.OnesCount64(c.value) == 1 {
			n.bits = append(n.bits, c)
		}
	}
	return n
}

// joined names the bits of a value. Constants of which several are no single bits are
// numbers.
func (n *names) joined(value uint64) string {
	zero := 0
	if _, ok := n.by[0]; ok {
		zero = 1
	}
	if len(n.bits) < 2 || len(n.bits)+zero < len(n.by) {
		return ""
	}
	var list []string
	for _, b := range n.bits {
		if value&b.value != 0 {
			list = append(list, b.name)
			value &^= b.value
		}
	}
	if value != 0 {
		return ""
	}
	return strings.Join(list, "|")
}

// Most constants in the images' sources have no type, so debug information does not tell
// which of them a member of a struct may have. This does.
type meaning struct {
	flags  bool     // the constants are bits
	names  []string // the image's constants
	public []string // instead: by value, names of Xen's interface, of which images have no debug information
}

// meanings are those of members of structs.
var meanings = map[string]meaning{
	"main.CPU.state":  {names: []string{"main.cpuOff", "main.cpuStarting", "main.cpuUp", "main.cpuStopped"}},
	"main.VCPU.pri":   {names: []string{"main.priIdle", "main.priOver", "main.priUnder", "main.priBoost"}},
	"main.VCPU.pause": {names: []string{"main.pauseBlocked", "main.pauseDown", "main.pausePoll", "main.pauseShutdown"}, flags: true},
	guestProc + ".state": {names: []string{"resvirt/vi/guest.procFree", "resvirt/vi/guest.procRunnable",
		"resvirt/vi/guest.procSleeping", "resvirt/vi/guest.procZombie"}},
	"main.VCPU.state":   {public: []string{"running", "runnable", "blocked", "offline"}},               // RUNSTATE_
	"main.evtchn.state": {public: []string{"closed", "unbound", "interdomain", "pirq", "virq", "ipi"}}, // EVTCHNSTAT_
}

const guestProc = "resvirt/vi/guest.Proc"

// meaning is the name, without its package, of the value of a member of a struct, empty
// if it has none.
func (v *View) meaning(of string, value uint64, size int64) string {
	m, ok := meanings[of]
	if !ok {
		return ""
	}
	if value < uint64(len(m.public)) {
		return m.public[value]
	}
	var list []string
	for _, name := range m.names {
		c, known := v.consts[name]
		bits := uint64(c) & (1<<(8*uint64(size)) - 1) // as wide as the member
		short := name[strings.LastIndexByte(name, '.')+1:]
		switch {
		case !known:
		case !m.flags && bits == value:
			return short
		case m.flags && bits != 0 && value&bits == bits:
			list = append(list, short)
			value &^= bits
		}
	}
	if value != 0 {
		return ""
	}
	return strings.Join(list, "|")
}
