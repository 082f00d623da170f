package step

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// search goes to the next position, or the previous one, at which a text is found: a value that
// a register gets, code that is executed, or what is printed on the console.
type search struct {
	text string
	n    int
}

func (c search) busy() string { return "looking for " + c.text }

func (c search) do(ctx context.Context, d *desk) (string, error) {
	if digits, ok := strings.CutPrefix(strings.ToLower(c.text), "0x"); ok {
		v, err := strconv.ParseUint(digits, 16, 64)
		if err != nil {
			return "", fmt.Errorf("%q is no value", c.text)
		}
		return d.findValue(ctx, v, c.n)
	}
	pcs, err := d.rec.Addresses(c.text)
	if err != nil {
		pcs, err = d.rec.Addresses("main." + c.text)
	}
	if err != nil {
		return d.findPrinted(ctx, c.text, c.n)
	}
	p, found, err := d.nearest(ctx, stop{pcs: pcs}, c.n)
	if err != nil || !found {
		return c.text + " is not executed " + way(c.n), err
	}
	return "", d.rec.Run.Seek(ctx, p)
}

func way(n int) string {
	if n < 0 {
		return "before"
	}
	return "any more"
}

// findValue looks for a value that a register of the processor that is shown gets.
func (d *desk) findValue(ctx context.Context, v uint64, n int) (string, error) {
	had := false // a register had it before the instruction before
	what := ""
	in := func(m faults.Machine) bool {
		for i, x := range testbed.RegistersOf(m, d.cpu) {
			if x == v {
				what = faults.Register(i).String()
				return true
			}
		}
		return false
	}
	had = in(d.machine())
	none := fmt.Sprintf("no register of CPU%d gets %#x %s", d.cpu, v, way(n))
	say, err := d.until(ctx, n, func(m faults.Machine, _ faults.TraceEntry) bool {
		has := in(m)
		fresh := has && !had
		had = has
		return fresh
	}, none)
	if err != nil || say != "" {
		return say, err
	}
	in(d.machine())
	return fmt.Sprintf("%s of CPU%d is %#x here", what, d.cpu, v), nil
}

// findPrinted looks for the instruction behind which the console shows a text.
func (d *desk) findPrinted(ctx context.Context, text string, n int) (string, error) {
	t := d.rec.Run
	here := t.Position()
	printed := len(t.Machine().Serial())
	if err := t.Seek(ctx, t.End()); err != nil {
		return "", err
	}
	all := bytes.Clone(t.Machine().Serial())
	end := 0 // of the text that is looked for
	if n > 0 {
		if i := bytes.Index(all[max(printed-len(text)+1, 0):], []byte(text)); i >= 0 {
			end = max(printed-len(text)+1, 0) + i + len(text)
		}
	} else if i := bytes.LastIndex(all[:max(min(printed, len(all))-1, 0)], []byte(text)); i >= 0 {
		end = i + len(text)
	}
	if end == 0 {
		return fmt.Sprintf("%q is not printed %s, and is no code", text, way(n)), t.Seek(ctx, here)
	}
	low, high := t.Start(), t.End() // it is printed at high, or was before low
	for low < high {
		p := low + (high-low)/2
		if err := t.Seek(ctx, p); err != nil {
			return "", err
		}
		if len(t.Machine().Serial()) >= end {
			high = p
		} else {
			low = p + 1
		}
	}
	return fmt.Sprintf("%q has just been printed", text), t.Seek(ctx, recording.Position(low))
}
