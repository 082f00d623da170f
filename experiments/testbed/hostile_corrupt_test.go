package testbed

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/seam"
)

// TestCorruptedContexts: if a fault changes a guest's value after it was checked, so
// that the processor refuses to load it, then only that domain ends, with a line that
// names the value.
func TestCorruptedContexts(t *testing.T) {
	const bad = 1 << 63
	s := *hostileSystem(t)
	for _, row := range []struct {
		at      string // function of the hypervisor's
		corrupt func(m *Hardware, cpu int)
		says    string
	}{
		{"main.(*VCPU).loadBase", func(m *Hardware, cpu int) { m.SetRegister(cpu, 1, bad) }, `(FS|GS|other GS) base that cannot be loaded 0x8000000000000000`},
		{"main.moveFPU", func(m *Hardware, cpu int) {
			c := m.CPU(cpu)
			poke(t, m, cpu, c.GPR[0]+24, 0xffff_ffffffff)
		}, `FPU state that cannot be loaded, MXCSR 0xffffffff`},
		{"main.moveDR7", func(m *Hardware, cpu int) { m.SetRegister(cpu, 0, bad) }, `debug register that cannot be loaded 0x`},
	} {
		t.Run(row.at, func(t *testing.T) {
			m := worldThatComesTo(t, s, row.at, row.corrupt)
			stop := m.Run(faults.Until{Position: hostileEnd, Watched: true})
			says := string(m.Serial())
			line := regexp.MustCompile(`\(VMM\) d(\d) ` + row.says).FindStringSubmatch(says)
			if stop.Reason != faults.Exited || line == nil {
				t.Fatalf("%s at %d%s; the console says\n%s", campaign.Describe(stop), m.Position(), doing(t, &s, m), says)
			}
			if want := line[1] != "1"; strings.Contains(says, seam.WitnessOK) != want {
				t.Errorf("the witness is content %v, want %v; the console says\n%s", !want, want, says)
			}
		})
	}
}

// worldThatComesTo searches some worlds for the first in which a function is executed,
// and applies change there. Which world that is differs after each edit of the
// hypervisor.
func worldThatComesTo(t *testing.T, s VI, function string, change func(m *Hardware, cpu int)) *Hardware {
	t.Helper()
	for seed := 1; seed <= 10; seed++ {
		s.exp.Workload.Name = fmt.Sprintf("none seed=%d rounds=400", seed)
		b, err := s.Boot()
		if err != nil {
			t.Fatal(err)
		}
		m := b.(*Hardware)
		m.SetPolicy(0)
		m.Run(faults.Until{Position: hostileBoot})
		if untilAt(t, &s, m, function, change) {
			return m
		}
	}
	t.Fatalf("%s is executed in none of ten worlds", function)
	return nil
}

// untilAt runs m until a processor is about to execute the first instruction of a
// function, and changes something there.
func untilAt(t *testing.T, s *VI, m *Hardware, function string, change func(m *Hardware, cpu int)) bool {
	t.Helper()
	addr, ok := s.images["vmm"].Addr(function)
	if !ok {
		t.Fatalf("no %s", function)
	}
	for range 10_000_000 {
		if cpu := m.Next(); m.CPU(cpu).RIP == addr {
			change(m, cpu)
			return true
		}
		if m.Run(faults.Until{Position: m.Position() + 1}).Reason != faults.Reached {
			return false
		}
	}
	return false
}
