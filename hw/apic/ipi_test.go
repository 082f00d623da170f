package apic

import "testing"

// TestDestinations: 16.6.1, and 16.14 for the x2APIC.
func TestDestinations(t *testing.T) {
	all := func(f func(i int, a *APIC)) (set []*APIC) {
		for i := range 4 {
			a, _ := on(i)
			f(i, a)
			set = append(set, a)
		}
		return set
	}
	flat := all(func(i int, a *APIC) { a.Write(0, regLDR, 1<<(24+i)) })
	cluster := all(func(i int, a *APIC) {
		a.Write(0, regDFR, 0x0fffffff)
		a.Write(0, regLDR, uint32(i/2)<<28|1<<(24+i%2))
	})
	var x2 []*APIC
	for i := range 4 {
		a, _ := on(14 + i)
		*a.base |= BaseX2
		x2 = append(x2, a)
	}
	off := all(func(i int, a *APIC) {
		if i == 2 {
			*a.base = 0
		}
	})
	for _, c := range []struct {
		name string
		set  []*APIC
		ipi  IPI
		want uint // a bit per APIC
	}{
		{"physical", flat, IPI{Dest: 2}, 4},
		{"physical broadcast", flat, IPI{Dest: 0xff}, 15},
		{"physical, nobody", flat, IPI{Dest: 9}, 0},
		{"self", flat, IPI{Shorthand: DestSelf}, 2},
		{"all", flat, IPI{Shorthand: DestAll}, 15},
		{"others", flat, IPI{Shorthand: DestOthers}, 13},
		{"flat", flat, IPI{Logical: true, Dest: 0b1010}, 10},
		{"cluster", cluster, IPI{Logical: true, Dest: 0x13}, 12},
		{"cluster member", cluster, IPI{Logical: true, Dest: 0x02}, 2},
		{"x2 physical", x2, IPI{Wide: true, Dest: 16}, 4},
		{"x2 broadcast", x2, IPI{Wide: true, Dest: 0xffffffff}, 15},
		{"x2 255 is no broadcast", x2, IPI{Wide: true, Dest: 255}, 0},
		{"x2 logical", x2, IPI{Wide: true, Logical: true, Dest: 1<<16 | 3}, 12},
		{"globally disabled", off, IPI{Dest: 0xff}, 11},
	} {
		var got uint
		for i, a := range c.set {
			if a.Matches(1, c.ipi) {
				got |= 1 << i
			}
		}
		if got != c.want {
			t.Errorf("%s: reaches %04b, want %04b", c.name, got, c.want)
		}
	}
}

// TestCommand: what a write to the command register sends (16.5).
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name      string
		high, low uint32
		want      []IPI
	}{
		{"fixed", 1 << 24, 0x40fd, []IPI{{Vector: 0xfd, Dest: 1}}},
		{"NMI to all others", 0, 0xc4400, []IPI{{Mode: ModeNMI, Shorthand: DestOthers}}},
		{"INIT", 3 << 24, 0xc500, []IPI{{Mode: ModeINIT, Dest: 3}}},
		{"INIT de-assert", 3 << 24, 0x8500, nil},
		{"start-up", 3 << 24, 0x4608, []IPI{{Mode: ModeStartup, Vector: 8, Dest: 3}}},
		{"logical, lowest priority", 0xff << 24, 0x4931, []IPI{{Mode: ModeLowest, Vector: 0x31, Logical: true, Dest: 0xff}}},
		{"SMI", 1 << 24, 0x4200, nil},
		{"illegal vector", 1 << 24, 0x4003, nil},
	} {
		a, b := on(0)
		a.Write(0, regICRHigh, c.high)
		a.Write(0, regICRLow, c.low)
		if len(b.ipis) != len(c.want) || len(c.want) == 1 && b.ipis[0] != c.want[0] {
			t.Errorf("%s: sent %+v, want %+v", c.name, b.ipis, c.want)
		}
		if got := a.Read(0, regICRLow); got != c.low&icrWritable {
			t.Errorf("%s: command reads back as %#x", c.name, got)
		}
	}
}

func TestLowestPriority(t *testing.T) {
	a, _ := on(0)
	b, _ := on(1)
	a.Write(0, regTPR, 0x30)
	if Lowest([]*APIC{a, b}) != b {
		t.Error("the busier APIC was chosen")
	}
	b.Request(0x77, false)
	if Lowest([]*APIC{a, b}) != a {
		t.Error("a waiting interrupt does not count")
	}
	if Lowest(nil) != nil {
		t.Error("somebody of nobody")
	}
}
