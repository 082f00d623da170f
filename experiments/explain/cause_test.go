package explain

import (
	"encoding/json"
	"reflect"
	"testing"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// The texts of causes in databases are read as what they were.
func TestCausesAreReadAsTheyWereWritten(t *testing.T) {
	after := faults.Phase{Part: faults.AfterRecovery}
	for text, want := range map[string]Cause{
		"none: the run did not fail":                             {Class: Survived},
		"not detected: silent, a VM: x: y":                       {Class: Undetected, Failure: faults.Failure{What: "silent, a VM: x: y"}},
		"VM lost: registers of the VM changed; recovery left: a": {Failure: faults.Failure{Way: faults.LostVM, What: "registers of the VM changed; recovery left: a"}},
		"failed again after recovery: x; recovery left wrong: calls, vcpus": {Failure: faults.Failure{Way: faults.FailedAgain, Phase: after, What: "x"},
			Left: []inspect.ViolationKind{inspect.Calls, inspect.VCPUs}},
		"final checks failed with code N: heap": {Failure: faults.Failure{Way: faults.FailedChecks, What: "heap"}},
		"x; recovery left wrong: nothing known": {Failure: faults.Failure{Way: faults.OtherWay, What: "x; recovery left wrong: nothing known"}},
		"":                                      {},
	} {
		got := ParseCause(text)
		if !reflect.DeepEqual(got, want) || got.String() != text {
			t.Errorf("%q is read as %+v, which says %q", text, got, got)
		}
		b, err := json.Marshal(got)
		var again Cause
		if err != nil || json.Unmarshal(b, &again) != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("JSON of %q is %s: %v", text, b, err)
		}
		old, _ := json.Marshal(text)
		if json.Unmarshal(old, &again) != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("JSON of an older program, %s, is read as %+v", old, again)
		}
	}
}

// Every kind of fact says something of its own, also where members are missing, and is
// the same behind JSON.
func TestFactsInWords(t *testing.T) {
	place := Line{Function: "main.f", File: "f.go", Line: 3, Source: "x++"}
	was := Word(7)
	seen := map[string]FactKind{}
	for k := range factKinds {
		f := Fact{Kind: k, CPU: 1, Position: 5, Places: []Line{place, place}, Object: "d1v0", Words: "a call", Count: 2, List: []string{"l"},
			Values: []Value{{Name: "rax", Is: 1 << 63, Was: &was}, {Name: "rbx", Is: 2, Was: &was}}}
		text := f.String()
		if other, ok := seen[text]; ok && k != Called || k.String() == "" {
			t.Errorf("%v says %q, as %v does", k, text, other)
		}
		seen[text] = k
		_ = Fact{Kind: k}.String()
		b, err := json.Marshal(f)
		var again Fact
		if err != nil || json.Unmarshal(b, &again) != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("JSON of %v is %s, read as %+v: %v", k, b, again, err)
		}
	}
	var old Fact
	if err := json.Unmarshal([]byte(`"it said so"`), &old); err != nil || old.String() != "it said so" {
		t.Errorf("evidence of an older program is read as %+v: %v", old, err)
	}
}
