package faults

import (
	"encoding/json"
	"testing"
)

// What databases hold is read as what it was; what they held otherwise is kept as it is.
func TestFailuresAreReadAsTheyWereWritten(t *testing.T) {
	for text, want := range map[string]Failure{
		"":                                   {},
		"VM lost: a VM: N of N lines":        {Way: LostVM, What: "a VM: N of N lines"},
		"failed again in step nmi_ipi: hang": {FailedAgain, Phase{InStep, "nmi_ipi"}, "hang"},
		"failed again after recovery: x: y":  {FailedAgain, Phase{Part: AfterRecovery}, "x: y"},
		"failed again after recovery and VMs running: x":   {FailedAgain, Phase{Part: WithVMsRunning}, "x"},
		"machine reset before the first step of recovery":  {Way: WasReset},
		"halted on detection":                              {Way: Halted},
		"gave up in step microreboot":                      {Way: GaveUp, Phase: Phase{InStep, "microreboot"}},
		"probe failed: self check N in a VM":               {Way: FailedProbe, What: "self check N in a VM"},
		"probe not reached: no VM was left to run it":      {Way: NoProbe, What: "no VM was left to run it"},
		"final checks failed with code N: 3 frames":        {Way: FailedChecks, What: "3 frames"},
		"hang in step patch: main.f | VM code":             {Hung, Phase{InStep, "patch"}, "main.f | VM code"},
		"hang after all VMs had ended":                     {Way: OtherWay, What: "hang after all VMs had ended"},
		"failed again, as an earlier program said it":      {Way: OtherWay, What: "failed again, as an earlier program said it"},
		"machine reset after recovery and some more words": {Way: OtherWay, What: "machine reset after recovery and some more words"},
	} {
		got := ParseFailure(text)
		if got != want || got.String() != text {
			t.Errorf("%q is read as %+v, should be %+v", text, got, want)
		}
		var again Failure
		if b, err := json.Marshal(got); err != nil || json.Unmarshal(b, &again) != nil || again != got {
			t.Errorf("JSON of %q is %s: %v", text, b, err)
		}
	}
	for way := NotFailed + 1; way < OtherWay; way++ {
		if wayTexts[way].head == "" {
			t.Errorf("way %d has no text", way)
		}
	}
	for n := UnknownEnd; n < numberNoEnd; n++ {
		if ParseNoEnd(n.String()) != n {
			t.Errorf("%q is read as %v", n.String(), ParseNoEnd(n.String()))
		}
	}
}
