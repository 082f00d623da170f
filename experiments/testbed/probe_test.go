package testbed

import (
	"bytes"
	"debug/elf"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/seam"
)

// privilege gives VM 1 the control domain's rights, which its probe reports, and
// makes the VMM fail.
func privilege(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
	t.Helper()
	a, err := l.System.(*VI).anatomy()
	if err != nil {
		t.Fatal(err)
	}
	mem := a.Memory(m)
	at, err := a.view.Var("main.domains", mem)
	if err == nil {
		at, err = at.Field("head")
	}
	for err == nil {
		var next uint64
		if next, err = at.Uint(); err != nil || next == 0 {
			break
		}
		d, _ := a.view.At("main.Domain", next, mem)
		id, _ := d.Field("id")
		if n, _ := id.Uint(); n == 1 {
			flag, err := d.Field("privileged")
			if err != nil {
				t.Fatal(err)
			}
			pa, _ := m.CPU(cpu).Translate(flag.Addr)
			m.WritePhys(pa, []byte{1})
			failstop(t, l, m, cpu)
			return
		}
		at, err = d.Field("next")
	}
	t.Fatal("there is no domain 1: ", err)
}

// deadlyProbe makes the kernels of all VMs execute UD2 when they probe multicalls,
// and makes the VMM fail.
func deadlyProbe(t *testing.T, l *campaign.Lab, m *Hardware, cpu int) {
	t.Helper()
	kernel := l.System.(*VI).images["appvm"]
	addr, ok := kernel.Addr("resvirt/vi/guest.probeMulticall")
	if !ok {
		t.Fatal("the guest has no probe of multicalls")
	}
	code, ram := make([]byte, 32), make([]byte, m.Spec().MemBytes)
	file, err := elf.NewFile(bytes.NewReader(kernel.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr < p.Vaddr+p.Filesz {
			_, err = p.ReadAt(code, int64(addr-p.Vaddr))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	m.ReadPhys(0, ram)
	copies := 0
	for at := 0; ; copies++ {
		i := bytes.Index(ram[at:], code)
		if i < 0 {
			break
		}
		at += i + len(code)
		m.WritePhys(uint64(at-len(code)), []byte{0x0f, 0x0b})
	}
	if copies < 2 {
		t.Fatalf("found %d copies of the guest's code", copies)
	}
	failstop(t, l, m, cpu)
}

// If a probe finds something wrong, it has failed: the component is lost, by
// both rules, although every VM reaches its end.
func TestFailedProbe(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	for _, c := range []struct {
		do    func(*testing.T, *campaign.Lab, *Hardware, int)
		probe string
	}{{privilege, "failed: domctl 0x1"}, {deadlyProbe, "failed: multicall 0x"}} {
		crash := crash{"main.allocTable", 20, 400, c.do}
		o, outcome, reason := crash.follow(t, l, "full")
		verdicts := l.System.Target().Judge(l.Golden.Output, o.Output)
		i := slices.IndexFunc(verdicts, func(v faults.Verdict) bool { return v.VM == "d1" })
		if i < 0 || !strings.HasPrefix(string(verdicts[i].Probe), c.probe) || !verdicts[i].Complete {
			t.Errorf("%s: verdict %+v; the console ends with:\n%s", c.probe, verdicts, campaign.Tail(o.Output))
		}
		if outcome != faults.ComponentLost || !strings.Contains(reason, c.probe) || !o.Recovered {
			t.Errorf("%s: %s: %s", c.probe, outcome, reason)
		}
		if faults.RecoveredPaper(l.System.Target(), &l.Golden.Golden, &o, outcome, verdicts) {
			t.Errorf("%s: recovered by the papers' rule", c.probe)
		}
		if !strings.Contains(string(o.Output), seam.ProbeFailed) {
			t.Errorf("%s: no VM says so", c.probe)
		}
	}
}
