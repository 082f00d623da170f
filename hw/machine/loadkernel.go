package machine

import (
	"errors"
	"strings"
)

// LoadKernel starts a kernel by the boot protocol for which it is made. One with both
// Multiboot and PVH is started by Multiboot, as by QEMU, with its name before the command
// line.
func (m *Machine) LoadKernel(name string, kernel []byte, appended string, mods []Module) error {
	switch {
	case HasMultibootHeader(kernel):
		m.Firmware()
		return m.LoadMultiboot(kernel, strings.TrimSuffix(name+" "+appended, " "), mods)
	case HasPVHEntry(kernel):
		return m.LoadPVH(kernel, appended, mods)
	case IsBzImage(kernel):
		return m.LoadBzImage(kernel, appended, mods)
	}
	return errors.New("machine: no kernel that boots here: it has neither a Multiboot header nor a PVH entry note, and is no bzImage")
}
