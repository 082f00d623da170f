package step

import (
	"strings"
	"testing"

	"resvirt/faults"
)

// A database's runs are filtered by outcome, setting, fault and text, and Enter opens the one
// under the cursor.
func TestPicker(t *testing.T) {
	t.Parallel()
	runs := sharedCampaign(t)
	x := &session{t: t, s: begin(), d: &desk{stored: nil, db: runs.db, campaign: runs.campaign}}
	x.send(resized{80, 24})
	x.do(listRuns{runs.path})
	all := len(x.s.Pick.runs)
	x.sees(all24(all))
	x.keys("s")
	for x.s.Pick.setting != "full" {
		x.keys("s")
	}
	for x.s.Pick.outcome != faults.Recovered.String() {
		x.keys("o")
	}
	list := x.s.Pick.chosen()
	if len(list) == 0 || len(list) == all {
		t.Fatalf("%d of %d runs of full have recovered", len(list), all)
	}
	for _, r := range list {
		if r.Setting != "full" || r.Outcome != faults.Recovered.String() {
			t.Errorf("%v %s passes the filters", r, r.Outcome)
		}
		x.sees(r.String())
	}
	x.keys("/")
	for _, c := range "no such function" {
		x.keys(key(c))
	}
	x.keys("Enter")
	x.sees("No run passes")
	x.keys("a", "/")
	for _, c := range list[0].Struck {
		x.keys(key(c))
	}
	x.keys("Enter")
	for _, r := range x.s.Pick.chosen() {
		if !strings.Contains(r.Struck+r.Detected+r.Cause, list[0].Struck) {
			t.Errorf("%v struck %s passes %q", r, r.Struck, list[0].Struck)
		}
	}
	first := x.s.Pick.chosen()[0]
	runs.mu.Lock()
	x.keys("Enter")
	runs.mu.Unlock()
	if x.s.Run == nil || x.s.Run.Row.Run() != first.String() {
		t.Fatalf("Enter opens no run or another one: %s", x.s.Say)
	}
	x.keys("r")
	x.sees(all24(all))
}

// all24 is how the picker says that all runs are listed.
func all24(n int) string { return commas(uint64(n)) + " of " + commas(uint64(n)) + " runs" }

// Where there is no database, quick.db is offered.
func TestPickerWithoutDatabases(t *testing.T) {
	t.Parallel()
	s := begin()
	s, _ = update(s, resized{80, 24})
	s, _ = update(s, picked{func(p picker) picker { return picker{canMake: true, listed: true} }})
	x := &session{t: t, s: s}
	x.sees("m makes quick.db", "? help")
	if _, c := update(s, key("m")); c != (makeQuick{}) {
		t.Errorf("m leads to %v", c)
	}
	s, _ = update(s, picked{func(p picker) picker {
		return picker{listed: true, bases: []database{{path: "a.db", experiment: "quick", runs: 7}, {path: "b.db", why: "b.db is not a results database of resvirt"}}}
	}})
	x.s = s
	x.sees("a.db", "7 runs", "not a results database")
	if _, c := update(s, key("Enter")); c != (listRuns{"a.db"}) {
		t.Errorf("Enter leads to %v", c)
	}
}

func TestDatabasesThatOpenComeFirst(t *testing.T) {
	got := readableFirst([]database{{path: "a.db", why: "damaged"}, {path: "b.db"}, {path: "c.db", why: "a directory"}, {path: "d.db"}})
	var names []string
	for _, b := range got {
		names = append(names, b.path)
	}
	if s := strings.Join(names, " "); s != "b.db d.db a.db c.db" {
		t.Errorf("the list begins where the cursor can open nothing: %s", s)
	}
}
