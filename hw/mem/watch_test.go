package mem

import "testing"

// The first touch counts, of any access that covers the byte, and none before it.
func TestWatchByte(t *testing.T) {
	const at = 0x2004
	for name, c := range map[string]struct {
		touch func(*Memory)
		want  Touch
	}{
		"nothing":      {func(m *Memory) {}, Untouched},
		"read":         {func(m *Memory) { m.NoteRead(at-7, 8, 5) }, WasRead},
		"read before":  {func(m *Memory) { m.NoteRead(at-8, 8, 5) }, Untouched},
		"read behind":  {func(m *Memory) { m.NoteRead(at+1, 8, 5) }, Untouched},
		"left out":     {func(m *Memory) { m.NoteRead(at, 1, 8) }, Untouched},
		"write":        {func(m *Memory) { m.Write64(at-4, 1) }, WasWritten},
		"bytes":        {func(m *Memory) { m.WriteBytes(0x1000, make([]byte, 0x1005)) }, WasWritten},
		"write before": {func(m *Memory) { m.Write32(at-4, 1) }, Untouched},
		"both":         {func(m *Memory) { m.NoteRead(at, 1, 5); m.Write8(at, 1) }, WasRead},
		"both, turned": {func(m *Memory) { m.Write8(at, 1); m.NoteRead(at, 1, 5) }, WasWritten},
		"the host":     {func(m *Memory) { m.Read64(at); m.ReadBytes(at, make([]byte, 4)) }, Untouched},
	} {
		m := newMem(t)
		m.NoteRead(at, 1, 5)
		m.Write8(at, 9)
		s, gen := m.Snapshot(), m.Gen()
		m.WatchByte(at, Code{6, 3})
		if m.Gen() == gen || !m.Watched(2) || !m.Guarded(2) || m.Watched(3) {
			t.Fatalf("%s: the page goes by host pointers", name)
		}
		c.touch(m)
		if got, by := m.Touched(); got != c.want || (got == WasRead) != (by == 5) || m.Watching() != (got == Untouched) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if m.Restore(s); m.Watching() || m.watch.touch != Untouched {
			t.Errorf("%s: Restore leaves the watch", name)
		}
	}
}
