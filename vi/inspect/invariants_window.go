package inspect

import "fmt"

// checkWindow: the window through which the processor that runs a guest sees the
// guest's part of its GDT shows the frames that its vCPU holds as descriptors, and no
// others: somebody might be able to write those.
func (w *world) checkWindow(v *vcpuOf) {
	if v.Cpu >= uint64(len(w.cpus)) || w.cpus[v.Cpu].Curr != v.Addr {
		return
	}
	c, p := &w.cpus[v.Cpu], &w.m.CPUs[v.Cpu]
	if !p.Guest || p.Root == 0 || c.GDTBase == 0 {
		return
	}
	for i, want := range v.GDT {
		if is := w.translate(p.Root, c.GDTBase+uint64(i)<<12); is != want {
			w.wrong(VCPUs, fmt.Sprintf("CPU %d GDT page %d", v.Cpu, i), fmt.Sprintf("frame %d", is), "frame %d, as of %s", want, v.name)
		}
	}
}

// translate is the frame that an address space has at an address, 0 for none.
func (w *world) translate(root, va uint64) uint64 {
	for shift := 39; shift >= 12; shift -= 9 {
		e, err := word(w.m.Memory, w.directMap+root<<12+va>>shift&511*8, 8)
		if err != nil || e&entryPresent == 0 {
			return 0
		}
		root = e & entryAddress >> 12
	}
	return root
}
