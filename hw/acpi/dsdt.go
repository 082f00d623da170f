package acpi

// dsdt is the description of what cannot be enumerated, in AML.
func dsdt(c *Config) []byte {
	const picMode = `\PICF`
	apicRoutes, picRoutes := routes(c.PCIRoute), routes(func(device, pin int) int { return c.PCIIRQ(c.PCIRoute(device, pin)) })
	off := integer(c.SoftOff)
	return join(
		name(`\_S5_`, pkg(off, off, integer(0), integer(0))),
		name(picMode, integer(0)),
		method(`\_PIC`, 1, store([]byte{opArg0}, []byte(picMode))), // told 1 when the I/O APIC is in use
		scope(`\_SB_`,
			device("PCI0",
				name("_HID", eisaID("PNP0A03")),
				name("_ADR", integer(0)),
				name("_BBN", integer(0)),
				name("_UID", integer(0)),
				name("_CRS", pciResources(c)),
				name("PRTA", apicRoutes),
				name("PRTP", picRoutes),
				method("_PRT", 0,
					ifThen([]byte(picMode), returns([]byte("PRTA"))),
					returns([]byte("PRTP"))),
			),
			device("COM1",
				name("_HID", eisaID("PNP0501")),
				name("_UID", integer(1)),
				name("_CRS", resources(ports(c.Serial, 8), irq(c.SerialIRQ))),
			),
			device("RTC_",
				name("_HID", eisaID("PNP0B00")),
				name("_CRS", resources(ports(c.RTC, 2), irq(c.RTCIRQ))),
			),
		),
	)
}

// routes is a _PRT: where INTA# to INTD# of each device on bus 0 lead (6.2.13).
func routes(to func(device, pin int) int) []byte {
	var list [][]byte
	for dev := range 32 {
		for pin := range 4 {
			list = append(list, pkg(integer(uint32(dev)<<16|0xffff), integer(uint32(pin)), integer(0), integer(uint32(to(dev, pin)))))
		}
	}
	return pkg(list...)
}

// pciResources is what the host bridge passes on to bus 0.
func pciResources(c *Config) []byte {
	return resources(
		words(spaceBus, 0, 0, 0),
		ports(c.PCIConfig, 8),
		words(spaceIO, 3, 0, c.PCIConfig-1),
		words(spaceIO, 3, c.PCIConfig+8, 0xffff),
		memory(c.PCIFirst, c.PCILast),
	)
}
