package recording

import (
	"context"

	"resvirt/experiments/testbed"
	"resvirt/vi/inspect"
)

// An operation is under way for at most so many instructions, and is looked for in pieces.
const (
	longestOperation = 1 << 16
	operationPiece   = 1 << 9
)

// passing are the invariants of a list, broken where a track's machine stands, that hold once
// processors have left the hypervisor, if no failure is detected before, no fault strikes and no
// step of recovery begins: who repairs has lost what was under way. The machine is somewhere
// behind afterwards.
func (r *Recording) passing(ctx context.Context, t *Track, p Position, list []inspect.Violation) (map[inspect.Where]bool, error) {
	inside := r.inVMM(t)
	bound := min(r.disturbed(p), p+longestOperation)
	passes := map[inspect.Where]bool{}
	for at := p; len(inside) > 0 && len(passes) < len(list); {
		if at+operationPiece > bound {
			return passes, nil
		}
		at += operationPiece
		if err := t.Seek(ctx, at); err != nil {
			return nil, err
		}
		left := false
		now := r.inVMM(t)
		for cpu := range inside {
			if !now[cpu] {
				delete(inside, cpu)
				left = true
			}
		}
		if !left {
			continue
		}
		still := map[inspect.Where]bool{}
		for _, v := range r.Guests.Check(t.Machine()) {
			still[v.Where()] = true
		}
		for _, v := range list {
			if !still[v.Where()] {
				passes[v.Where()] = true
			}
		}
	}
	return passes, nil
}

// inVMM are the processors that execute the hypervisor where a track's machine stands.
func (r *Recording) inVMM(t *Track) map[int]bool {
	set := map[int]bool{}
	for i := range t.Machine().CPUs() {
		if k := r.Guests.Doing(t.Machine(), i).Kind; k == testbed.InVMM || k == testbed.InNMI {
			set[i] = true
		}
	}
	return set
}

// disturbed is the first position from another on at which a fault, a failure, a step or the end
// comes: what is under way up to there is no more.
func (r *Recording) disturbed(p Position) Position {
	for _, e := range r.Events {
		if e.Position > p && e.Kind != Resumption || e.Kind == End {
			return e.Position
		}
	}
	return p
}
