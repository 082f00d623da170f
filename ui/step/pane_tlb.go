package step

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"resvirt/experiments/testbed"
	"resvirt/hw/cpu"
)

// tlb shows the translations that a processor uses, and which of them the page tables do not give
// any more.
func tlb() *pane {
	p := facts(pane{name: "TLB", key: "V", slot: rightSlot, home: registersPane, about: "translations in the processor's look-aside buffer: ✗ stale, the page tables say something else now; * new, ! not in the golden run's"}, gatherTLB, drawTLB)
	p.press = pressTLB
	return p
}

// buffer is a processor's TLB.
type buffer struct {
	cpu     int
	list    []cached // those that are stale first, then by address
	stale   int
	golden  map[key3]bool // nil: not asked for, or the golden run has ended
	missing string
}

// cached is an entry, and how it stands to the page tables.
type cached struct {
	cpu.Translation
	now     cpu.Translation // by the page tables
	mapped  bool            // they map something there
	foreign bool            // it belongs to another context: these page tables are not its own
	name    string          // of what is there
}

// key3 is what makes an entry the same in two TLBs.
type key3 struct {
	va, pa uint64
	pcid   uint16
}

func (c *cached) key() key3 { return key3{c.VA, c.PA, c.PCID} }

// stale tells whether the page tables give something else.
func (c *cached) stale() bool { return !c.foreign && (!c.mapped || !c.SameAs(c.now)) }

func (t *buffer) title(*State) string {
	return fmt.Sprintf("TLB  CPU%d  %d entries, %d stale", t.cpu, len(t.list), t.stale)
}

func gatherTLB(ctx context.Context, d *desk) *buffer {
	t := &buffer{cpu: d.cpu}
	h, ok := d.machine().(*testbed.Hardware)
	if !ok {
		t.missing = "This machine has no TLB that can be looked into."
		return t
	}
	t.list = cachedIn(h.CPU(d.cpu))
	for i := range t.list {
		c := &t.list[i]
		c.name = d.nameOf(c.VA)
		if c.stale() {
			t.stale++
		}
	}
	if !d.ask.Golden {
		return t
	}
	if g, ok := d.golden(ctx).(*testbed.Hardware); ok {
		t.golden = map[key3]bool{}
		for _, c := range cachedIn(g.CPU(d.cpu)) {
			t.golden[c.key()] = true
		}
	}
	return t
}

// cachedIn lists a processor's entries.
func cachedIn(c *cpu.CPU) (list []cached) {
	for _, e := range c.Translations() {
		x := cached{Translation: e, foreign: !e.Global && e.PCID != c.Context()}
		x.now, x.mapped = c.Mapping(e.VA)
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(a, b cached) int {
		if a.stale() != b.stale() {
			return map[bool]int{true: -1, false: 1}[a.stale()]
		}
		return cmp.Or(cmp.Compare(a.VA, b.VA), cmp.Compare(a.PCID, b.PCID))
	})
	return list
}

func pressTLB(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[tlbPane].(*buffer)
	if !ok || len(now.list) == 0 {
		return s, nil, false
	}
	r := &s.Rows[tlbPane]
	if *r, ok = r.press(k, len(now.list)); ok {
		return s, nil, true
	}
	if k != "Enter" {
		return s, nil, false
	}
	return s.memoryAt(now.list[min(r.cursor, len(now.list)-1)].VA).focus(memoryPane), nil, true
}

func drawTLB(b box, s *State, now, last *buffer) {
	if now.missing != "" || len(now.list) == 0 {
		missing(b, cmp.Or(now.missing, "The TLB is empty: it has just been flushed."))
		return
	}
	before := map[key3]bool{}
	if last != nil && last.cpu == now.cpu {
		for i := range last.list {
			before[last.list[i].key()] = true
		}
	}
	r := s.Rows[tlbPane]
	top := r.window(len(now.list), b.h)
	for y := 0; y < b.h && top+y < len(now.list); y++ {
		c := &now.list[top+y]
		st := style{}
		if len(before) > 0 && !before[c.key()] {
			st = style{bold: true, color: notice}
			b.text(0, y, "*", st)
		}
		if now.golden != nil && !now.golden[c.key()] {
			b.text(1, y, "!", style{bold: true, color: bad})
		}
		glyph := " "
		if c.stale() {
			glyph, st = "✗", style{bold: true, color: bad}
		}
		b.text(2, y, glyph, st)
		b.fit(4, y, b.w-4, c.text(), st)
		if s.Focus == tlbPane && top+y == min(r.cursor, len(now.list)-1) {
			b.reverse(y)
		}
	}
}

// text says what an entry translates, and what the page tables make of it.
func (c *cached) text() string {
	text := fmt.Sprintf("%016x → %x %s", c.VA, c.PA, rights(c.Translation))
	switch c.Size {
	case 1 << 12:
	case 1 << 30:
		text += " of 1 GiB"
	default:
		text += fmt.Sprintf(" of %d MiB", c.Size>>20)
	}
	if c.Global {
		text += " global"
	}
	switch {
	case c.foreign:
		text += fmt.Sprintf("  of context %d", c.PCID)
	case !c.mapped:
		text += "  stale: no page is mapped there now"
	case c.PA != c.now.PA:
		text += fmt.Sprintf("  stale: page tables say %x %s now", c.now.PA, rights(c.now))
	case c.stale():
		text += fmt.Sprintf("  stale: page tables say %s now", rights(c.now))
	}
	if c.name != "" {
		text += "  " + c.name
	}
	return text
}

// rights are letters for what a translation allows.
func rights(t cpu.Translation) string {
	text := "r"
	for _, x := range []struct {
		on   bool
		name string
	}{{t.Writable, "w"}, {!t.NoExecute, "x"}, {t.User, "u"}, {t.Dirty, "d"}} {
		if x.on {
			text += x.name
		}
	}
	return text
}
