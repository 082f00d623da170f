package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
)

// Identity is everything that the fault list and the rows depend on, one fact a
// line. Settings and the number of runs are left out on purpose: another
// setting, or more runs, go on with the same faults.
func Identity(e *experiments.Experiment, sys experiments.System) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resvirt campaign 2\nrules %d\nsemantics %s\n", faults.Rules, sys.Semantics())
	describeRun(&b, e)
	fmt.Fprintf(&b, "deadline detection %d us recovery %d us\n", e.Deadline.DetectionUS, e.Deadline.RecoveryUS)
	fmt.Fprintf(&b, "golden snapshots %d digests %d misses %d\n", e.Golden.Snapshots, e.Golden.Digests, e.Golden.Misses)
	fmt.Fprintf(&b, "seed %d\n", e.Seed)
	for _, line := range sys.Identity() {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// describeRun writes those parts of an experiment on which the golden run and the
// faults depend.
func describeRun(b *strings.Builder, e *experiments.Experiment) {
	fmt.Fprintf(b, "machine cpus %d memory %d MB quantum %d ns\n", e.Machine.CPUs, e.Machine.MemoryMB, e.Machine.QuantumNS)
	fmt.Fprintf(b, "vmm domains %d of %d MB tick %d us watchdog %d us\n", e.VMM.Domains, e.VMM.DomainMB, e.VMM.TickUS, e.VMM.WatchdogUS)
	fmt.Fprintf(b, "workload %s length %d\n", e.Workload.Name, e.Workload.Length)
	fmt.Fprintf(b, "faults target %s types %s window %v instructions %d\n", e.Faults.Target, strings.Join(e.Faults.Types, " "), e.Faults.Window, e.Faults.Instructions)
	if e.Faults.Target == experiments.GuestTarget {
		fmt.Fprintf(b, "faults in d%d %s\n", e.Faults.VM, e.Faults.Part)
	}
	if p := &e.Program; e.Bare() {
		fmt.Fprintf(b, "program %q append %q start %q failure %q exit %d\n", p.Kernel, p.Append, p.Start, p.Failure, p.Exit)
	}
	if e.Faults.PerRun != 1 {
		fmt.Fprintf(b, "faults per run %d\n", e.Faults.PerRun)
	}
}

// Series names the list of faults of an experiment. It depends on the experiment's
// text and the seed, but not on the images and the machine's version. Another
// version of an image meets the same faults, at the same times of its own golden
// run, so that two versions can be compared fault by fault.
func Series(e *experiments.Experiment) string {
	var b strings.Builder
	describeRun(&b, e)
	fmt.Fprintf(&b, "seed %d\n", e.Seed)
	return Digest(b.String())
}

// Digest is the name of a campaign.
func Digest(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:16])
}
