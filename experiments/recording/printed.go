package recording

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// seen is what the console and the list of VMs were at one position.
type seen struct {
	at      Position
	printed int // bytes
	vms     map[string]bool
}

// Printed finds by execution what no row has: when each line was complete on the console, the
// results of probes among them, and when each VM ended. It uses a machine of its own.
func (r *Recording) Printed(ctx context.Context) ([]Event, error) {
	t, err := r.Run.Again()
	if err != nil {
		return nil, err
	}
	looks, err := r.lookAlong(ctx, t)
	if err != nil {
		return nil, err
	}
	list, err := t.lines(ctx, looks)
	if err != nil {
		return nil, err
	}
	ends, err := r.endsOfVMs(ctx, t, looks)
	if err != nil {
		return nil, err
	}
	return Merged(list, ends), nil
}

// Merged is one list of two, in the order of positions.
func Merged(a, b []Event) []Event {
	all := append(slices.Clone(a), b...)
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(a.Position, b.Position) })
	return all
}

// lookAlong looks at positions from the start to the end.
func (r *Recording) lookAlong(ctx context.Context, t *Track) (list []seen, err error) {
	for p := t.start; ; p = min(p+markEvery, t.end) {
		if err := t.Seek(ctx, p); err != nil {
			return nil, err
		}
		list = append(list, seen{p, len(t.Machine().Serial()), r.vms(t.Machine())})
		if p == t.end {
			return list, nil
		}
	}
}

// vms are the VMs that the hypervisor has.
func (r *Recording) vms(m faults.Machine) map[string]bool {
	set := map[string]bool{}
	for _, v := range r.Guests.VCPUs(m) {
		set[v.VM] = true
	}
	return set
}

// lines are the lines that were completed between the first look and the last, where the machine
// stands.
func (t *Track) lines(ctx context.Context, looks []seen) (list []Event, err error) {
	serial := bytes.Clone(t.Machine().Serial())
	end := 0
	for line := range bytes.Lines(serial) {
		end += len(line)
		if end <= looks[0].printed || line[len(line)-1] != '\n' {
			continue
		}
		e := lineEvent(line)
		i := sort.Search(len(looks), func(i int) bool { return looks[i].printed >= end })
		want := end
		if e.Position, err = t.turning(ctx, looks[i-1].at, looks[i].at, func() bool { return len(t.Machine().Serial()) >= want }); err != nil {
			return nil, err
		}
		e.Time = t.Now()
		list = append(list, e)
	}
	return list, nil
}

// lineEvent is the event that a line of the console is.
func lineEvent(line []byte) Event {
	e := Event{Kind: Printed, CPU: -1, Name: strings.TrimSpace(string(line))}
	for vm, says := range testbed.LinesByVM(line) {
		e.VM, e.Name = vm, says[0]
	}
	for _, says := range testbed.LinesOfVMM(line) {
		e.VM, e.Name = "VMM", says
	}
	if probe, ok := testbed.ProbeIn(e.Name); ok && e.VM != "VMM" {
		e.Kind, e.Probe = Probed, probe
	}
	return e
}

// endsOfVMs are where VMs vanish for good from a list that still can be read. A damaged one may
// lack a VM for a while.
func (r *Recording) endsOfVMs(ctx context.Context, t *Track, looks []seen) (list []Event, err error) {
	last := map[string]int{} // the last look at which a VM was there
	for i, s := range looks {
		for vm := range s.vms {
			last[vm] = i
		}
	}
	for _, vm := range ascending(last) {
		i := last[vm]
		if i == len(looks)-1 {
			continue
		}
		e := Event{Kind: Gone, CPU: -1, VM: vm}
		if e.Position, err = t.turning(ctx, looks[i].at, looks[i+1].at, func() bool { return !r.vms(t.Machine())[vm] }); err != nil {
			return nil, err
		}
		e.Time = t.Now()
		list = append(list, e)
	}
	return list, nil
}

// turning is the first position at which something is so that is so at one position and not at an
// earlier one, if it becomes so once; else one at which it becomes so. The machine is there
// afterwards.
func (t *Track) turning(ctx context.Context, not, so Position, is func() bool) (Position, error) {
	for so-not > 1 {
		p := not + (so-not)/2
		if err := t.Seek(ctx, p); err != nil {
			return 0, err
		}
		if is() {
			so = p
		} else {
			not = p
		}
	}
	return so, t.Seek(ctx, so)
}
