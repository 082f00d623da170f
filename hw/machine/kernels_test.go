package machine

import (
	"embed"
	"fmt"
	"testing"

	"resvirt/hw/disk"
	"resvirt/hw/wire"
	"resvirt/sim"
)

//go:generate sh testdata/kernels.sh

//go:embed testdata/*.bin testdata/*.txt
var kernelFiles embed.FS

// testKernel is a kernel of testdata that checks the machine from inside.
type testKernel struct {
	name   string
	cpus   []int  // numbers of processors to run it with
	reason Reason // how it ends
	code   uint32 // if by Exit
}

// testKernels: what those print on port 0xe9 stands in a file beside them.
var testKernels = []testKernel{
	{"exceptions", []int{1}, Exit, 1},
	{"debug", []int{1}, Exit, 1},
	{"paging", []int{1, 2}, Exit, 1},
	{"timer", []int{1}, Exit, 1},
	{"nmi", []int{1, 2}, Exit, 1},
	{"priority", []int{1}, Exit, 1},
	{"startup", []int{2, 4}, Exit, 1},
	{"triple", []int{1}, TripleFault, 0},
	{"smp", []int{2, 4, 16}, Exit, 1},
	{"ipi", []int{16}, Exit, 1},
	{"stepping", []int{1}, Exit, 1},
	{"returns", []int{1}, Exit, 1},
	{"apic", []int{1}, Exit, 1},
	{"tasks", []int{1}, Exit, 1},
	{"counters", []int{1}, Exit, 1},
	{"qemu", []int{1}, Exit, 1},
	{"screen", []int{1}, Exit, 1},
	{"real", []int{1, 2}, Exit, 1},
	{"nvme", []int{1, 2}, Exit, 1},
	{"nic", []int{1, 2}, Exit, 1},
	{"iommu", []int{1, 2}, Exit, 1},
}

func kernelFile(name string) []byte {
	b, err := kernelFiles.ReadFile("testdata/" + name)
	if err != nil {
		return nil
	}
	return b
}

func (k testKernel) image() []byte { return kernelFile(k.name + ".bin") }

// boot loads the kernel into a fresh machine.
func (k testKernel) boot(t testing.TB, cpus int, engine Engine) *Machine {
	t.Helper()
	spec := DefaultSpec()
	spec.CPUs, spec.MemBytes, spec.Engine = cpus, 16<<20, engine
	switch k.name {
	case "qemu":
		spec.TestDevice = true
	case "nvme":
		spec.Disks = []disk.Spec{{Bytes: 1 << 20}}
	case "iommu":
		spec.Disks, spec.NVMe = []disk.Spec{{Bytes: 1 << 20}}, []NVMe{{0}, {0}}
		spec.IOMMU = true
	case "nic":
		spec.NICs = []NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}}
		spec.Peers = []wire.Peer{wire.DefaultRemote()}
	}
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m.Firmware()
	if err := m.LoadMultiboot(k.image(), "", nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// forKernels runs a test with every kernel and number of processors.
func forKernels(t *testing.T, f func(t *testing.T, k testKernel, cpus int)) {
	for _, k := range testKernels {
		for _, n := range k.cpus {
			t.Run(fmt.Sprintf("%s-%d", k.name, n), func(t *testing.T) { f(t, k, n) })
		}
	}
}

// TestKernels demands of each kernel the text that the manuals promise.
func TestKernels(t *testing.T) {
	forKernels(t, func(t *testing.T, k testKernel, cpus int) {
		m := k.boot(t, cpus, Fast{})
		s := m.Run(limit)
		if s.Reason != k.reason || s.Code != k.code {
			t.Errorf("%v at position %d, %v", s, m.Position(), m.Now())
		}
		if want := kernelFile(k.name + ".txt"); want != nil && string(want) != string(m.Debug()) {
			t.Errorf("the kernel says:\n%swant:\n%s", m.Debug(), want)
		}
	})
}

// TestKernelEngines takes every kernel through both engines in the same random
// pieces: the states between them must be equal, and the counts by class.
func TestKernelEngines(t *testing.T) {
	forKernels(t, func(t *testing.T, k testKernel, cpus int) {
		plain, fast := k.boot(t, cpus, Plain{}), k.boot(t, cpus, Fast{})
		plain.CountClasses()
		fast.CountClasses()
		r := sim.Stream(3, t.Name())
		for {
			u := Until{Position: plain.Position() + 1 + r.Uint64N(1+plain.Position()/8)}
			if r.IntN(3) == 0 {
				u = Until{Time: plain.Now() + sim.Time(r.Uint64N(2000))*sim.Nanosecond}
			}
			a, b := plain.Run(u), fast.Run(u)
			if a != b || plain.Position() != fast.Position() || plain.Now() != fast.Now() || plain.Digest() != fast.Digest() {
				t.Fatalf("after %+v: plain %v at %d, fast %v at %d", u, a, plain.Position(), b, fast.Position())
			}
			if a, b := plain.Classes(), fast.Classes(); a != b {
				t.Fatalf("after %+v: counted by class: %v, by blocks: %v", u, a, b)
			}
			if a.Reason.Final() {
				return
			}
			if plain.Position() > limit.Position {
				t.Fatalf("%v", a)
			}
		}
	})
}

// TestKernelOracle: run to the end = snapshot at a random point, restore into a
// fresh and a used machine, run to the end, for every kernel. The restored ones
// use the engine that the original does not.
func TestKernelOracle(t *testing.T) {
	const points = 16
	forKernels(t, func(t *testing.T, k testKernel, cpus int) {
		whole := k.boot(t, cpus, Fast{})
		stop := whole.Run(limit)
		want, end := whole.Digest(), whole.Position()
		r := sim.Stream(4, t.Name())
		m := k.boot(t, cpus, Fast{})
		used := k.boot(t, cpus, Plain{})
		used.Run(Until{Position: end / 2})
		for pos := uint64(0); pos < end; pos += 1 + r.Uint64N(2*end/points) {
			if pos > 0 {
				m.Run(Until{Position: pos})
			}
			snap := m.Snapshot()
			used.Restore(snap)
			for name, x := range map[string]*Machine{"fork": NewFrom(snap), "restored": used} {
				if x.Digest() != m.Digest() || x.Position() != pos {
					t.Fatalf("position %d: %s begins in another state", pos, name)
				}
				if s := x.Run(limit); s != stop || x.Digest() != want || x.Position() != end {
					t.Fatalf("position %d: %s ends with %v at %d, the original with %v at %d", pos, name, s, x.Position(), stop, end)
				}
			}
		}
		if s := m.Run(limit); s != stop || m.Digest() != want {
			t.Fatalf("with snapshots: %v, without: %v", s, stop)
		}
	})
}
