// Package dev has the small devices of a PC: those that every operating system
// expects at ports whose numbers have not changed since the IBM PC/AT, and those
// that QEMU adds for firmware and tests.
//
// There are the 8254 timer (pit.go, counter*.go), the MC146818 clock (rtc*.go),
// two 8259A interrupt controllers (pic*.go), the 8042 keyboard controller, the
// 16550A serial and a parallel port, the registers and text screen of a VGA, ACPI's
// power management, QEMU's configuration device (fwcfg.go) and its test
// device.
//
// Each is a bus.Device: it knows its bus.Host or a few functions that it calls, never
// the machine, which wires them (devices.go and ports.go in hw/machine). All that is
// mutable is a plain struct, such as PITState, for snapshots and digests. No device
// is called at each tick: counts are computed from the time at which counting began,
// and a device asks for an event only when an output changes that has an effect.
package dev
