package testbed

import (
	"strings"
	"testing"
)

func TestGoldenOutputKeepsToTheContract(t *testing.T) {
	const (
		d0    = "(d0) control start\n(d0) control end\n"
		begin = "(d1) workload start\n"
		end   = "(d1) probe ok\n"
	)
	for _, c := range []struct{ serial, want string }{
		{d0 + begin + "(d1) sum 12\n" + end, ""},
		{d0 + begin + "(d1) sum 12\n" + end + "(d2) workload start\n(d2) sum 12\n(d2) probe ok\n", ""},
		{begin + "(d1) error: program stopped by trap 14 at 0x0 address 0x0\n" + end, `d1 prints "error: program stopped by trap 14 at 0x0 address 0x0" without a fault`},
		{begin + "(d1) sum 12\n(d1) error workload status 0x100\n" + end, `d1 prints "error workload status 0x100"`},
		{begin + "(d1) sum 12\n(d1) probe failed: fork 0x1\n", `d1 prints "probe failed: fork 0x1"`},
		{begin + end, "the workload of d1 prints nothing"},
		{begin + end + "(d1) sum 12\n" + end, `line 2 of d1 is "probe ok"`},
		{begin + "(d1) workload start\n(d1) sum 12\n" + end, `line 2 of d1 is "workload start"`},
		{begin + "(d1) sum 12\n", `line 2 of d1 is "sum 12"`},
	} {
		err := (&VI{}).CheckOutput([]byte(c.serial))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.serial, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v, want %q", c.serial, err, c.want)
		}
	}
}
