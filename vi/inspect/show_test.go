package inspect

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"resvirt/vi/abi"
)

// written is memory that a test has written, at an address.
func written(at uint64, b []byte) Memory {
	return func(va uint64, buf []byte) error {
		if va < at || va+uint64(len(buf)) > at+uint64(len(b)) {
			return errors.New("not mapped")
		}
		copy(buf, b[va-at:])
		return nil
	}
}

// put writes a number into a value's place.
func put(t *testing.T, b []byte, at uint64, x Value, path string, n uint64) {
	t.Helper()
	f, err := x.Path(path)
	if err != nil {
		t.Fatal(err)
	}
	var w [8]byte
	binary.LittleEndian.PutUint64(w[:], n)
	copy(b[f.Addr-at:], w[:f.Size()])
}

func TestValuesAreShownByTheirTypes(t *testing.T) {
	v := views(t)[0]
	const at = 0x100000
	x, err := v.At("main.VCPU", at, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, x.Size())
	x.mem = written(at, b)
	stats, _ := v.image.Addr("main.stats")
	table, _ := v.Var("main.hypercalls", nil)
	put(t, b, at, x, "pri", ^uint64(0))
	put(t, b, at, x, "pause", 6)
	put(t, b, at, x, "state", 2)
	put(t, b, at, x, "queued", 1)
	put(t, b, at, x, "entryTime", 0x12345678)
	put(t, b, at, x, "credit", 50)
	put(t, b, at, x, "qnext", at)
	put(t, b, at, x, "domain", 0x1234)
	style := Style{Known: func(addr uint64) (Value, bool) { return x.Rename("d1v0"), addr >= at && addr < at+uint64(x.Size()) }}
	for path, want := range map[string]string{
		"pri": "priUnder", "pause": "pauseDown|pausePoll", "state": "blocked", "id": "0", "queued": "true", "entryTime": "0x12345678", "credit": "50", "qnext": "d1v0", "qprev": "nil", "domain": "0x1234",
		"pollTimer": "{all zero}",
	} {
		f, err := x.Follow(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Show(f, style); got != want {
			t.Errorf("%s is shown as %s, should be %s", path, got, want)
		}
	}
	whole := v.Show(x, style)
	for _, part := range []string{"pri:priUnder", "queued:true", "qnext:d1v0", "credit:50"} {
		if !strings.Contains(whole, part) {
			t.Errorf("the struct is shown as %s, without %s", whole, part)
		}
	}
	if strings.Contains(whole, "qprev") {
		t.Errorf("%s has a member that is zero", whole)
	}
	if got := v.Show(x, Style{Width: 20}); len([]rune(got)) != 20 || !strings.HasSuffix(got, "…") {
		t.Errorf("20 characters of it: %s", got)
	}
	p := printer{view: v}
	f, _ := x.Follow("qnext")
	for n, want := range map[uint64]string{stats: "&stats", stats + 9: "&stats[0][1]+0x1", 5: "0x5"} {
		if got := p.pointer(f.typ, n); got != want {
			t.Errorf("a pointer to %#x is shown as %s, should be %s", n, got, want)
		}
	}
	table.mem = Initial(v.image)
	if got := v.Show(table, Style{Width: 40}); got != "[hyperSetTrapTable hyperMMUUpdate hyper…" {
		t.Errorf("the table of hypercalls: %s", got)
	}
	x.mem = nothing
	if got := v.Show(x, style); !strings.Contains(got, unreadable) {
		t.Errorf("a struct that cannot be read: %s", got)
	}
}

// Constants that have a type name its values.
func TestConstantsNameValues(t *testing.T) {
	v := views(t)[0]
	v.constant(nil, 0)
	found := 0
	for typ, n := range v.names {
		switch typeName(typ) {
		case "resvirt/vi/bare.Failure":
			found++
			if got := v.constant(typ, 1); got != "resvirt/vi/bare.FailBounds" {
				t.Errorf("failure 1 is %q", got)
			}
			if got := v.constant(typ, 200); got != "" {
				t.Errorf("failure 200 is %q", got)
			}
		case "internal/abi.TFlag": // bits
			found++
			if got := v.constant(typ, 5); got != "internal/abi.TFlagUncommon|internal/abi.TFlagNamed" {
				t.Errorf("flags 5 are %q", got)
			}
			if got := v.constant(typ, 1<<7); got != "" {
				t.Errorf("an unknown flag is %q", got)
			}
		}
		_ = n
	}
	if found != 2 {
		t.Errorf("%d of 2 types have constants", found)
	}
}

// A tree is walked down lazily, through pointers, and a path leads to the same place.
func TestPathsLeadThroughPointers(t *testing.T) {
	v := views(t)[0]
	const at, other = 0x100000, 0x200000
	x, _ := v.At("main.VCPU", at, nil)
	d, _ := v.At("main.Domain", other, nil)
	b, c := make([]byte, x.Size()), make([]byte, d.Size())
	put(t, b, at, x, "domain", other)
	put(t, c, other, d, "id", 7)
	one, two := written(at, b), written(other, c)
	x.mem = func(va uint64, buf []byte) error {
		if one(va, buf) == nil {
			return nil
		}
		return two(va, buf)
	}
	id, err := x.Follow("domain.id")
	if err != nil || mustUint(t, id) != 7 || id.Addr-other >= uint64(d.Size()) {
		t.Errorf("domain.id: %v", err)
	}
	domain, _ := x.Field("domain")
	list, total, err := domain.Children(0, 1000)
	if err != nil || total != len(list) || total < 10 || domain.TypeName() != "*main.Domain" || domain.ShortType() != "*Domain" {
		t.Errorf("%d of %d members of a %s: %v", len(list), total, domain.TypeName(), err)
	}
	for _, bad := range []string{"domain.nonesuch", "arch[3]", "domain[", "domain.vcpu[999].id", "nonesuch", "[x]", "qnext.id"} {
		if _, err := x.Follow(bad); err == nil {
			t.Errorf("%q leads somewhere", bad)
		}
	}
	if got := ShortName("func(*resvirt/vi/abi.VcpuInfo, main.mfn) [2]main.page"); got != "func(*abi.VcpuInfo, mfn) [2]page" {
		t.Errorf("a short name: %s", got)
	}
}

// The constants that a member may have are named in this package, so each must exist in
// an image that has the member.
func TestMeaningsOfMembersExist(t *testing.T) {
	found := map[string]bool{}
	for _, v := range views(t) {
		for of, m := range meanings {
			i := strings.LastIndexByte(of, '.')
			x, err := v.At(of[:i], 0, nil)
			if err != nil {
				continue // another image's
			}
			member, err := x.Field(of[i+1:])
			if err != nil || member.of != of {
				t.Errorf("%s: %v", of, err)
				continue
			}
			found[of] = true
			for _, name := range m.names {
				c, err := v.Const(name)
				if err != nil {
					t.Error(err)
				}
				if got := v.meaning(of, uint64(c)&(1<<(8*uint64(member.Size()))-1), member.Size()); name != "" && !strings.HasSuffix(name, "."+got) {
					t.Errorf("%s = %s is called %q", of, name, got)
				}
			}
		}
	}
	run, port := meanings["main.VCPU.state"].public, meanings["main.evtchn.state"].public
	if run[abi.RunstateRunnable] != "runnable" || run[abi.RunstateBlocked] != "blocked" || run[abi.RunstateOffline] != "offline" ||
		port[abi.EvtchnstatUnbound] != "unbound" || port[abi.EvtchnstatInterdomain] != "interdomain" || port[abi.EvtchnstatVirq] != "virq" || port[abi.EvtchnstatIPI] != "ipi" {
		t.Errorf("states of vCPUs are %v, of ports %v", run, port)
	}
	if len(found) != len(meanings) {
		t.Errorf("of %d members only these exist: %v", len(meanings), found)
	}
}
