package machine

import (
	"bytes"
	"slices"
	"testing"

	"resvirt/hw/cpu"
	"resvirt/hw/mem"
)

// What instructions at fuzzCode in 64-bit mode do to 0x20ff0 and the 64 bytes after it,
// which reach into the next page, by either engine. RSI and RDI are there.
func TestAccesses(t *testing.T) {
	const at = fuzzData + 0xff0
	type told struct {
		kind mem.Kind
		pa   uint64
		n    uint64
	}
	both := mem.Load | mem.Store
	for _, c := range []struct {
		name  string
		kinds mem.Kind
		code  []byte
		want  []told
	}{
		{"mov [rdi], al", both, []byte{0x88, 0x07}, []told{{mem.Store, at, 1}}},
		{"mov eax, [rsi+4]", both, []byte{0x8b, 0x46, 4}, []told{{mem.Load, at + 4, 4}}},
		{"lea rax, [rsi]", both, []byte{0x48, 0x8d, 0x06}, nil},
		{"mov [rdi+13], rax", both, []byte{0x48, 0x89, 0x47, 13}, []told{{mem.Store, at + 13, 3}, {mem.Store, at + 16, 5}}},
		{"mov [rdi-1], ax", both, []byte{0x66, 0x89, 0x47, 0xff}, []told{{mem.Store, at - 1, 2}}},
		{"mov [rdi-2], ax", both, []byte{0x66, 0x89, 0x47, 0xfe}, nil},
		{"mov [rdi+64], al", both, []byte{0x88, 0x47, 64}, nil},
		{"inc qword [rdi]", both, []byte{0x48, 0xff, 0x07}, []told{{mem.Load, at, 8}, {mem.Store, at, 8}}},
		{"lock add [rdi], eax", mem.Store, []byte{0xf0, 0x01, 0x07}, []told{{mem.Store, at, 4}}},
		{"cmpxchg [rdi], ecx, not equal", mem.Store, []byte{0x0f, 0xb1, 0x0f}, []told{{mem.Store, at, 4}}},
		{"cmpxchg8b [rdi], not equal", mem.Store, []byte{0x0f, 0xc7, 0x0f}, []told{{mem.Store, at, 8}}},
		{"xchg [rdi], rax", both, []byte{0x48, 0x87, 0x07}, []told{{mem.Load, at, 8}, {mem.Store, at, 8}}},
		{"or [rdi], 0", mem.Store, []byte{0x83, 0x0f, 0}, []told{{mem.Store, at, 4}}},
		{"test [rdi], 1", mem.Store, []byte{0xf6, 0x07, 1}, nil},
		{"mov rsp, rdi; push rax", both, []byte{0x48, 0x89, 0xfc, 0x48, 0x83, 0xc4, 8, 0x50}, []told{{mem.Store, at, 8}}},
		{"cld; mov ecx, 40; rep stosb", both, []byte{0xb9, 40, 0, 0, 0, 0xf3, 0xaa}, []told{{mem.Store, at, 16}, {mem.Store, at + 16, 24}}},
		{"std; mov ecx, 3; rep stosq", both, []byte{0xfd, 0xb9, 3, 0, 0, 0, 0xf3, 0x48, 0xab}, []told{{mem.Store, at, 8}}},
		{"lea rdi, [rsi+32]; mov ecx, 2; rep movsq", both, []byte{0x48, 0x8d, 0x7e, 32, 0xb9, 2, 0, 0, 0, 0xf3, 0x48, 0xa5},
			[]told{{mem.Load, at, 16}, {mem.Store, at + 32, 16}}},
		{"movups [rdi+8], xmm0", both, []byte{0x0f, 0x11, 0x47, 8}, []told{{mem.Store, at + 8, 8}, {mem.Store, at + 16, 8}}},
		{"movaps xmm0, [rdi]", both, []byte{0x0f, 0x28, 0x07}, []told{{mem.Load, at, 16}}},
		{"fxsave [rdi-496]", mem.Store, []byte{0x0f, 0xae, 0x87, 0x10, 0xfe, 0xff, 0xff}, nil},
		{"fxsave [rdi]", mem.Store, []byte{0x0f, 0xae, 0x07}, []told{{mem.Store, at, 6}, {mem.Store, at + 24, 40}}},
		{"fninit; fld1; fistp qword [rdi+12]", both, []byte{0xdb, 0xe3, 0xd9, 0xe8, 0xdf, 0x7f, 12}, []told{{mem.Store, at + 12, 4}, {mem.Store, at + 16, 4}}},
		{"in al, 0x80; mov rdi, [rsi]", mem.Fetch, []byte{0xe4, 0x80, 0x48, 0x8b, 0x3e}, nil},
	} {
		for _, e := range []Engine{Plain{}, Fast{}} {
			m := NewFrom(fuzzBase(1))
			m.SetEngine(e)
			fuzzLoad(m, append([]byte{2}, append(c.code, 0xeb, 0xfe)...))
			m.CPU(0).GPR[cpu.RSI], m.CPU(0).GPR[cpu.RDI] = at, at
			m.WatchMemory(mem.Watchpoint{PA: at, Len: 64, Kinds: c.kinds})
			stop := m.Run(Until{Position: 20, Accessed: true})
			list, n := m.Accesses()
			var got []told
			for _, a := range list {
				got = append(got, told{a.Kind, a.PA, a.Len})
				if a.CPU != 0 || a.Position+1 != m.Position() || a.Cause != mem.Instruction || a.PC-fuzzCode >= uint64(len(c.code)) {
					t.Errorf("%s, %s: %+v at position %d", c.name, e.Name(), a, m.Position())
				}
			}
			// What it does to the page behind comes later where it is loaded and stored in turns.
			if !slices.Equal(got[:min(len(got), len(c.want))], c.want) || (stop.Reason == ReachedAccess) != (c.want != nil) || (n != 0) != (c.want != nil) {
				t.Errorf("%s, %s: %v after %v, want %v", c.name, e.Name(), got, stop, c.want)
			}
		}
	}
}

// Kernels use the machine as systems do: who copies what is told to be stored has the
// same memory, and nothing else is told.
func TestAccessesOfKernels(t *testing.T) {
	var seen [mem.Device + 1]int
	forKernels(t, func(t *testing.T, k testKernel, cpus int) {
		bound := Until{Position: 30_000, Time: limit.Time}
		plain, m := k.boot(t, cpus, Fast{}), k.boot(t, cpus, Fast{})
		plain.Run(bound)
		shadow, memory := make([]byte, 16<<20), make([]byte, 16<<20)
		m.ReadPhys(0, shadow)
		m.WatchMemory(mem.Watchpoint{Len: 16 << 20, Kinds: mem.Load | mem.Store})
		bound.Accessed = true
		for stop := (Stop{Reason: ReachedAccess}); stop.Reason == ReachedAccess; {
			stop = m.Run(bound)
			list, _ := m.Accesses()
			for _, a := range list {
				seen[a.Cause]++
				if a.Kind == mem.Store {
					m.ReadPhys(a.PA, shadow[a.PA:a.PA+a.Len])
				}
				if (a.CPU < 0) != (a.Cause == mem.Device) || a.Cause == mem.Host {
					t.Fatalf("%+v", a)
				}
			}
		}
		if m.ReadPhys(0, memory); !bytes.Equal(shadow, memory) {
			t.Error("a store was not told")
		}
		if m.Position() != plain.Position() || m.Digest() != plain.Digest() {
			t.Error("the watched machine runs otherwise")
		}
	})
	for c, n := range seen {
		if n < 20 != (mem.Cause(c) == mem.Host) {
			t.Errorf("%v: %d accesses", mem.Cause(c), n)
		}
	}
}

// Between two snapshots every page that is told to be stored to is said to be touched, and
// no other.
func TestSamePages(t *testing.T) {
	forKernels(t, func(t *testing.T, k testKernel, cpus int) {
		m := k.boot(t, cpus, Fast{})
		m.WatchMemory(mem.Watchpoint{Len: 16 << 20, Kinds: mem.Store})
		touched := 0
		for range 3 {
			first := m.Snapshot()
			stored := map[uint64]bool{}
			until := Until{Position: m.Position() + 2000, Time: limit.Time, Accessed: true}
			for stop := (Stop{Reason: ReachedAccess}); stop.Reason == ReachedAccess; {
				stop = m.Run(until)
				list, _ := m.Accesses()
				for _, a := range list {
					stored[a.PA>>mem.PageShift] = true
				}
			}
			later := m.Snapshot()
			for pfn := range uint64(16 << 20 >> mem.PageShift) {
				if pa := pfn << mem.PageShift; first.SamePages(later, pa+8, 8) == stored[pfn] {
					t.Errorf("page %#x: stored to: %v", pfn, stored[pfn])
				}
			}
			for pfn := range stored {
				if pa := pfn << mem.PageShift; first.SamePages(later, max(pa, 1)-1, 2) || first.SamePages(later, max(pa, 1<<20)-1<<20, 2<<20) {
					t.Errorf("page %#x is untouched in a range", pfn)
				}
			}
			touched += len(stored)
		}
		if touched == 0 {
			t.Error("no page was stored to")
		}
	})
}
