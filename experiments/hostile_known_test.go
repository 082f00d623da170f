package experiments

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/faults"
)

// TestKnownAttacks makes each attack of which somebody found that it broke the
// hypervisor (vi/hostile/known.go), and looks at what comes of it.
func TestKnownAttacks(t *testing.T) {
	s := *hostileSystem(t)
	s.exp.Workload.Name = fmt.Sprintf("none seed=1 rounds=%d known=1", attestRounds)
	b, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	m := b.(*hardware)
	m.SetPolicy(0)
	stop := m.Run(faults.Until{Position: hostileEnd, Watched: true})
	says := string(m.Serial())
	if stop.Reason != faults.Exited || stop.Code != exitAllRight {
		t.Errorf("%s at %d%s", describe(stop), m.Position(), doing(t, &s, m))
	}
	for _, row := range []struct{ name, want string }{
		{"DR6 at the start", "00000000ffff0ff0"}, {"DR7 at the start", "0000000000000400"},
		{"FS base", invalid}, {"MXCSR", invalid}, {"callbacks", invalid}, {"LDT", invalid}, {"debug registers", invalid}, {"vm_assist", invalid},
		{"up", invalid}, {"set FS base", invalid}, {"set GS base", invalid}, {"set other GS base", invalid},
		{"proper", zero}, {"descriptor that changes", zero},
		{"null GS", zero}, {"null GS, level 3", "0000000000000003"},
		{"watchpoint", "trapped"}, {"DR6 after it", "00000000ffff0ff1"}, {"watchpoint after a switch", "trapped"}, {"breakpoint held back", zero},
		{"CLI in user mode", "trapped"}, {"and went on", "0000000000000001"},
		{"WRGSBASE before CR4", "trapped"}, {"CR4", "0000000000010000"}, {"WRGSBASE", "0000000000005eed"},
		{"iret to nowhere", "trapped"}, {"iret to nowhere, by SYSRET", "trapped"}, {"iret to no code", "trapped"},
		{"SYSCALL at the end of the half", "trapped"}, {"and was made", "0000000000000002"},
	} {
		if n := strings.Count(says, "known: "+row.name+": "+row.want+"\n"); n != 2 {
			t.Errorf("%s: %d domains of 2 say %s", row.name, n, row.want)
		}
	}
	if strings.Count(says, "known: done\n") != 2 || strings.Count(says, witnessOK) != 1 || t.Failed() {
		t.Errorf("the console says:\n%s", says)
	}
}

const (
	attestRounds = 128                 // of the witness
	invalid      = "-0000000000000016" // EINVAL
	zero         = "0000000000000000"
)
