package testbed

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"slices"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/models"
	"resvirt/sim"
	"resvirt/vi/image"
)

// VI is the virtualization infrastructure on the emulated machine.
type VI struct {
	exp     experiments.Experiment
	parts   []experiments.Part
	images  map[string]*image.Image
	spec    machine.Spec
	target  *faults.Target
	steps   []string
	stats   counters
	provoke uint64 // physical address, 0 = none
	options string // more for the VMM's command line, of tests
	anatomy func() (*Anatomy, error)
}

// specOf is the machine of an experiment.
func specOf(e *experiments.Experiment) machine.Spec {
	spec := machine.DefaultSpec()
	spec.CPUs = e.Machine.CPUs
	spec.MemBytes = uint64(e.Machine.MemoryMB) << 20
	spec.Quantum = sim.Time(e.Machine.QuantumNS) * sim.Nanosecond
	return spec
}

// prepare computes everything that follows from the experiment and the images.
func (s *VI) prepare() error {
	s.spec = specOf(&s.exp)
	if s.exp.IO.Whole {
		s.prepareIO()
	}
	if err := s.read(s.images["vmm"]); err != nil {
		return fmt.Errorf("the VMM's image is not one that this program knows; if it is a database's, use the program that made it: %w", err)
	}
	s.prepareAnatomy()
	if s.exp.Faults.Target == experiments.GuestTarget {
		if err := s.strikeGuest(); err != nil {
			return err
		}
	}
	return s.spec.Validate()
}

// read takes the needed facts from the VMM's image.
func (s *VI) read(vmm *image.Image) error {
	table, err := readSteps(vmm)
	if err != nil {
		return err
	}
	s.steps = table.names
	if s.target, err = vmmTarget(s.images, s.steps); err != nil {
		return err
	}
	s.target.Detecting, s.target.WaysBack = table.detecting, table.back
	memory, err := newVMMMemory(vmm, s.spec.CPUs)
	if err != nil {
		return err
	}
	s.target.Memory, s.target.Object, s.target.Locking = memory.ranges, memory.object, isLock
	addr, ok := vmm.Addr("main.policy")
	if !ok {
		return fmt.Errorf("the VMM's image has no variable main.policy: a setting has nowhere to go")
	}
	s.target.PolicyAt = addr - vmm.Base + vmm.Phys
	if addr, ok := vmm.Addr("main.provoke"); ok {
		s.provoke = addr - vmm.Base + vmm.Phys
	}
	s.stats, err = newCounters(vmm)
	return err
}

// commandLine is what the loader tells the VMM; what follows "--" is for the guests.
func (s *VI) commandLine() string {
	e := &s.exp
	control := ""
	if e.VMM.Control {
		control = fmt.Sprintf("control=1 control_mb=%d late=%d ", experiments.ControlMB, e.VMM.Late)
		if e.IO.Whole {
			control = fmt.Sprintf("control=1 control_mb=%d ", controlWholeMB)
		}
	}
	watchdog := e.VMM.WatchdogUS
	if slices.Contains(e.VMM.Without, experiments.WatchdogName) {
		watchdog = 0
	}
	line := s.options + control + fmt.Sprintf("cpus=%d domains=%d dom_mb=%d dom_cpus=%d tick_us=%d watchdog_us=%d apic_hz=%d tsc_hz=%d -- workload=%s length=%d",
		e.Machine.CPUs, e.VMM.Domains, e.VMM.DomainMB, e.VMM.DomainCPUs, e.VMM.TickUS, watchdog,
		int64(sim.Second/s.spec.Models.APICBusPeriod), int64(sim.Second/s.spec.Models.TSCPeriod), e.Workload.Name, e.Workload.Length)
	if e.Workload.Compute > 0 {
		line += fmt.Sprintf(" compute=%d", e.Workload.Compute)
	}
	if e.Workload.QuantumUS > 0 {
		line += fmt.Sprintf(" quantum_us=%d", e.Workload.QuantumUS)
	}
	if e.Workload.FIFO {
		line += " fifo=1"
	}
	// A timer that is later than the longest recovery counts as lost. In addition VMs wait
	// for each other.
	line += fmt.Sprintf(" late_us=%d", e.Deadline.DetectionUS+e.Deadline.RecoveryUS+1000*(e.VMM.Domains+e.VMM.Late))
	return line
}

func (s *VI) Boot() (faults.Machine, error) {
	m, err := machine.New(s.spec)
	if err != nil {
		return nil, err
	}
	vmm := s.images["vmm"].File
	kernel, initrd := s.images["appvm"].File, s.images["workload"].File
	switch {
	case s.exp.IO.Whole:
		kernel, initrd = s.images["control"].File, s.wholeArchive()
	case s.exp.VMM.Control:
		kernel, initrd = s.images["control"].File, archive(kernel, initrd)
	}
	mods := []machine.Module{{Cmdline: "pristine", Data: vmm}, {Cmdline: "kernel", Data: kernel}, {Cmdline: "initrd", Data: initrd}}
	if n := s.exp.VMM.Spacer(); n > 0 {
		mods = append(mods, machine.Module{Cmdline: "spacer", Data: make([]byte, n<<12)})
	}
	if s.spec.IOMMU {
		m.Firmware() // whose tables say where it is
	}
	err = m.LoadMultiboot(vmm, s.commandLine(), mods)
	if err != nil {
		return nil, err
	}
	return s.wrap(m), nil
}

// archive is the module from which the control domain builds the AppVMs.
func archive(kernel, initrd []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{"kernel", kernel}, {"initrd", initrd}} {
		err := w.WriteHeader(&tar.Header{Format: tar.FormatUSTAR, Name: f.name, Mode: 0o644, Size: int64(len(f.data))})
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			panic("BUG: an archive in memory: " + err.Error())
		}
	}
	if err := w.Close(); err != nil {
		panic("BUG: an archive in memory: " + err.Error())
	}
	return b.Bytes()
}

func (s *VI) Fork(snapshot faults.Snapshot) faults.Machine {
	return s.wrap(machine.NewFrom(snapshot.(*machine.Snapshot)))
}

func (s *VI) wrap(m *machine.Machine) faults.Machine {
	h := &Hardware{Machine: m, entries: s.target.Watched(), policy: s.target.PolicyAt, provoke: s.provoke}
	h.Break()
	return h
}

func (s *VI) Target() *faults.Target { return s.target }

func (s *VI) Steps() []string { return s.steps }

func (s *VI) Started(serial []byte) bool {
	return startedAll(serial, s.exp.VMM.Domains+s.ioDomains())
}

// Measured: the measured part is over when the late VM is made, so that it is
// created after recovery.
func (s *VI) Measured(serial []byte) bool { return s.exp.VMM.Late > 0 && lateBegun(serial) }

// Margin is two quanta: clocks differ by one, and a turn may end late.
func (s *VI) Margin() sim.Time { return 2 * s.spec.Quantum }

func (s *VI) Semantics() string { return fmt.Sprint(machine.SemanticsVersion) }

// Facts reads the VMM's counters.
func (s *VI) Facts(m faults.Machine) experiments.Counters {
	h := m.(*Hardware)
	c := experiments.Counters{Target: h.Scoped()}
	for i := range s.spec.CPUs {
		c.CPUs = append(c.CPUs, s.stats.of(h, i))
	}
	return c
}

func (s *VI) Identity() []string {
	list := []string{
		"models " + experiments.Sum(fmt.Appendf(nil, "%d %+v", models.Semantics, s.spec.Models)),
		"command line " + s.commandLine(),
	}
	for _, p := range packagesOf(&s.exp) {
		list = append(list, "image "+p.name+" "+s.images[p.name].Digest)
	}
	return list
}

func (s *VI) Parts() []experiments.Part { return s.parts }

// OnEngine is a system that BuildSystem made, with machines of another engine.
func OnEngine(sys experiments.System, engine machine.Engine) (experiments.System, error) {
	if s, ok := sys.(*Bare); ok {
		other := *s
		other.spec.Engine = engine
		return &other, nil
	}
	s, ok := sys.(*VI)
	if !ok {
		return nil, errors.New("this system is not made of the machine whose engines there are")
	}
	other := *s
	other.spec.Engine = engine
	return &other, nil
}

// TSCHz is the rate of the time stamp counters.
func (s *VI) TSCHz() float64 { return float64(sim.Second / s.spec.Models.TSCPeriod) }
