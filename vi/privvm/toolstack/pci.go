package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// PCI functions of a driver domain: their registers, then the function itself, as libxl
// has it (libxl_pci.c). The interrupt the domain maps by itself. With the domain all of it
// goes back.

// assignFunctions gives the domain the functions of its configuration.
func (v *vm) assignFunctions() string {
	for _, devfn := range v.config.pci[:v.config.npci] {
		if why := v.assign(devfn); why != "" {
			return why
		}
	}
	return ""
}

// resourceLine is the length of a line of a function's file of resources, and wordAt where
// its three numbers are.
const (
	resourceLine = 57
	resources    = 6
)

func (v *vm) assign(devfn uint32) string {
	var lines [resources * resourceLine]byte
	if !readResources(devfn, lines[:]) {
		return "there is no such PCI function"
	}
	for i := range resources {
		line := lines[i*resourceLine:][:resourceLine]
		first, last, flags := hexNumber(line[2:18]), hexNumber(line[21:37]), hexNumber(line[40:56])
		const ports, memory = 0x100, 0x200 // IORESOURCE_IO, IORESOURCE_MEM
		op := abi.Domctl{Domain: v.id}
		switch {
		case flags&memory != 0:
			op.Cmd = abi.DomctlIOMemPermission
			*(*abi.DomctlIOMemAccess)(unsafe.Pointer(&op.U)) = abi.DomctlIOMemAccess{First: first >> pageShift, Num: last>>pageShift - first>>pageShift + 1, Allow: 1}
		case flags&ports != 0:
			op.Cmd = abi.DomctlPortPermission
			*(*abi.DomctlPortAccess)(unsafe.Pointer(&op.U)) = abi.DomctlPortAccess{First: uint32(first), Num: uint32(last - first + 1), Allow: 1}
		default:
			continue
		}
		if xen.Domctl(&op) != 0 {
			return "the hypervisor does not give it a function's registers"
		}
	}
	op := abi.Domctl{Cmd: abi.DomctlAssignDevice, Domain: v.id}
	*(*abi.DomctlDevice)(unsafe.Pointer(&op.U)) = abi.DomctlDevice{Dev: abi.DomctlDevPCI, SBDF: devfn}
	switch rc := xen.Domctl(&op); rc {
	case 0:
		return ""
	case -abi.EBUSY:
		return "a PCI function is another domain's"
	}
	return "the hypervisor does not give it a PCI function"
}

// readResources reads what the registers of a function are.
func readResources(devfn uint32, into []byte) bool {
	const hex = "0123456789abcdef"
	var name pvio.Path
	name.Reset("/sys/bus/pci/devices/0000:").Text(hex[devfn>>12&15:][:1]).Text(hex[devfn>>8&15:][:1]).Text(":")
	name.Text(hex[devfn>>7&1:][:1]).Text(hex[devfn>>3&15:][:1]).Text(".").Text(hex[devfn&7:][:1]).Text("/resource")
	b := name.Bytes()
	fd := int(p.Open(unsafe.String(&b[0], len(b))))
	if fd < 0 {
		return false
	}
	n := p.Read(fd, into)
	p.Close(fd)
	return n == int64(len(into))
}

func hexNumber(b []byte) (v uint64) {
	for _, c := range b {
		d, _ := hexDigit(c)
		v = v<<4 | uint64(d)
	}
	return v
}
