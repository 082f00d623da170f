package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"

	"resvirt/hw/machine"
	"resvirt/hw/mem"
)

// bootValues are the flags of `boot`, whose conventions are those of QEMU's
// -kernel on its pc machine.
type bootValues struct {
	cpus, mem       int
	appended        string
	initrd, bios    string
	disks, nics     list
	diskPorts       int
	pcap            string
	maxInstructions uint64
	trace           string
	seed            uint64
	stats, screen   bool
	iommu           bool
	gdb             gdbAddr
	hint            func(net.Listener) (string, error) // how gdb is started; nil: it is told the address alone
	debugTo         io.Writer                          // where lines of the debug console go; nil = together with the serial port's output
}

func bootFlags(fs *flag.FlagSet) any {
	v := &bootValues{}
	fs.IntVar(&v.cpus, "cpus", 1, "`N` processors, 1 to 16; unless given, one")
	fs.IntVar(&v.mem, "mem", 512, "`MB` mebibytes of RAM; unless given, 512")
	fs.StringVar(&v.appended, "append", "", "the kernel's command line is `STRING`")
	fs.StringVar(&v.initrd, "initrd", "", "modules, or the initial RAM disk: `FILE[ ARGS],FILE...`")
	fs.StringVar(&v.bios, "bios", "", "instead of a kernel, a ROM that begins at the reset vector: `FILE` of 64 KiB to 1 MiB, such as a processor test")
	fs.Var(&v.disks, "disk", "an NVMe disk with the content of `FILE`; what the guest writes is written there at the end; several are given one by one")
	fs.IntVar(&v.diskPorts, "disk-ports", 1, "`N` NVMe controllers lead to each disk; unless given, one")
	fs.Var(&v.nics, "nic", "a network controller with hardware address `MAC`; several are given one by one; unless given, one with 52:54:00:12:34:56")
	fs.BoolVar(&v.iommu, "iommu", false, "AMD's IOMMU is between the devices and memory")
	fs.StringVar(&v.pcap, "pcap", "", "record the network in `FILE`, for Wireshark")
	fs.Uint64Var(&v.maxInstructions, "max-instructions", 0, "stop after `N` instructions of all processors; 0: no limit")
	fs.Uint64Var(&v.seed, "seed", 0, "RDRAND gives the numbers that belong to `N`; unless given, 0")
	fs.StringVar(&v.trace, "trace", "", "write each instruction to `FILE`; this is slow")
	fs.BoolVar(&v.screen, "screen", false, "end with what the display shows: the text page at B8000h")
	fs.Var(&v.gdb, "gdb", gdbUsage)
	fs.BoolVar(&v.stats, "stats", false, "end with what was executed, how fast, and counts by class of instruction")
	return v
}

func runBoot(e *env, operands []string, values any) error {
	return bootError(e, boot(e, operands, values.(*bootValues)))
}

func boot(e *env, operands []string, v *bootValues) error {
	spec := machine.DefaultSpec()
	spec.CPUs, spec.MemBytes, spec.Seed = v.cpus, uint64(v.mem)<<20, v.seed
	spec.TestDevice = true // QEMU has it only on request: suites that need it name it
	if err := v.validate(operands, &spec); err != nil {
		return err
	}
	path := v.bios
	if path == "" {
		path = operands[0]
	}
	image, err := readFile(path, largestFile)
	if err != nil {
		return err
	}
	mods, err := bootModules(v.initrd)
	if err != nil {
		return err
	}
	var d bootDevices
	defer d.close()
	if err := d.plug(&spec, v); err != nil {
		return err
	}
	if v.bios != "" {
		spec.ROM = image
	}
	m, err := machine.New(spec)
	if err == nil && v.bios == "" {
		err = m.LoadKernel(path, image, v.appended, mods)
	}
	if err != nil {
		return fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "machine: "))
	}
	d.record(m)
	v.hint = kernelHint(path)
	stop, err := runMachine(e, m, v.bios != "" || machine.HasMultibootHeader(image), v)
	if ferr := d.finish(m); ferr != nil {
		return errors.Join(err, ferr)
	}
	if err != nil {
		return err
	}
	if v.bios != "" {
		tellPOST(e, m)
	}
	tellEnd(e, m, stop)
	return bootStatus(stop)
}

// validate finds what is wrong with the command line.
func (v *bootValues) validate(operands []string, spec *machine.Spec) error {
	switch {
	case v.bios == "" && len(operands) == 0:
		return usage("boot needs KERNEL, or --bios FILE")
	case v.bios != "" && (len(operands) > 0 || v.appended != "" || v.initrd != ""):
		return usage("boot: --bios FILE stands in place of KERNEL, --append and --initrd")
	case v.diskPorts < 1:
		return usage("boot: --disk-ports %d: it must be at least 1", v.diskPorts)
	case len(v.disks)*v.diskPorts > machine.MaxNVMe:
		return usage("boot: --disk and --disk-ports ask for %d NVMe controllers: choose up to %d", len(v.disks)*v.diskPorts, machine.MaxNVMe)
	case v.diskPorts > 1 && len(v.disks) == 0:
		return usage("boot: --disk-ports means something only with --disk")
	case v.mem < 4 || v.mem > mem.MaxBytes>>20:
		return usage("boot: --mem %d: it must be 4 to %d", v.mem, mem.MaxBytes>>20)
	}
	if err := spec.Validate(); err != nil {
		return usage("boot: %s", strings.TrimPrefix(err.Error(), "machine: "))
	}
	return nil
}

// bootModules reads FILE[ ARGS],FILE...; a module's name is its whole element of the list,
// as with QEMU.
func bootModules(list string) (mods []machine.Module, err error) {
	if list == "" {
		return nil, nil
	}
	for _, element := range strings.Split(list, ",") {
		file, _, _ := strings.Cut(element, " ")
		data, err := readFile(file, largestFile)
		if err != nil {
			return nil, err
		}
		mods = append(mods, machine.Module{Cmdline: element, Data: data})
	}
	return mods, nil
}
