package main

import (
	"strings"
	"testing"
)

const document = "text\n<!-- BEGIN OUTPUT OF: go run . a b -->\n```\nold\n```\n<!-- END OUTPUT -->\n" +
	"more\n<!-- BEGIN OUTPUT OF: go run . a b; FROM \"two\" TO \"thr\" -->\n```\nold\n```\n<!-- END OUTPUT -->\n" +
	"<!-- BEGIN OUTPUT OF: go run . a b; FROM \"two\" -->\n```\nold\n```\n<!-- END OUTPUT -->\nend\n"

func TestUpdate(t *testing.T) {
	run := func(command string) (string, error) {
		if command != "a b" {
			t.Errorf("command %q", command)
		}
		return "one\ntwo\nthree\nfour\n\nfive\n", nil
	}
	want := document
	for _, out := range []string{"one\ntwo\nthree\nfour\n\nfive", "two\nthree", "two\nthree\nfour"} {
		want = strings.Replace(want, "old", out, 1)
	}
	got, err := update(document, run)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if again, err := update(got, run); err != nil || again != got {
		t.Errorf("a second time: %v\n%s", err, again)
	}
	for _, bad := range []string{
		strings.Replace(document, "TO \"thr\"", "TO \"one\"", 1), // that is before
		strings.Replace(document, "\"two\"", "\"six\"", 1),
		strings.Replace(document, "<!-- END OUTPUT -->\nend", "end", 1),
		"no output",
	} {
		if got, err := update(bad, run); err == nil {
			t.Errorf("taken: %s", got)
		}
	}
}
