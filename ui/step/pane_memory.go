package step

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"resvirt/faults"
)

// memory shows memory at an address of the processor that is shown, and how that is
// translated.
func memory() *pane {
	p := facts(pane{name: "Memory", key: "8", slot: leftSlot, about: "memory at an address of this processor: a for the address, Enter follows a pointer, t words or bytes"}, gatherMemory, drawMemory)
	p.press = pressMemory
	return p
}

// AskMemory is what memory is shown: at a register plus an offset, or at an address.
type AskMemory struct {
	Absolute bool
	Address  uint64
	Register faults.Register
	Bytes    bool // as bytes, not words
}

// wordsShown is how many words are read; as many of them lie before the address.
const wordsShown = 64

// words is memory around an address.
type dump struct {
	cpu    int
	at     uint64 // the address that was asked for
	what   string
	from   uint64
	this   []word
	golden []word // empty: the golden run has ended, or is not asked for
	walk   []string
	pa     uint64
	mapped bool
	bytes  bool
}

// word is 8 bytes of memory.
type word struct {
	ok   bool
	v    uint64
	name string // of the code or variable at which it points
}

func (d *dump) title(*State) string { return fmt.Sprintf("Memory  CPU%d  %s", d.cpu, d.what) }

func gatherMemory(ctx context.Context, d *desk) *dump {
	a := d.ask.Memory
	m := &dump{cpu: d.cpu, at: a.Address, what: fmt.Sprintf("%#x", a.Address), bytes: a.Bytes}
	if !a.Absolute {
		m.at = d.machine().Register(d.cpu, a.Register)
		m.what = fmt.Sprintf("%s = %#x", a.Register, m.at)
	}
	if name := d.nameOf(m.at); name != "" {
		m.what += " " + name
	}
	m.from = m.at&^7 - 8*wordsShown/2
	m.this = d.words(d.machine(), m.from, true)
	if d.ask.Golden {
		if g := d.golden(ctx); g != nil {
			m.golden = d.words(g, m.from, false)
		}
	}
	m.pa, m.mapped = d.machine().Translate(d.cpu, m.at)
	m.walk = d.translation(m.at)
	return m
}

// words reads memory as the processor that is shown sees it.
func (d *desk) words(m faults.Machine, from uint64, names bool) []word {
	list := make([]word, wordsShown)
	for i := range list {
		var b [8]byte
		if m.ReadVirt(d.cpu, from+uint64(8*i), b[:]) != nil {
			continue
		}
		list[i] = word{ok: true, v: binary.LittleEndian.Uint64(b[:])}
		if names {
			list[i].name = d.nameOf(list[i].v)
		}
	}
	return list
}

// nameOf names code and the hypervisor's variables at an address, "" if there is neither.
func (d *desk) nameOf(v uint64) string {
	if v < 1<<12 {
		return ""
	}
	if name, start, ok := d.rec.Lab.System.Target().Symbols.Func(v); ok {
		return fmt.Sprintf("%s+%#x", strings.TrimPrefix(name, "main."), v-start)
	}
	vmm, ok := d.rec.Guests.Image("vmm")
	if !ok {
		return ""
	}
	if s, ok := vmm.Var(v); ok {
		if v == s.Start {
			return s.Name
		}
		return fmt.Sprintf("%s+%#x", s.Name, v-s.Start)
	}
	return ""
}

// cursorAddress is the address of the word under the cursor.
func (m *dump) cursorAddress(s *State) uint64 {
	return m.at&^7 + uint64(8*s.Rows[memoryPane].cursor)
}

func pressMemory(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[memoryPane].(*dump)
	if !ok {
		return s, nil, false
	}
	r := &s.Rows[memoryPane]
	const most = wordsShown/2 - 1
	switch k {
	case "Up", "k":
		r.cursor = max(r.cursor-1, -most)
	case "Down", "j":
		r.cursor = min(r.cursor+1, most)
	case "PgUp":
		return s.memoryAt(now.at&^7 - 8*wordsShown/4), nil, true
	case "PgDn":
		return s.memoryAt(now.at&^7 + 8*wordsShown/4), nil, true
	case "t":
		s.Ask.Memory.Bytes = !s.Ask.Memory.Bytes
	case "a":
		return s.ask("address "), nil, true
	case "w":
		return s.stay(now), whoWrote{now.cursorAddress(&s), 8}, true
	case "W":
		return s.stay(now), whoReads{now.cursorAddress(&s), 8}, true
	case "Enter":
		i := (now.cursorAddress(&s) - now.from) / 8
		if i < uint64(len(now.this)) && now.this[i].ok {
			return s.memoryAt(now.this[i].v), nil, true
		}
	default:
		return s, nil, false
	}
	return s, nil, true
}

// memoryAt shows memory at an address.
func (s State) memoryAt(at uint64) State {
	s.Ask.Memory.Absolute, s.Ask.Memory.Address = true, at
	s.Rows[memoryPane] = rows{}
	return s
}

// stay keeps the pane at its address, under the cursor as well, when one goes elsewhere to learn
// of a word there: a register has another value then.
func (s State) stay(now *dump) State {
	s.Ask.Memory.Absolute, s.Ask.Memory.Address = true, now.at
	return s
}

// parseAddress reads an address as people write it: a register, or a number.
func parseAddress(text string) (AskMemory, error) {
	if r, err := faults.ParseRegister(strings.ToLower(text)); err == nil {
		return AskMemory{Register: r}, nil
	}
	digits := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(text), "0x"), "_", "")
	at, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return AskMemory{}, fmt.Errorf("%q is no address: say a register, or a number in hexadecimal", text)
	}
	return AskMemory{Absolute: true, Address: at}, nil
}

func drawMemory(b box, s *State, now, last *dump) {
	foot := min(len(now.walk), max(b.h-3, 0))
	h := b.h - foot
	cursor := s.Rows[memoryPane].cursor
	first := wordsShown/2 + cursor - h/2
	first = max(min(first, wordsShown-h), 0)
	for y := 0; y < h && first+y < len(now.this); y++ {
		i := first + y
		at := now.from + uint64(8*i)
		before, known := word{}, false
		if last != nil && last.cpu == now.cpu && at >= last.from && (at-last.from)/8 < uint64(len(last.this)) {
			before, known = last.this[(at-last.from)/8], true
		}
		drawWord(b, y, now, i, known && before.v != now.this[i].v)
		if s.Focus == memoryPane && i == wordsShown/2+cursor {
			b.reverse(y)
		}
	}
	for i := range foot {
		b.fit(0, h+i, b.w, now.walk[i], style{dim: true})
	}
}

func drawWord(b box, y int, now *dump, i int, changed bool) {
	at, w := now.from+uint64(8*i), now.this[i]
	st := style{}
	if changed {
		st = style{bold: true, color: notice}
		b.text(0, y, "*", st)
	}
	glyph := " "
	if at == now.at&^7 {
		glyph = "▶"
	}
	b.text(2, y, fmt.Sprintf("%s%016x", glyph, at), style{dim: true})
	if !w.ok {
		b.text(20, y, "not mapped", style{dim: true})
		return
	}
	text := fmt.Sprintf("%016x", w.v)
	if now.bytes {
		text = ""
		for k := range 8 {
			text += fmt.Sprintf("%02x ", byte(w.v>>(8*k)))
		}
		text += printable(w.v)
	}
	x := b.text(20, y, text, st)
	name := w.name
	if len(now.golden) > 0 && (now.golden[i].v != w.v || !now.golden[i].ok) {
		b.text(1, y, "!", style{bold: true, color: bad})
		name += fmt.Sprintf("  golden %x", now.golden[i].v)
	}
	b.fit(x+1, y, b.w-x-1, name, style{dim: true})
}

// printable are the characters of a word's bytes.
func printable(v uint64) string {
	b := make([]byte, 8)
	binary.LittleEndian.PutUint64(b, v)
	for i, c := range b {
		if c < ' ' || c > 0x7e {
			b[i] = '.'
		}
	}
	return string(b)
}
