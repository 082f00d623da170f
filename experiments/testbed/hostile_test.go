package testbed

import (
	"flag"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"resvirt/experiments"
	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/vi/image"
)

// The domains of a hostile system: two vCPUs each that run and two that can be brought
// up, on two processors. The first is the witness (vi/hostile), the others do what they like.
const (
	hostileRounds = 3000
	hostileEnd    = 800_000_000 // instructions; domains that hang do not end
	hostileBoot   = 8_000_000   // ... for each processor, and all have begun
	hostileEvery  = 4_000_000   // ... between two failures

	hostileLook     = 100_000   // ... between two looks at the address spaces that guests run in
	hostileCount    = 4_000_000 // ... until all frames are counted again
	hostileRecovery = 100_000   // ... until it is worth looking whether a recovery has ended
	hostileRound    = 8_000_000 // ... and until it must have
)

// hostileSystem is the hypervisor under hostile domains, on two processors.
func hostileSystem(t testing.TB) *VI { return hostileSystemOf(t, 2) }

func hostileSystemOf(t testing.TB, cpus int) *VI {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load("final")
	if err != nil {
		t.Fatal(err)
	}
	e.Machine.CPUs = cpus
	e.VMM = experiments.VMM{Domains: 3, DomainMB: 8, TickUS: 10, WatchdogUS: 150}
	built, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	s := built.(*VI)
	s.options = "vcpus=4 "
	if s.images["appvm"], err = image.BuildGuest(root, "./vi/hostile", ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// hostileSettings are those under which the hypervisor is attacked: one that
// does not recover, and ours, where refusals are failures and recovery meets
// what hostile guests have left behind.
func hostileSettings(s *VI) []experiments.Setting {
	return []experiments.Setting{{Name: "none"}, s.exp.Settings[2]}
}

// hostileSeeds is the number of worlds in each test. For a run of hours, start
// it by hand: go test ./experiments/testbed -run Hostile -timeout 0 -hostile
// 10000
var hostileSeeds = flag.Uint64("hostile", 3, "seeds of the tests with hostile domains")

func TestHostileDomains(t *testing.T) {
	s := hostileSystem(t)
	for seed := range *hostileSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			for _, policy := range hostileSettings(s) {
				attack(t, s, seed, policy, 0)
			}
		})
	}
}

// A hostile domain may have devices: what it does with their interrupts, their registers and
// configuration space, with failures of the hypervisor meanwhile and without.
func TestHostileDriverDomain(t *testing.T) {
	s := hostileSystem(t)
	s.spec.Disks = []disk.Spec{{Bytes: 1 << 20}}
	s.spec.NICs = []machine.NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}}
	s.spec.IOMMU = true
	s.options += "functions=2 "
	ours := hostileSettings(s)[1]
	ours.Steps = append(slices.Clone(ours.Steps), "irq_routes", "irq_ends", "irq_redelivery", "stray_dma", "iommu_queues", "iommu_tables")
	var interrupts atomic.Uint64
	t.Cleanup(func() {
		if interrupts.Load() == 0 {
			t.Error("no device has interrupted")
		}
	})
	for seed := range *hostileSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h, _ := attacking(t, s, 50000+seed, hostileSettings(s)[0], 0)
			interrupts.Add(h.interrupts())
			h, _ = attacking(t, s, 50000+seed, ours, hostileEvery)
			for _, step := range []string{"irq_routes", "iommu_queues", "iommu_tables"} {
				if len(posts(h.m, uint64(slices.Index(s.steps, step)))) == 0 {
					t.Errorf("no recovery came to %s", step)
				}
			}
		})
	}
}

// Recovery must work whatever hostile guests were doing.
func TestFailuresUnderHostileDomains(t *testing.T) {
	s := hostileSystem(t)
	for seed := range *hostileSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			attack(t, s, seed, hostileSettings(s)[1], hostileEvery)
		})
	}
}
