// Package bench measures the machine on kernels that are always the same: small
// programs of 64-bit or, with a 32 in their names, 32-bit code that check their
// own results.
package bench

import (
	"cmp"
	"embed"
	"fmt"
	"math"
	"slices"
	"time"

	"resvirt/hw/machine"
)

//go:generate sh testdata/build.sh

//go:embed testdata/*.bin
var images embed.FS

// Kernel is a program to measure.
type Kernel struct {
	Name   string
	Events string // what it does Count times, for kernels that measure a rate of events
	Count  uint64
	Apart  bool // no part of the mean, which is of 64-bit code that seldom misses the TLB
}

// Kernels lists the programs. Those without Events measure instructions alone.
func Kernels() []Kernel {
	return []Kernel{
		{Name: "sieve"},
		{Name: "hash"},
		{Name: "copy"},
		{Name: "interp"},
		{Name: "sort"},
		{Name: "list"},
		{Name: "sieve32", Apart: true},
		{Name: "interp32", Apart: true},
		{Name: "sort32", Apart: true},
		{Name: "chase", Apart: true},
		{Name: "syscall", Events: "system calls", Count: 300_000},
		{Name: "fault", Events: "page faults", Count: 512 * 300},
		{Name: "interrupt", Events: "interrupts", Count: 200_000},
		{Name: "hypercall", Events: "hypercalls", Count: 6 * 50_000},
	}
}

// Result is one execution.
type Result struct {
	Instructions uint64        // a repeated string instruction counts once
	Iterations   uint64        // of repeated string instructions
	Host         time.Duration // processor time of the host
}

// MIPS is millions of instructions per second of the host's processor.
func (r Result) MIPS() float64 { return float64(r.Instructions) / r.Host.Seconds() / 1e6 }

// Boot returns a machine of one processor that is about to execute a kernel.
func Boot(name string, engine machine.Engine) (*machine.Machine, error) {
	image, err := images.ReadFile("testdata/" + name + ".bin")
	if err != nil {
		return nil, fmt.Errorf("bench: there is no kernel %q", name)
	}
	spec := machine.DefaultSpec()
	spec.CPUs, spec.Engine = 1, engine
	m, err := machine.New(spec)
	if err != nil {
		return nil, err
	}
	return m, m.LoadMultiboot(image, name, nil)
}

// Run executes a kernel from power-on to its end. It is an error if the kernel
// finds its own result wrong.
func Run(name string, engine machine.Engine) (Result, error) {
	m, err := Boot(name, engine)
	if err != nil {
		return Result{}, err
	}
	var stop machine.Stop
	host := Time(func() { stop = m.Run(machine.Until{}) })
	r := Result{m.Position(), m.CPU(0).RepIterations(), host}
	if stop.Reason != machine.Exit || stop.Code != 1 {
		return r, fmt.Errorf("bench: kernel %s did not end well: %v", name, stop)
	}
	return r, nil
}

// Best runs a kernel n times and returns the fastest run: what disturbs a
// measurement makes it slower, never faster.
func Best(name string, engine machine.Engine, n int) (best Result, err error) {
	for range n {
		r, err := Run(name, engine)
		if err != nil {
			return r, err
		}
		if best.Host == 0 || r.Host < best.Host {
			best = r
		}
	}
	return best, nil
}

// GeometricMean is the mean by which rates are averaged; 0 of none.
func GeometricMean(rates []float64) float64 {
	sum := 0.0
	for _, r := range rates {
		sum += math.Log(r)
	}
	if len(rates) == 0 {
		return 0
	}
	return math.Exp(sum / float64(len(rates)))
}

// median is the middle one of a list that is not empty.
func median[T cmp.Ordered](list []T) T {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
