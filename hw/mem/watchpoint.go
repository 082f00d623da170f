package mem

// The host's watchpoints: ranges of physical memory of which it wants to hear
// when they are accessed. They are not part of the machine's state, do not change
// it, and stay when a snapshot is restored. Host pointers by which an access would
// go unseen are not handed out for their pages; other pages cost nothing.

// Kind is a set of kinds of access.
type Kind uint8

const (
	Load Kind = 1 << iota
	Store
	Fetch // of the bytes of an instruction
)

// Watchpoint is Len bytes from PA on, and the kinds of access that count.
type Watchpoint struct {
	PA, Len uint64
	Kinds   Kind
}

// Cause is on whose behalf memory is accessed.
type Cause uint8

const (
	Host        Cause = iota // from outside the machine
	Instruction              // what an instruction is there for
	Delivery                 // the frame of an interrupt or exception, and the tables that lead to its handler
	Walk                     // page tables, their accessed and dirty bits included
	Device                   // direct memory access
)

// String is the cause in words.
func (c Cause) String() string {
	return [...]string{"host", "instruction", "delivery", "page walk", "device"}[c]
}

// Access is an access of one kind to Len bytes from PA on, within a page, of which at
// least one is watched for this kind.
type Access struct {
	PA, Len uint64
	Kind    Kind
	Cause   Cause
}

// watchpoints are what is watched, and who hears of it.
type watchpoints struct {
	list []Watchpoint
	all  Kind // what any of them counts
	tell func(Access)
}

// SetWatchpoints replaces the watchpoints; tell is called after each store and
// before or after each other access that counts. Host pointers are revoked.
func (m *Memory) SetWatchpoints(tell func(Access), list ...Watchpoint) {
	m.points = watchpoints{tell: tell}
	for _, w := range list {
		if w.Len = min(w.Len, -w.PA-1); w.Len != 0 && w.Kinds != 0 {
			m.points.list = append(m.points.list, w)
			m.points.all |= w.Kinds
		}
	}
	m.gen++
}

// Heeded is the set of kinds of access that a watchpoint counts anywhere.
func (m *Memory) Heeded() Kind { return m.points.all }

// Because says on whose behalf memory is accessed from now on, and returns what
// it was before.
func (m *Memory) Because(c Cause) (was Cause) {
	was, m.cause = m.cause, c
	return was
}

// watches tells whether a watchpoint in page pfn counts one of some kinds.
func (p *watchpoints) watches(pfn uint64, kinds Kind) bool {
	if p.all&kinds == 0 {
		return false
	}
	return p.touches(pfn<<PageShift, PageSize, kinds)
}

// touches tells whether one of some kinds of access to n bytes at pa counts.
func (p *watchpoints) touches(pa, n uint64, kinds Kind) bool {
	for i := range p.list {
		if w := &p.list[i]; w.Kinds&kinds != 0 && (w.PA-pa < n || pa-w.PA < w.Len) {
			return true
		}
	}
	return false
}

// Note tells of an access to n bytes at pa, within a page, that this package does not see
// by itself: of all but stores.
func (m *Memory) Note(kind Kind, pa, n uint64) {
	if m.points.all&kind != 0 && m.points.touches(pa, n, kind) {
		m.points.tell(Access{pa, n, kind, m.cause})
	}
}
