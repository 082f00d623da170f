package cli

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"resvirt/hw/machine"
	"resvirt/sim"
	"resvirt/ui/bzimage"
	"resvirt/vi/seam"
)

// guestValues are the flags of `guest`.
type guestValues struct {
	mem, vcpus        int
	watchdog          int
	appended, ramdisk string
	maxInstructions   uint64
	trace             string
	stats, verbose    bool
	gdb               gdbAddr
}

func guestFlags(fs *flag.FlagSet) any {
	v := &guestValues{}
	fs.IntVar(&v.mem, "mem", 256, "`MB` mebibytes of memory for the guest; unless given, 256")
	fs.IntVar(&v.vcpus, "vcpus", 1, "`N` virtual processors, 1 to 4, each on a processor of its own; unless given, one")
	fs.IntVar(&v.watchdog, "watchdog", 100_000, "the hypervisor looks for hangs of its own every `US` microseconds, 0 = never; unless given, 100000")
	fs.StringVar(&v.appended, "append", "", "the kernel's command line is `STRING`")
	fs.StringVar(&v.ramdisk, "ramdisk", "", "the initial RAM disk is `FILE`")
	fs.Uint64Var(&v.maxInstructions, "max-instructions", 0, "stop after `N` instructions of all processors; 0: no limit")
	fs.StringVar(&v.trace, "trace", "", "write each instruction to `FILE`; this is slow")
	fs.Var(&v.gdb, "gdb", gdbUsage)
	fs.BoolVar(&v.stats, "stats", false, "end with what was executed, how fast, and counts by class of instruction")
	fs.BoolVar(&v.verbose, "verbose", false, "show on standard error what the hypervisor says")
	return v
}

// Bounds of a guest's size.
const (
	guestMaxMem   = 2048 // MiB
	guestMaxVCPUs = 4
)

// guestMaxWatchdog is the longest period of the hang watchdog, in microseconds.
const guestMaxWatchdog = 10_000_000

// guestMaxLine is the part of the loader's command line that is left for the
// kernel.
const guestMaxLine = 900

func runGuest(e *env, operands []string, values any) error {
	v := values.(*guestValues)
	switch {
	case v.mem < 16 || v.mem > guestMaxMem:
		return usage("guest: --mem %d: it must be 16 to %d", v.mem, guestMaxMem)
	case v.vcpus < 1 || v.vcpus > guestMaxVCPUs:
		return usage("guest: --vcpus %d: it must be 1 to %d", v.vcpus, guestMaxVCPUs)
	case v.watchdog < 0 || v.watchdog > guestMaxWatchdog:
		return usage("guest: --watchdog %d: it must be 0 to %d", v.watchdog, guestMaxWatchdog)
	case len(v.appended) > guestMaxLine:
		return usage("guest: --append: %d bytes, at most %d are possible", len(v.appended), guestMaxLine)
	}
	kernel, err := guestKernel(operands[0])
	if err != nil {
		return err
	}
	mods := []machine.Module{{Cmdline: "pristine"}, {Cmdline: "kernel", Data: kernel}}
	if v.ramdisk != "" {
		disk, err := readFile(v.ramdisk, int64(v.mem)<<20)
		if err != nil {
			return err
		}
		mods = append(mods, machine.Module{Cmdline: "initrd", Data: disk})
	}
	vmm, err := e.vmm()
	if err != nil {
		return err
	}
	mods[0].Data = vmm
	spec := guestSpec(v, mods)
	m, err := machine.New(spec)
	if err != nil {
		return err
	}
	if err := m.LoadMultiboot(vmm, guestLine(v, spec), mods); err != nil {
		return err
	}
	r := &bootValues{maxInstructions: v.maxInstructions, trace: v.trace, stats: v.stats, gdb: v.gdb, debugTo: io.Discard}
	if v.gdb.on {
		dir, err := os.MkdirTemp("", "resvirt-gdb-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		r.hint = func(l net.Listener) (string, error) { return e.guestScript(dir, operands[0], l) }
	}
	if v.verbose {
		r.debugTo = e.stderr
	}
	stop, err := runMachine(e, m, true, r)
	if err != nil {
		return err
	}
	if tellEnd(e, m, stop); stop.Reason != machine.Exit {
		if bootStatus(stop) != nil {
			return status(exitFailed)
		}
		return nil
	}
	if _, why, is := strings.Cut(string(m.Debug()), seam.VMM+seam.NotBuilt); is {
		why, _, _ = strings.Cut(why, "\n")
		return fmt.Errorf("%s: no kernel that the hypervisor can start: %s", operands[0], why)
	}
	// The VMM ends with the reason of the shutdown (sched.h), which the
	// debug-exit device shifts.
	switch code := int(stop.Code >> 1); code {
	case 0:
		return nil
	default:
		return status(code)
	}
}

// guestKernel reads a kernel, and decompresses it if it is a Linux image.
func guestKernel(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s: a directory, no kernel", path)
	case info.Size() > bzimage.MaxKernel:
		return nil, fmt.Errorf("%s: %d bytes: no kernel is larger than %d", path, info.Size(), bzimage.MaxKernel)
	}
	file, err := readFile(path, bzimage.MaxKernel)
	if err != nil {
		return nil, err
	}
	what := "neither a 64-bit ELF file nor a Linux bzImage"
	if bzimage.Is(file) {
		what = "the Linux kernel in the bzImage is no 64-bit ELF file"
		if file, err = bzimage.Kernel(file); err != nil {
			return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "bzimage: "))
		}
	}
	switch {
	case len(file) == 0:
		return nil, fmt.Errorf("%s: the file is empty", path)
	case len(file) < 64 || string(file[:4]) != "\x7fELF":
		return nil, fmt.Errorf("%s: %s: no kernel of a paravirtual guest", path, what)
	case file[4] != 2:
		return nil, fmt.Errorf("%s: an ELF file of 32 bits: paravirtual guests are of 64", path)
	}
	return file, nil
}

// guestSpec is a machine with room for the hypervisor, the modules and the guest.
func guestSpec(v *guestValues, mods []machine.Module) machine.Spec {
	size := uint64(v.mem) << 20
	bytes := size + size/64 + 16<<20 // frame table, M2P, heap
	for i := range mods {
		bytes += uint64(len(mods[i].Data))
	}
	spec := machine.DefaultSpec()
	spec.CPUs, spec.MemBytes = v.vcpus, (bytes+2<<20-1)&^(2<<20-1)
	return spec
}

// guestLine is the hypervisor's command line: one domain, and the scheduler's
// periods as on hardware.
func guestLine(v *guestValues, spec machine.Spec) string {
	return fmt.Sprintf("guest=1 domains=1 cpus=%d dom_mb=%d vcpus=%d tick_us=10000 watchdog_us=%d calib_us=1000000 apic_hz=%d tsc_hz=%d -- %s",
		spec.CPUs, v.mem, v.vcpus, v.watchdog, int64(sim.Second/spec.Models.APICBusPeriod), int64(sim.Second/spec.Models.TSCPeriod), v.appended)
}
