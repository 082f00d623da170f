package step

import (
	"context"
	"fmt"

	"resvirt/experiments/recording"
	"resvirt/faults"
)

// whoSet goes to the instruction that gave a register its value.
type whoSet struct {
	cpu int
	reg faults.Register
}

func (c whoSet) busy() string { return fmt.Sprintf("who set %s of CPU%d", c.reg, c.cpu) }

func (c whoSet) do(ctx context.Context, d *desk) (string, error) {
	o, found, err := d.rec.WhoSet(ctx, c.cpu, c.reg)
	if err != nil || !found {
		return fmt.Sprintf("%s of CPU%d has had this value since the run begins", c.reg, c.cpu), err
	}
	return fmt.Sprintf("%s of CPU%d: %#x became %#x by %s; u goes back", c.reg, c.cpu, o.Before, o.After, d.by(o)), d.seekOrigin(ctx, o)
}

// whoUses goes to the instruction that makes something of a register's value.
type whoUses struct {
	cpu int
	reg faults.Register
}

func (c whoUses) busy() string { return fmt.Sprintf("who reads %s of CPU%d", c.reg, c.cpu) }

func (c whoUses) do(ctx context.Context, d *desk) (string, error) {
	h, use, err := d.rec.WhoUses(ctx, c.cpu, c.reg)
	name := fmt.Sprintf("%s of CPU%d", c.reg, c.cpu)
	switch {
	case err != nil:
		return "", err
	case use == recording.NotUsed:
		return name + " is not used for as far as was looked", nil
	case use == recording.Overwritten:
		return name + " is overwritten here before anything was made of it; u goes back", d.rec.Run.Seek(ctx, h.Position)
	}
	return name + " is read here; u goes back", d.rec.Run.Seek(ctx, h.Position)
}

// whoWrote goes to the last store to memory at an address of the processor that is shown.
type whoWrote struct {
	va uint64
	n  uint64
}

func (c whoWrote) busy() string { return fmt.Sprintf("who wrote memory at %#x", c.va) }

func (c whoWrote) do(ctx context.Context, d *desk) (string, error) {
	pa, ok := d.machine().Translate(d.cpu, c.va)
	if !ok {
		return fmt.Sprintf("%#x is not mapped on CPU%d", c.va, d.cpu), nil
	}
	o, found, err := d.rec.WhoWrote(ctx, pa, c.n)
	if err != nil || !found {
		return fmt.Sprintf("memory at %#x has not been written since the run begins", c.va), err
	}
	return fmt.Sprintf("memory at %#x was written by %s; u goes back", c.va, d.by(o)), d.seekOrigin(ctx, o)
}

// whoReads goes to the next load or fetch of memory.
type whoReads struct {
	va uint64
	n  uint64
}

func (c whoReads) busy() string { return fmt.Sprintf("who reads memory at %#x", c.va) }

func (c whoReads) do(ctx context.Context, d *desk) (string, error) {
	pa, ok := d.machine().Translate(d.cpu, c.va)
	if !ok {
		return fmt.Sprintf("%#x is not mapped on CPU%d", c.va, d.cpu), nil
	}
	o, found, err := d.rec.WhoReads(ctx, pa, c.n)
	if err != nil || !found {
		return fmt.Sprintf("memory at %#x is not read up to the end", c.va), err
	}
	return fmt.Sprintf("memory at %#x is read by %s; u goes back", c.va, d.by(o)), d.seekOrigin(ctx, o)
}

// by says who did it.
func (d *desk) by(o recording.Origin) string {
	if o.Strike {
		return "the fault"
	}
	return fmt.Sprintf("CPU%d in %s", o.CPU, placeText(d.rec.Lab.System.Target().Locate(o.PC)))
}

// seekOrigin goes to before an access.
func (d *desk) seekOrigin(ctx context.Context, o recording.Origin) error {
	return d.rec.Run.Seek(ctx, max(o.Position, d.of.Start))
}
