package machine

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"resvirt/hw/mem"
	"resvirt/sim"
)

// everything watches all RAM for some kinds of access.
func everything(kinds mem.Kind) mem.Watchpoint { return mem.Watchpoint{Len: fuzzRAM, Kinds: kinds} }

// heard is a stop at an access, with what was accessed.
type heard struct {
	position uint64
	next     int
	list     []Access
}

// listen runs a fuzzed machine to its end and returns all stops at accesses. If copy is
// not nil, what is told to be stored is copied there.
func listen(m *Machine, copy []byte) (all []heard) {
	u := fuzzEnd
	u.Accessed = true
	for {
		stop := m.Run(u)
		list, _ := m.Accesses()
		if len(list) != 0 {
			all = append(all, heard{m.Position(), m.Next(), slices.Clone(list)})
		}
		for _, a := range list {
			if copy != nil && a.Kind == mem.Store {
				m.ReadPhys(a.PA, copy[a.PA:a.PA+a.Len])
			}
		}
		if stop.Reason != ReachedAccess {
			return all
		}
	}
}

// named is an access without its extent.
func (a *Access) named() string {
	return fmt.Sprintf("%d %d %#x kind %d, %v", a.Position, a.CPU, a.PC, a.Kind, a.Cause)
}

// names lists the accesses that touch one of some watchpoints, each name once in a row.
func names(all []heard, points []mem.Watchpoint) (list []string) {
	for _, h := range all {
		for i := range h.list {
			a := &h.list[i]
			touches := func(w mem.Watchpoint) bool {
				return w.Kinds&a.Kind != 0 && a.PA < w.PA+w.Len && w.PA < a.PA+a.Len
			}
			if slices.ContainsFunc(points, touches) {
				list = append(list, a.named())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// somePoints are small watchpoints at places that were accessed, and one that was not.
func somePoints(r *sim.Rand, all []heard) []mem.Watchpoint {
	points := []mem.Watchpoint{{PA: fuzzRAM - 8, Len: 8, Kinds: mem.Load | mem.Store}}
	for range 1 + r.IntN(3) {
		if len(all) == 0 {
			break
		}
		h := all[r.IntN(len(all))]
		a := h.list[r.IntN(len(h.list))]
		kinds := [...]mem.Kind{mem.Store, mem.Store, mem.Load, mem.Fetch, mem.Load | mem.Store, mem.Load | mem.Store | mem.Fetch}[r.IntN(6)]
		points = append(points, mem.Watchpoint{PA: a.PA + r.Uint64N(a.Len), Len: 1 + r.Uint64N(16), Kinds: kinds})
	}
	return points
}

// watchOne runs a fuzzed kernel with all its memory watched and with some, by both engines.
func watchOne(t *testing.T, r *sim.Rand, bases map[int]*Snapshot, data []byte) (stops int) {
	t.Helper()
	load := func(e Engine) *Machine {
		m := NewFrom(bases[1+int(data[0]&fuzzTwo)/fuzzTwo])
		m.SetEngine(e)
		fuzzLoad(m, data)
		return m
	}
	plain := load(Fast{})
	end := plain.Run(fuzzEnd)
	same := func(name string, m *Machine) {
		t.Helper()
		if m.Position() != plain.Position() || m.Digest() != plain.Digest() {
			sameFuzz(t, name, plain, m, end, end)
		}
	}

	// Who copies what is told to be stored, and nothing else, has the same memory.
	one := load(Plain{})
	shadow, memory := make([]byte, fuzzRAM), make([]byte, fuzzRAM)
	one.ReadPhys(0, shadow)
	one.WatchMemory(everything(mem.Load | mem.Store | mem.Fetch))
	all := listen(one, shadow)
	same("watched, plain", one)
	if one.ReadPhys(0, memory); !bytes.Equal(shadow, memory) {
		k := 0
		for shadow[k] == memory[k] {
			k++
		}
		t.Errorf("a store at %#x was not told", k)
	}

	two := load(Fast{})
	two.WatchMemory(everything(mem.Load | mem.Store | mem.Fetch))
	if got := listen(two, nil); !slices.EqualFunc(got, all, func(a, b heard) bool {
		return a.position == b.position && a.next == b.next && slices.Equal(a.list, b.list)
	}) {
		for i := range min(len(got), len(all)) {
			if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", all[i]); g != w {
				t.Errorf("stop %d of %d, %d:\n%s, plain:\n%s", i, len(got), len(all), g, w)
				break
			}
		}
		t.Errorf("%d stops, plain: %d", len(got), len(all))
	}
	same("watched, fast", two)

	points := somePoints(r, all)
	few := load(Fast{})
	start := few.Snapshot()
	few.WatchMemory(points...)
	want := names(all, points)
	for _, what := range []string{"some memory", "some memory, restored"} {
		got := listen(few, nil)
		if list := names(got, points); !slices.Equal(list, want) {
			t.Errorf("%s, %+v: %d stops\n%q\nwant\n%q", what, points, len(got), list, want)
		}
		same(what, few)
		few.Restore(start)
	}
	// Without stops, the last one is known in the end.
	few.Run(fuzzEnd)
	same("some memory, not stopped", few)
	last, _ := few.Accesses()
	if len(last) != 0 != (len(want) != 0) || len(last) != 0 && !slices.Contains(want, last[0].named()) {
		t.Errorf("last access %+v, want of %q", last, want)
	}
	return len(want)
}

// TestRandomAccesses watches memory in random kernels.
func TestRandomAccesses(t *testing.T) {
	kernels, seed := randomNumbers()
	bases := map[int]*Snapshot{1: fuzzBase(1), 2: fuzzBase(2)}
	r := sim.Stream(seed, t.Name())
	stops := 0
	for range kernels / 2 {
		data := randomKernel(&r)
		stops += watchOne(t, &r, bases, data)
		if t.Failed() {
			t.Fatalf("data %x", data)
		}
	}
	if stops < 10*int(kernels) {
		t.Errorf("the test is too poor: %d stops", stops)
	}
}
