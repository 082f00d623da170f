package recording

import (
	"context"
	"slices"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Parting is where two tracks first execute different instructions.
type Parting struct {
	Position Position // both have come to it by the same instructions
	A, B     Hit      // what is executed next
	// Exact is false where it was found by comparing states further and further apart: a
	// detour after which both met again can have been missed before it.
	Exact bool
}

// byInstruction is how far behind the begin tracks are compared by each instruction.
const byInstruction = 1 << 17

// Part finds where two tracks part after a position. ok is false if they do not up to the
// end of the shorter one. Both machines are at the parting afterwards, else somewhere.
func Part(ctx context.Context, a, b *Track, from Position) (p Parting, ok bool, err error) {
	end := min(a.end, b.end)
	if from >= end {
		return p, false, nil
	}
	to := min(end, from+byInstruction)
	if p, ok, err = compared(ctx, a, b, from, to); ok || err != nil || to == end {
		p.Exact = true
		return p, ok, err
	}
	same, differ, err := apart(ctx, a, b, to, end)
	if err != nil || differ == 0 {
		return p, false, err
	}
	return compared(ctx, a, b, same, differ)
}

// compared compares instruction by instruction.
func compared(ctx context.Context, a, b *Track, from, to Position) (p Parting, ok bool, err error) {
	const piece = 1 << 12
	for at := from; at < to; at += piece {
		x, err := executed(ctx, a, at, min(to, at+piece))
		if err != nil {
			return p, false, err
		}
		y, err := executed(ctx, b, at, min(to, at+piece))
		if err != nil {
			return p, false, err
		}
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				p.A, p.B, p.Position = x[i], y[i], min(x[i].Position, y[i].Position)
				if err = a.Seek(ctx, p.Position); err == nil {
					err = b.Seek(ctx, p.Position)
				}
				return p, err == nil, err
			}
		}
	}
	return p, false, nil
}

// executed lists what is executed on a part of a track.
func executed(ctx context.Context, t *Track, from, to Position) (list []Hit, err error) {
	if err := t.Seek(ctx, from); err != nil {
		return nil, err
	}
	err = t.Watch(ctx, to, func(e faults.TraceEntry) bool {
		if e.Position < to {
			list = append(list, Hit{e.CPU, e.Position, e.PC})
		}
		return true
	})
	return list, err
}

// apart finds two positions between which the tracks part: at the first, all processors
// are about to execute the same, at the second they are not. differ is 0 if they are
// never seen apart.
func apart(ctx context.Context, a, b *Track, from, end Position) (same, differ Position, err error) {
	same = from
	for step := uint64(byInstruction); differ == 0; step *= 2 {
		p := min(end, same+step)
		equal, err := alike(ctx, a, b, p)
		switch {
		case err != nil:
			return 0, 0, err
		case !equal:
			differ = p
		case p == end:
			return 0, 0, nil
		default:
			same = p
		}
	}
	for differ-same > 1<<12 {
		p := same + (differ-same)/2
		equal, err := alike(ctx, a, b, p)
		if err != nil {
			return 0, 0, err
		}
		if equal {
			same = p
		} else {
			differ = p
		}
	}
	return same, differ, nil
}

// alike says whether the processors of both tracks have the same registers at a position.
func alike(ctx context.Context, a, b *Track, p Position) (bool, error) {
	if err := a.Seek(ctx, p); err != nil {
		return false, err
	}
	if err := b.Seek(ctx, p); err != nil {
		return false, err
	}
	return a.Next() == b.Next() && slices.Equal(pcs(a), pcs(b)), nil
}

func pcs(t *Track) (list []uint64) {
	for i := range t.Machine().CPUs() {
		list = append(list, testbed.RegistersOf(t.Machine(), i)[faults.RIP])
	}
	return list
}
