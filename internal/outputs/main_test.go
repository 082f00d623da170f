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

func TestExamplesAreTheFirstThatEndedSo(t *testing.T) {
	const text = "<!-- EXAMPLE RUN OF q.db: vm_lost under a, recovered under b -->\nshow q.db b/17, explain q.db a/3 and q.db c/9\n" +
		"<!-- EXAMPLE RUN OF q.db: recovered under b, vm_lost under c -->\nq.db c/17 r.db b/1\n"
	run := func(command string) (string, error) {
		return map[string]string{
			"show q.db --outcome vm_lost":   "run\toutcome\na/4\tvm_lost\na/105\tvm_lost\nc/2\tvm_lost\nc/106\tvm_lost\n",
			"show q.db --outcome recovered": "run\toutcome\n\nb/3\trecovered\nb/105\trecovered\nb/106\trecovered\n",
			"show q.db --outcome hang":      "a/5\thang\n",
		}[command], nil
	}
	got, err := withExamples(text, run)
	want := strings.NewReplacer("b/17", "b/105", "a/3", "a/105", "c/17", "c/106").Replace(text)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	for _, bad := range []string{
		strings.Replace(text, "vm_lost under a", "hang under a", 1), // no run of both
		strings.Replace(text, "recovered under b -->", "recovered -->", 1),
	} {
		if got, err := withExamples(bad, run); err == nil {
			t.Errorf("taken: %s", got)
		}
	}
}
