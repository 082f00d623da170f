package cli

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"time"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/hw/bench"
	"resvirt/hw/machine"
	"resvirt/internal/words"
)

type benchValues struct {
	repeat int
	engine string
	golden bool
}

func benchFlags(fs *flag.FlagSet) any {
	v := &benchValues{}
	fs.IntVar(&v.repeat, "repeat", 5, "run everything `N` times; the best counts")
	v.engine = "fast"
	fs.Var(&choice{&v.engine, []string{"fast", "plain"}}, "engine", "measure `ENGINE`, fast or plain")
	fs.BoolVar(&v.golden, "golden", true, "measure the golden run of quick as well")
	return v
}

// speedRow is a line of the table of speeds.
type speedRow struct {
	name   string
	result bench.Result
	events string // the event that the kernel causes count times, "" if instructions are measured
	count  uint64
	apart  bool // not in the mean
}

// mostRepeats bounds what is measured; times of all repetitions are kept.
const mostRepeats = 100_000

func (v *benchValues) check(g given, _ []string) error {
	if g["golden"] && v.golden && v.engine == "plain" {
		return usage("bench: --golden is measured with --engine fast alone")
	}
	return nil
}

func runBench(e *env, _ []string, values any) error {
	v := values.(*benchValues)
	engine := map[string]machine.Engine{"fast": machine.Fast{}, "plain": machine.Plain{}}[v.engine]
	if v.repeat < 1 || v.repeat > mostRepeats {
		return usage("bench: --repeat %d: it must be 1 to %d", v.repeat, mostRepeats)
	}
	var rows []speedRow
	for _, k := range bench.Kernels() {
		r, err := told(e, func() (bench.Result, error) { return bench.Best(k.Name, engine, v.repeat) })
		if err != nil {
			return err
		}
		rows = append(rows, speedRow{k.Name, r, k.Events, k.Count, k.Apart})
	}
	if v.golden && v.engine == "fast" {
		golden, err := goldenRows(e, v.repeat)
		if err != nil {
			return err
		}
		rows = append(rows, golden...)
	}
	if err := printSpeeds(e.stdout, rows); err != nil {
		return err
	}
	return printStates(e, v.repeat)
}

// goldenRows measures the golden run of quick, by instructions and by hypercalls.
func goldenRows(e *env, n int) ([]speedRow, error) {
	exp, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := e.build(exp, e.printer().say)
	if err != nil {
		return nil, err
	}
	work, err := told(e, func() (*campaign.GoldenWork, error) { return campaign.NewGoldenWork(sys) })
	if err != nil {
		return nil, err
	}
	var best bench.Result
	var calls uint64
	err = e.while(func() (err error) {
		for range n {
			var r bench.Result
			r.Host = bench.Time(func() { r.Instructions, calls, err = work.Run() })
			if err != nil {
				return err
			}
			if best.Host == 0 || r.Host < best.Host {
				best = r
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []speedRow{{name: "quick", result: best}, {name: "quick", result: best, events: "hypercalls, beside all else", count: calls}}, nil
}

func printSpeeds(w io.Writer, rows []speedRow) error {
	fmt.Fprintf(w, "%s, %s/%s; processor time of the host\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	t := words.NewColumns(w, 2).Right()
	fmt.Fprintln(t, "kernel\tinstructions\tstring iterations\tMIPS\t")
	var speeds []float64
	for _, r := range rows {
		if r.events == "" && !r.apart {
			fmt.Fprintf(t, "%s\t%d\t%d\t%.0f\t\n", r.name, r.result.Instructions, r.result.Iterations, r.result.MIPS())
			speeds = append(speeds, r.result.MIPS())
		}
	}
	fmt.Fprintf(t, "geometric mean\t\t\t%.0f\t\n", bench.GeometricMean(speeds))
	for _, r := range rows {
		if r.apart {
			fmt.Fprintf(t, "apart: %s\t%d\t%d\t%.0f\t\n", r.name, r.result.Instructions, r.result.Iterations, r.result.MIPS())
		}
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "kernel\tevents\ta second\t\t")
	for _, r := range rows {
		if r.events != "" {
			fmt.Fprintf(t, "%s\t%d\t%.0f\t%s\t\n", r.name, r.count, float64(r.count)/r.result.Host.Seconds(), r.events)
		}
	}
	return t.Flush()
}

// printStates measures and prints the cost of states.
func printStates(e *env, n int) error {
	w := e.stdout
	t := words.NewColumns(w, 2).Right()
	fmt.Fprintln(t, "\ndirty pages\tsnapshot\trestore\tfork\t")
	for _, dirty := range []int{0, 50, 500, 2000} {
		c, err := told(e, func() (bench.StateCost, error) { return bench.MeasureState(dirty, 10*n+1) })
		if err != nil {
			return err
		}
		us := func(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000) }
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t\n", dirty, us(c.Snapshot), us(c.Restore), us(c.Fork))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, mib := range []uint64{256, 8192} {
		bytes, err := told(e, func() (uint64, error) { return bench.ForkBytes(mib << 20) })
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "a fork of a machine with %d MiB takes %d KiB\n", mib, bytes>>10)
	}
	times, err := told(e, func() (float64, error) { return bench.Scaling(2*n + 1) })
	if err == nil {
		fmt.Fprintf(w, "two forks at a time do %.2f times the work of one\n", times)
	}
	return err
}
