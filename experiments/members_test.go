package experiments

import (
	"strings"
	"testing"
)

// A sweep over memory gives each size to its machine and leaves the rest alone.
func TestMemoryMembers(t *testing.T) {
	e, _, err := Load("latency")
	if err != nil {
		t.Fatal(err)
	}
	m := e.Member(8192)
	if m.Machine.MemoryMB != 8192 || m.Name != "latency-8192mb" || m.Sweeps() || m.Deadline != e.Deadline || m.VMM.WatchdogUS != e.VMM.WatchdogUS {
		t.Errorf("the member is %+v", m)
	}
	if got := e.MemberPath("x.db", 256); got != "x-256mb.db" {
		t.Errorf("its database is %s", got)
	}
	for text, want := range map[string]string{
		"memory_mb = [64]":                                "and then what that is compared with",
		"memory_mb = [128, 64]":                           "own memory_mb = 64",
		"memory_mb = [64, 128, 128]":                      "stands there twice",
		"memory_mb = [64, 65537]":                         "between 1 and 65536",
		"memory_mb = [64, 128]\nwatchdog_us = [150, 300]": "varies one of them",
	} {
		_, err := Parse("mine", []byte("[sweep]\n"+text+"\n[[setting]]\nname = \"none\"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
