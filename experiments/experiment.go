package experiments

// Experiment is the content of an experiment file.
type Experiment struct {
	Name        string   `toml:"name"`
	Description string   `toml:"description"`
	Takes       string   `toml:"takes"` // how long its runs take, and on what; for people
	Seed        uint64   `toml:"seed"`
	Runs        int      `toml:"runs"` // faults of each entry of faults.types, for each setting
	Machine     Machine  `toml:"machine"`
	VMM         VMM      `toml:"vmm"`
	Workload    Workload `toml:"workload"`
	IO          IO       `toml:"io"`
	Program     Program  `toml:"program"`
	Faults      Faults   `toml:"faults"`
	Deadline    Deadline `toml:"deadline"`
	Golden      Sampling `toml:"golden"`
	Overhead    Overhead `toml:"overhead"`
	Sweep       Sweep    `toml:"sweep"`

	Settings  []Setting   `toml:"setting"`
	Published []Published `toml:"published"`
}

// Machine is the hardware.
type Machine struct {
	CPUs      int `toml:"cpus"`
	MemoryMB  int `toml:"memory_mb"`
	QuantumNS int `toml:"quantum_ns"`
}

// VMM holds the hypervisor's options. The clock is scaled by TickUS and
// WatchdogUS, so that short runs hold enough ticks and hang periods.
type VMM struct {
	Domains    int  `toml:"domains"`
	Control    bool `toml:"control"` // a control domain builds the AppVMs and serves their consoles
	Late       int  `toml:"late"`    // AppVMs that it makes when all others but one have ended
	DomainMB   int  `toml:"domain_mb"`
	DomainCPUs int  `toml:"domain_cpus"` // number of processors that the AppVMs share, 0 = all
	TickUS     int  `toml:"tick_us"`
	WatchdogUS int  `toml:"watchdog_us"`
	// Without names mechanisms of normal operation that are left out.
	Without []string `toml:"without"`
	// spacer is the number of pages that the loader leaves unused before the
	// memory from which the VMM allocates.
	spacer int
}

// Workload is what the AppVMs run.
type Workload struct {
	Name string `toml:"name"`
	// Package is the directory of a program that replaces the shipped one
	// (docs/workload.md).
	Package string `toml:"package"`
	Length  int    `toml:"length"` // rounds
	// Compute is the number of rounds of pure computing after each test.
	Compute int `toml:"compute"`
	// QuantumUS is the time slice of processes within an AppVM, 0 = its kernel's own.
	QuantumUS int `toml:"quantum_us"`
	// FIFO lets all guests use the FIFO interface of event channels.
	FIFO bool `toml:"fifo"`
	// at is the place in the file that names the package, for messages.
	at string
}

// IO is the rest of the infrastructure: with Whole, a control domain with services, a driver
// domain with a disk and a network, and AppVMs that use them.
type IO struct {
	Whole    bool `toml:"whole"`
	IOMMU    bool `toml:"iommu"`    // between the devices and memory
	Blocks   int  `toml:"blocks"`   // rounds of blkbench
	Requests int  `toml:"requests"` // of each host on the wire
	PeriodUS int  `toml:"period_us"`
}

// Program is what runs where there is no hypervisor.
type Program struct {
	Kernel  string   `toml:"kernel"`  // a file, or the name of one that ships
	Append  string   `toml:"append"`  // its command line
	Start   string   `toml:"start"`   // on the console: what comes before it is not measured
	Failure []string `toml:"failure"` // on the console: it has noticed a fault
	Exit    int      `toml:"exit"`    // what it writes to the debug-exit device at its right end
}

// Overhead makes an experiment one that measures what mechanisms cost in runs
// without faults: each variant is run on the workload with each amount of
// computing.
type Overhead struct {
	Compute  []int    `toml:"compute"`
	Variants []string `toml:"variants"` // "all", "none", or a mechanism that is left out
	// The clock of campaigns. If it is given, the workload without computing is
	// also measured with this clock, first, because rates are measured with it.
	CampaignTickUS     int `toml:"campaign_tick_us"`
	CampaignWatchdogUS int `toml:"campaign_watchdog_us"`
	// Layouts is the number of memory layouts with which each run is repeated:
	// the addresses of pages decide which of them compete for a place in the
	// TLB.
	Layouts int `toml:"layouts"`
}

// Faults is what is injected.
type Faults struct {
	Target       string   `toml:"target"`
	VM           int      `toml:"vm"`           // number of the AppVM that a guest target is
	Part         string   `toml:"part"`         // of it: its kernel or its programs
	Types        []string `toml:"types"`        // fault i has type i modulo their number, so a type that is listed twice counts twice
	Window       []uint64 `toml:"window"`       // percent of the golden run
	Instructions uint64   `toml:"instructions"` // second level of the trigger
	PerRun       int      `toml:"per_run"`      // number of faults, of the run's type, that strike it
}

// Deadline bounds a faulty run in virtual time after the golden end.
type Deadline struct {
	DetectionUS int `toml:"detection_us"`
	RecoveryUS  int `toml:"recovery_us"`
}

// Sampling says how many states of the golden run are kept.
type Sampling struct {
	Snapshots int `toml:"snapshots"` // states that faulty runs fork from
	Digests   int `toml:"digests"`   // states that faulty runs are compared with
	Misses    int `toml:"misses"`    // failed comparisons before only snapshots are compared
}

// Default holds the values that an experiment file need not give.
func Default() Experiment {
	return Experiment{
		Seed: 1, Runs: 500,
		Machine:  Machine{CPUs: 2, MemoryMB: 64, QuantumNS: 500},
		VMM:      VMM{Domains: 2, DomainMB: 8, TickUS: 5, WatchdogUS: 150},
		Workload: Workload{Name: "unixbench", Length: 1},
		IO:       IO{Blocks: 1, Requests: 100, PeriodUS: 100},
		Faults:   Faults{Target: VMMTarget, VM: 1, Part: KernelPart, Types: []string{"failstop", "register"}, Window: []uint64{10, 90}, Instructions: 20000, PerRun: 1},
		Deadline: Deadline{DetectionUS: 1000, RecoveryUS: 5000},
		Golden:   Sampling{Snapshots: 40, Digests: 400, Misses: 8},
		Overhead: Overhead{Layouts: 1},
	}
}
