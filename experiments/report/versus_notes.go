package report

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments/store"
)

// A campaign's identity lists everything on which its rows depend, one fact a
// line. The reader of a comparison must know the differences.

type doubt struct{ fact, text string }

// silent are facts that do not affect the outcomes of faults.
var silent = []doubt{{"resvirt campaign ", ""}, {"golden ", ""}}

// doubts say what a difference in facts of one kind means; %s and %s stand for
// both facts. Images differ on purpose if an image was edited.
var doubts = []doubt{
	{"rules ", "doubtful: faults are drawn or runs judged by other rules (%s in A, %s in B): what differs may be the judging"},
	{"semantics ", "doubtful: the machine has other semantics (version %s in A, %s in B)"},
	{"models ", "doubtful: instructions and events cost other times: models %s in A, %s in B"},
	{"machine ", "doubtful: other machines: %s in A, %s in B"},
	{"vmm ", "doubtful: other layouts of VMs or clocks: %s in A, %s in B"},
	{"workload ", "doubtful: other workloads: %s in A, %s in B"},
	{"faults target ", "doubtful: faults are drawn from another model: %s in A, %s in B"},
	{"faults per run ", "doubtful: other numbers of faults a run: %s in A, %s in B"},
	{"deadline ", "doubtful: runs are followed for other times: %s in A, %s in B"},
	{"command line ", "the VMM is told something else: %s in A, %s in B"},
	{"seed ", "other seeds (%s and %s): no fault is the same"},
}

// note lists the differences between the campaigns besides those of outcomes.
func (v *Versus) note(pairs [][2]string) {
	for _, s := range []struct {
		name string
		*Side
	}{{"A", &v.A}, {"B", &v.B}} {
		if text := s.planned.text(); text != "" {
			v.Notes = append(v.Notes, fmt.Sprintf("%s is unfinished: %s", s.name, text))
		}
	}
	a, b := facts(v.A.identity), facts(v.B.identity)
	for _, d := range doubts {
		if x, y := a[d.fact], b[d.fact]; x != y && !(d.fact == "command line " && v.layoutsDiffer(a, b)) {
			x, y = apartWords(orNone(x), orNone(y))
			v.Notes = append(v.Notes, fmt.Sprintf(d.text, x, y))
		}
	}
	if x, y := unknownFacts(v.A.identity, b), unknownFacts(v.B.identity, a); x != y {
		v.Notes = append(v.Notes, fmt.Sprintf("the systems differ: %s in A, %s in B", orNone(x), orNone(y)))
	}
	var images []string
	for _, line := range strings.Split(v.A.identity, "\n") {
		if name, digest, ok := imageFact(line); ok && b["image "+name+" "] != digest {
			images = append(images, name)
		}
	}
	if len(images) > 0 {
		v.Notes = append(v.Notes, "other images: "+strings.Join(images, ", "))
	}
	for _, p := range pairs {
		x, _ := v.A.setting(p[0])
		y, _ := v.B.setting(p[1])
		if text := stepsText(x.Steps, y.Steps); text != "" {
			v.Notes = append(v.Notes, fmt.Sprintf("setting %s: B %s", matchName(p), text))
		}
	}
	if v.A.Campaign == v.B.Campaign && v.A.Database == v.B.Database {
		v.Notes = append(v.Notes, "A and B are the same database")
	}
}

// layoutsDiffer tells whether the command lines differ only in what another fact
// says as well.
func (v *Versus) layoutsDiffer(a, b map[string]string) bool {
	return a["vmm "] != b["vmm "] || a["machine "] != b["machine "] || a["workload "] != b["workload "]
}

// facts are the lines of an identity by their kind.
func facts(identity string) map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(identity, "\n") {
		if name, digest, ok := imageFact(line); ok {
			m["image "+name+" "] = digest
			continue
		}
		m[factOf(line)] = strings.TrimPrefix(line, factOf(line))
	}
	return m
}

// factOf is the kind of a fact; an unknown fact is a kind of its own.
func factOf(line string) string {
	for _, d := range slices.Concat(doubts, silent) {
		if strings.HasPrefix(line, d.fact) {
			return d.fact
		}
	}
	return line
}

// unknownFacts are the facts of unknown kinds that the other campaign does not
// have.
func unknownFacts(identity string, other map[string]string) string {
	var list []string
	for _, line := range strings.Split(identity, "\n") {
		if _, ok := other[line]; !ok && factOf(line) == line && line != "" && !strings.HasPrefix(line, "image ") {
			list = append(list, line)
		}
	}
	return strings.Join(list, ", ")
}

func imageFact(line string) (name, digest string, ok bool) {
	rest, ok := strings.CutPrefix(line, "image ")
	name, digest, found := strings.Cut(rest, " ")
	return name, digest, ok && found
}

// apartWords shortens two texts to the words in which they differ, and the word
// before them.
func apartWords(a, b string) (string, string) {
	x, y := strings.Fields(a), strings.Fields(b)
	for len(x) > 1 && len(y) > 1 && x[0] == y[0] && x[1] == y[1] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 1 && len(y) > 1 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return strings.Join(x, " "), strings.Join(y, " ")
}

func orNone(s string) string {
	switch {
	case s == "":
		return "none"
	case len(s) == 64 && !strings.Contains(s, " "):
		return store.Short(s)
	}
	return s
}

// stepsText is "has nmi_ack, lacks verify".
func stepsText(a, b []string) string {
	only := func(x, y []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(x), func(s string) bool { return slices.Contains(y, s) }), " ")
	}
	var list []string
	if s := only(b, a); s != "" {
		list = append(list, "has "+s)
	}
	if s := only(a, b); s != "" {
		list = append(list, "lacks "+s)
	}
	return strings.Join(list, ", ")
}

// matchName is "full", or "old=new" for settings of two names.
func matchName(p [2]string) string {
	if p[0] == p[1] {
		return p[0]
	}
	return p[0] + "=" + p[1]
}
