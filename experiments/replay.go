package experiments

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"resvirt/faults"
)

// Replay is a run executed again from what a database holds.
type Replay struct {
	Row         *Row
	Golden      *GoldenRun
	Target      *faults.Target
	Differences []string // between the stored row and this execution
	Trace       *Trace   // nil unless asked for
	Sources     Sources
	Left        []string // what the target was left with at the end
}

// Replay executes a stored run again and compares it with its row. traced is
// how many instructions to keep around the fault and around the detection.
func (db *DB) Replay(open func(Experiment, []Part) (System, error), setting string, index, traced int) (*Replay, error) {
	stored, err := db.Row(setting, index)
	if err != nil {
		return nil, err
	}
	l, parts, err := db.lab(open)
	if err != nil {
		return nil, err
	}
	s, err := db.setting(setting)
	if err != nil {
		return nil, err
	}
	r := &Replay{Golden: l.golden, Target: l.sys.Target(), Sources: sources(parts)}
	w := &worker{Lab: l}
	rows := w.unit(index, []Setting{s})
	r.Row = &rows[0]
	if r.Differences, err = Compare(stored, r.Row); err != nil {
		return nil, err
	}
	if e, ok := l.sys.(Explainer); ok && w.m != nil && r.Row.Outcome.Unsurvived() {
		r.Left = e.Explain(w.m)
	}
	if traced > 0 && r.Row.Strike != nil && r.Row.Outcome != faults.ToolError {
		r.Trace = w.trace(r.Row, s, traced)
	}
	return r, nil
}

// lab rebuilds the campaign's system and golden run from the database alone.
func (db *DB) lab(open func(Experiment, []Part) (System, error)) (*Lab, []Part, error) {
	c, err := db.Campaign()
	if err != nil {
		return nil, nil, err
	}
	e, err := Parse(c.Experiment, c.File)
	if err != nil {
		return nil, nil, err
	}
	e.Seed = c.Seed
	parts, err := db.Parts()
	if err != nil {
		return nil, nil, err
	}
	sys, err := open(e, parts)
	if err != nil {
		return nil, nil, err
	}
	if sys.Semantics() != c.Semantics {
		return nil, nil, fmt.Errorf("database %s was made by a machine of semantics version %s, this program has %s: use the program that made it", db.path, c.Semantics, sys.Semantics())
	}
	id := identity(&e, sys)
	if campaignDigest(id) != c.Digest {
		return nil, nil, fmt.Errorf("database %s: what it holds does not give its own campaign again: %s", db.path, difference(c.Identity, id))
	}
	l, err := NewLab(e, sys)
	if err != nil {
		return nil, nil, err
	}
	if d := l.golden.Digest.String(); d != c.GoldenDigest {
		return nil, nil, fmt.Errorf("BUG: the golden run ends in state %s, the stored one in %s, though nothing that it depends on has changed", d, c.GoldenDigest)
	}
	return l, parts, nil
}

// Compare names every field in which two executions of a run differ.
func Compare(stored, now *Row) ([]string, error) {
	// Lists that are empty are stored as null or [].
	var copied Row
	b, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &copied); err != nil {
		return nil, err
	}
	var old Row
	if b, err = json.Marshal(stored); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, err
	}
	var list []string
	x, y := reflect.ValueOf(old), reflect.ValueOf(copied)
	for i := range x.NumField() {
		if a, b := x.Field(i).Interface(), y.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			was, is := apart(plainJSON(a), plainJSON(b))
			list = append(list, fmt.Sprintf("%s: stored %s, now %s", x.Type().Field(i).Name, was, is))
		}
	}
	return list, nil
}

func plainJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// apart shortens two long texts to where they begin to differ.
func apart(a, b string) (string, string) {
	const before, most = 40, 160
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	cut := func(s string) string {
		if from := same - before; from > 0 && len(s) > most {
			s = "…" + s[from:]
		}
		if len(s) > most {
			s = s[:most] + "…"
		}
		return strings.ToValidUTF8(s, "?")
	}
	return cut(a), cut(b)
}
