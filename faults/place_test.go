package faults

import "testing"

// program has one function of its own, with calls expanded in it.
type program map[uint64][]Call

func (program) Func(pc uint64) (string, uint64, bool) { return "outer", 0x100, pc >= 0x100 }
func (p program) Calls(pc uint64) []Call              { return p[pc] }

// A failed check is told where it stands: outside the functions that only check, however
// deep they are expanded in others and others in them.
func TestSite(t *testing.T) {
	check, inner := Call{"check", "check.go", 1}, Call{"inner", "inner.go", 2}
	outer, doubt := Call{"outer", "outer.go", 3}, Call{"doubt", "check.go", 9}
	target := &Target{
		Checks: func(f string) bool { return f == "check" || f == "doubt" },
		Symbols: program{
			0x10f: {outer},
			0x11f: {check, outer},
			0x12f: {check, inner, outer},
			0x13f: {check, doubt, inner, {"middle", "middle.go", 4}, outer},
			0x14f: {inner, outer},
			0x15f: {check},
			0x150: {check, outer},
		},
	}
	for _, c := range []struct {
		cause Cause
		want  Place
	}{
		{Cause{PC: 0x110, Check: true}, Place{0x110, "outer", 0x10, "", "outer.go", 3}},
		{Cause{PC: 0x120, Check: true}, Place{0x120, "outer", 0x20, "", "outer.go", 3}},
		{Cause{PC: 0x130, Check: true}, Place{0x130, "outer", 0x30, "inner", "inner.go", 2}},
		{Cause{PC: 0x140, Check: true}, Place{0x140, "outer", 0x40, "inner", "inner.go", 2}},
		{Cause{PC: 0x150, Check: true}, Place{0x150, "outer", 0x50, "inner", "inner.go", 2}},
		// A check that has code of its own hides who called it.
		{Cause{PC: 0x160, Check: true}, Place{0x160, "outer", 0x60, "", "check.go", 1}},
		// What an exception interrupted is where it is, in a check as well.
		{Cause{PC: 0x150}, Place{0x150, "outer", 0x50, "check", "check.go", 1}},
		{Cause{PC: 0x10}, Place{PC: 0x10}},
	} {
		if got := target.Site(c.cause); got != c.want {
			t.Errorf("%+v is at\n%+v, should be at\n%+v", c.cause, got, c.want)
		}
	}
	if text, want := at(target.Site(Cause{PC: 0x130, Check: true})), "inner (inner.go:2), inlined in outer"; text != want {
		t.Errorf("a cause says %q, should say %q", text, want)
	}
}

// A step is announced where the helper was called, whether that is expanded or not.
func TestPoster(t *testing.T) {
	post, outer := Call{"post", "post.go", 1}, Call{"outer", "outer.go", 3}
	target := &Target{
		Helper:  func(f string) bool { return f == "post" },
		Symbols: program{0x110: {post, outer}, 0x120: {outer}, 0x130: {post}, 0x14f: {post, outer}, 0x15f: {outer}, 0x16f: {post}},
	}
	for _, c := range []struct {
		pc      uint64
		callers []uint64
		line    string
	}{
		{0x110, []uint64{0x160}, "outer.go"},
		{0x120, []uint64{0x150}, "outer.go"},
		{0x130, []uint64{0x150}, "outer.go"},
		{0x130, []uint64{0x170, 0x160}, "outer.go"},
		{0x130, []uint64{0x10}, "post.go"},
	} {
		if p := poster(Event{PC: c.pc, Callers: c.callers}, target); p.File != c.line {
			t.Errorf("the step of %#x, called from %#x, is announced at %+v", c.pc, c.callers, p)
		}
	}
}
