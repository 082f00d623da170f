package testbed

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
)

// TestStepsInSources: the sources name the steps that the image has.
func TestStepsInSources(t *testing.T) {
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	sys, err := Build(experiments.Default(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := stepsInSources(root); !slices.Equal(got, sys.Steps()) {
		t.Errorf("the sources have the steps\n%v\nthe image has\n%v", got, sys.Steps())
	}
}

// TestUnknownStepIsToldAtOnce: nobody waits for images to learn that a step does not exist.
func TestUnknownStepIsToldAtOnce(t *testing.T) {
	e := experiments.Default()
	e.Settings = []experiments.Setting{{Name: "mine", Steps: []string{"microreboot", "guest_frames"}}}
	_, err := Build(e, func(what string) { t.Errorf("it went on to %s", what) })
	if err == nil || !strings.Contains(err.Error(), `no recovery step "guest_frames" (do you mean guest_frame?)`) {
		t.Errorf("error %v", err)
	}
}

// TestStepsInOtherSources: a table is read by the values of its constants, and one that
// is written in another way refuses nothing.
func TestStepsInOtherSources(t *testing.T) {
	const begin = "package main\n\ntype recoveryStep struct {\n\tname string\n\tback bool\n}\n\nconst (\n\tsecond = 1 - iota\n\tfirst\n)\n\n"
	for _, c := range []struct {
		what, table string
		want        []string
	}{
		{"in the order of bits", `var recoverySteps = [...]recoveryStep{second: {name: "b" + "2"}, first: {back: true, name: "a"}}`, []string{"a", "b2"}},
		{"a call", `var recoverySteps = table()`, nil},
		{"no table", ``, nil},
		{"a name that is computed", `var recoverySteps = [...]recoveryStep{first: {name: name()}}`, nil},
		{"a bit that is no constant", `var recoverySteps = [...]recoveryStep{bit: {name: "a"}}`, nil},
		{"a gap", `var recoverySteps = [...]recoveryStep{second: {name: "a"}}`, nil},
		{"no Go", `var recoverySteps = [`, nil},
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "vi/vmm"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "vi/vmm/steps.go"), []byte(begin+c.table+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := stepsInSources(root); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}
