package mem

// The host's watch on one byte: how it is touched first from a moment on. The
// watch is not part of the machine's state and does not change it. Code that
// reads memory for a processor reports what it reads of a watched page; no host
// pointers to this page are kept, so that accesses are seen. Reads by devices are
// not seen.

// Touch is how a watched byte was touched first.
type Touch uint8

const (
	Untouched Touch = iota
	WasRead
	WasWritten
)

// Code is a range of addresses; reads by instructions there do not count.
type Code struct{ Start, Len uint64 }

// watch is the byte that is watched.
type watch struct {
	on    bool // until it is touched
	pa    uint64
	touch Touch
	but   []Code
	by    uint64
}

// WatchByte watches the byte at pa from now on, instead of any other; reads by the
// code in but do not count. Host pointers are revoked. Restore ends it.
func (m *Memory) WatchByte(pa uint64, but ...Code) {
	m.watch = watch{on: m.has(pa), pa: pa, but: but}
	m.gen++
}

// Touched is how the watched byte was touched first, and the address of the
// instruction that read it, 0 for what is no instruction's operand.
func (m *Memory) Touched() (t Touch, by uint64) { return m.watch.touch, m.watch.by }

// Watching tells whether the fetch of each instruction is to be told, because something
// is watched for it.
func (m *Memory) Watching() bool { return m.watch.on || m.points.all&Fetch != 0 }

// Watched tells whether page pfn is to be read without host pointers, because a byte of it
// is watched, and WatchedFetch whether instructions are to be fetched so.
func (m *Memory) Watched(pfn uint64) bool { return m.watches(pfn, Load) }

func (m *Memory) WatchedFetch(pfn uint64) bool { return m.watches(pfn, Fetch) }

func (m *Memory) watches(pfn uint64, kind Kind) bool {
	return m.watch.on && m.watch.pa>>PageShift == pfn || m.points.watches(pfn, kind)
}

// NoteRead tells that n bytes at pa were read by the instruction at an address, 0 for what
// is no instruction's operand.
func (m *Memory) NoteRead(pa, n, by uint64) {
	m.Note(Load, pa, n)
	m.noteByte(pa, n, by)
}

// NoteFetch tells that n bytes at pa are a part of an instruction that is to be executed.
func (m *Memory) NoteFetch(pa, n uint64) {
	m.Note(Fetch, pa, n)
	m.noteByte(pa, n, 0)
}

func (m *Memory) noteByte(pa, n, by uint64) {
	if !m.watch.on || m.watch.pa-pa >= n {
		return
	}
	for _, c := range m.watch.but {
		if by-c.Start < c.Len {
			return
		}
	}
	m.watch.on, m.watch.touch, m.watch.by = false, WasRead, by
}

// watchWrite is NoteRead for writes.
func (m *Memory) watchWrite(pa, n uint64) {
	if m.watch.on && m.watch.pa-pa < n {
		m.watch.on, m.watch.touch = false, WasWritten
	}
}
