package step

import (
	"testing"

	"resvirt/experiments/testbed"
)

// Who reads a variable next: by its register, or by watching its memory; where it has no place,
// that is said, and why.
func TestWhoReadsAVariable(t *testing.T) {
	t.Parallel()
	x := &session{t: t, s: specimen(80, 24).focus(sourcePane)}
	l := x.s.Now.Facts[sourcePane].(*listing)
	l.frames[l.chosen].level = 0
	for _, c := range []struct {
		v    testbed.Shown
		want command
		say  string
	}{
		{testbed.Shown{Name: "r", Register: 3}, whoUses{1, 3}, ""},
		{testbed.Shown{Name: "m", Register: -1, Address: 0xffff830000001000, Size: 8}, whoReads{0xffff830000001000, 8}, ""},
		{testbed.Shown{Name: "gone", Register: -1, Absent: true, Text: "optimized out"}, nil, "gone is optimized out"},
		{testbed.Shown{Name: "pair", Register: -1, Text: "{1, 2}"}, nil, "pair lies in several places"},
	} {
		l.vars = []testbed.Shown{c.v}
		s, got := update(x.s, key("W"))
		if got != c.want {
			t.Errorf("W on %s does %#v, want %#v", c.v.Name, got, c.want)
		}
		if c.say != "" {
			y := &session{t: t, s: s}
			y.sees(c.say)
		}
	}
}
