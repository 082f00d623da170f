package lesson

import (
	"fmt"
	"strings"

	"resvirt/faults"
)

// fact is something that an expression can ask of a recording.
type fact struct {
	name    string
	params  []param
	least   int // arguments that must be given
	meaning string
	row     bool // the run's row has it: no machine is needed
	eval    func(c *scope, args []Value) (Value, error)
}

type param struct {
	name string
	kind ValueKind
}

// usage is how a fact is written: register("NAME", CPU).
func (f *fact) usage() string {
	var b strings.Builder
	b.WriteString(f.name)
	for i, p := range f.params {
		name := p.name
		if p.kind == Text {
			name = `"` + name + `"`
		}
		switch {
		case i == 0 && f.least == 0:
			b.WriteString(" or " + f.name + "(")
		case i == 0:
			b.WriteString("(")
		default:
			b.WriteString(", ")
		}
		b.WriteString(name)
	}
	if len(f.params) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// Facts lists all facts as they are written, and what each is.
func Facts() (list [][2]string) {
	for _, f := range facts() {
		list = append(list, [2]string{f.usage(), f.meaning})
	}
	return list
}

func factNames() (list []string) {
	for _, f := range facts() {
		list = append(list, f.name)
	}
	return list
}

// facts is the table, in the order in which people read it.
func facts() []fact {
	return append(append(rowFacts(), machineFacts()...), databaseFacts()...)
}

// ofRow is a fact that the run's row has.
func ofRow(name, meaning string, f func(c *scope) Value) fact {
	return fact{name: name, meaning: meaning, eval: func(c *scope, _ []Value) (Value, error) { return f(c), nil }}
}

// ofStrike is a fact of the fault.
func ofStrike(name, meaning string, f func(*faults.Strike) Value) fact {
	return fact{name: name, meaning: meaning, eval: func(c *scope, _ []Value) (Value, error) {
		if c.r.Row.Strike == nil {
			return Value{}, fmt.Errorf("the fault of %s did not strike", c.r.Row.Run())
		}
		return f(c.r.Row.Strike), nil
	}}
}

// ofDetection is a fact of the first detection, or of another.
func ofDetection(name, meaning string, f func(*scope, *faults.Detection) Value) fact {
	return fact{name: name, params: []param{{"N", Number}}, meaning: meaning, eval: func(c *scope, args []Value) (Value, error) {
		n, list := uint64(1), c.r.Row.Detections
		if len(args) > 0 {
			n = args[0].Number
		}
		if n < 1 || n > uint64(len(list)) {
			return Value{}, fmt.Errorf("%s has no detection %d", c.r.Row.Run(), n)
		}
		return f(c, &list[n-1]), nil
	}}
}

// ofVM is a fact of a VM by its name.
func ofVM(name, meaning string, f func(*faults.Verdict) Value) fact {
	return fact{name: name, params: []param{{"VM", Text}}, least: 1, meaning: meaning, eval: func(c *scope, args []Value) (Value, error) {
		for i := range c.r.Row.Verdicts {
			if v := &c.r.Row.Verdicts[i]; v.VM == args[0].Text {
				return f(v), nil
			}
		}
		return Value{}, fmt.Errorf("%s says nothing of a VM %q: VMs are d0, d1, d2 and so on; one whose run converged has no verdicts", c.r.Row.Run(), args[0].Text)
	}}
}
