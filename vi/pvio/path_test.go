package pvio

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestPaths builds paths and numbers, and reads numbers back.
func TestPaths(t *testing.T) {
	var p Path
	if got := string(p.Reset("backend/vbd/").Number(3).Text("/").Number(51712).Text("/").Add([]byte("state")).Bytes()); got != "backend/vbd/3/51712/state" {
		t.Errorf("got %q", got)
	}
	p.Reset(strings.Repeat("x", MaxPath))
	if p.Bad || p.Text("y").Len() != MaxPath || !p.Bad {
		t.Error("a path that is too long is not called bad")
	}
	for _, v := range []uint64{0, 9, 10, 51712, math.MaxUint64} {
		if got, ok := Number(p.Reset("").Number(v).Bytes()); !ok || got != v || string(p.Bytes()) != strconv.FormatUint(v, 10) {
			t.Errorf("%d is written %s and read %d, %v", v, p.Bytes(), got, ok)
		}
	}
	for _, bad := range []string{"", "-1", "1 ", "0x1", "18446744073709551616", "99999999999999999999999"} {
		if v, ok := Number([]byte(bad)); ok {
			t.Errorf("%q is read as %d", bad, v)
		}
	}
	var names []string
	for name, rest := Next([]byte("a\x00bc\x00")); len(name) > 0; name, rest = Next(rest) {
		names = append(names, string(name))
	}
	if strings.Join(names, ",") != "a,bc" {
		t.Errorf("names %q", names)
	}
}
