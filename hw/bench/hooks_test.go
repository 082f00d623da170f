package bench

import (
	"testing"
	"time"

	"resvirt/hw/cpu"
	"resvirt/hw/machine"
	"resvirt/hw/mem"
)

// BenchmarkHooks compares a run without hooks with one with a hook that does not strike.
func BenchmarkHooks(b *testing.B) {
	at := func(pa uint64, kinds mem.Kind) func(*machine.Machine) {
		return func(m *machine.Machine) { m.WatchMemory(mem.Watchpoint{PA: pa, Len: 8, Kinds: kinds}) }
	}
	for name, arm := range map[string]func(*machine.Machine){
		"address":  func(m *machine.Machine) { m.Watch(0x7fff_0000_0000) },
		"stores":   at(0x7000, mem.Store),
		"accesses": at(0x7000, mem.Load|mem.Store),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var ratios []float64
				for range 9 {
					var took [2]time.Duration
					for armed := range 2 {
						m, err := Boot("interp", machine.Fast{})
						if err != nil {
							b.Fatal(err)
						}
						if armed == 1 {
							arm(m)
						}
						took[armed] = Time(func() { m.Run(machine.Until{}) })
					}
					ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
				}
				b.ReportMetric(100*(median(ratios)-1), "%-dearer")
			}
		})
	}
}

// BenchmarkWatching measures hooks that strike: a trace of each instruction, and watched
// memory in the page that holds the stack.
func BenchmarkWatching(b *testing.B) {
	const some = 3_000_000 // instructions
	for name, run := range map[string]func(*machine.Machine){
		"trace": func(m *machine.Machine) {
			m.Trace(func(machine.TraceEntry) {})
			m.Run(machine.Until{Position: m.Position() + some})
		},
		"trace of a register": func(m *machine.Machine) {
			last, changes := uint64(0), 0
			m.Trace(func(e machine.TraceEntry) {
				if v := m.CPU(e.CPU).GPR[cpu.RBX]; v != last {
					last, changes = v, changes+1
				}
			})
			m.Run(machine.Until{Position: m.Position() + some})
		},
		"page of the stack": func(m *machine.Machine) {
			pa, _ := m.Translate(0, m.CPU(0).GPR[cpu.RSP])
			m.WatchMemory(mem.Watchpoint{PA: pa &^ 0xfff, Len: 1, Kinds: mem.Store})
			m.Run(machine.Until{Position: m.Position() + some})
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m, err := Boot("sort", machine.Fast{})
				if err != nil {
					b.Fatal(err)
				}
				m.Run(machine.Until{Position: 5_000_000})
				at := m.Position()
				took := Time(func() { run(m) })
				b.ReportMetric(float64(m.Position()-at)/took.Seconds()/1e6, "MIPS")
			}
		})
	}
}
